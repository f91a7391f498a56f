// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the broker does to a viewer's connection by its dup of the socket. It never reads from it
 * and never writes to it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct tcp_bytes {
	uint64_t sent;  /* first transmissions only */
	uint64_t acked; /* by the viewer's kernel */
};

/* TCP_INFO. The abort zeroes it: read it before. -errno when the socket is no TCP socket. */
int tcp_count(int fd, struct tcp_bytes *ret);

/*
 * Ends the connection now: RST, the send queue purged, the other holders' writes fail, whoever they
 * are. One system call that does not wait.
 */
int tcp_abort(int fd);

/* Sends FIN after what is queued; no holder can write any more. */
int tcp_shutdown(int fd);

/* Whether nothing of ours is under way any more: all acknowledged, or the connection is gone. */
bool tcp_is_drained(int fd);
