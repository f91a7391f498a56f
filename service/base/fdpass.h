// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One message of a UNIX SOCK_SEQPACKET socket together with the descriptors it carries
 * (SCM_RIGHTS). A message that was cut short, or carried more descriptors than asked for, is an
 * error, and nothing of it is kept.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#define FDPASS_MAX 4

/* A connected SEQPACKET pair, CLOEXEC and non-blocking. */
int fdpass_pair(int ret[2]);

/* Room for at least FDPASS_BACKLOG small messages that the peer has not read yet, where the
 * kernel's own default holds half as many: one for each viewer, should all of them end at once. */
#define FDPASS_BACKLOG 512
int fdpass_set_backlog(int sock);

/*
 * Connects to a SEQPACKET socket that listens at path, waiting while its backlog is full; *ret is
 * CLOEXEC and non-blocking. Errors: -ENAMETOOLONG, -ENOENT/-ECONNREFUSED (nobody listens), -EACCES.
 */
int fdpass_connect(const char *path, int *ret);

/*
 * Sends without ever blocking. The descriptors stay the caller's.
 * Errors: -EAGAIN (the peer does not read), -EPIPE/-ECONNRESET (it is gone).
 */
int fdpass_send(int sock, const void *message, size_t size, const int *fds, size_t n_fds);

/*
 * Receives one message. Returns its size, 0 at the end of the stream. fds has room for max_fds;
 * *ret_n_fds says how many arrived; they are CLOEXEC and belong to the caller.
 * Errors: -EAGAIN, -EMSGSIZE (longer than size), -EPROTO (too many descriptors, or descriptors and
 * not a byte), others of recvmsg.
 */
ssize_t fdpass_recv(int sock, void *message, size_t size, int *fds, size_t max_fds,
		    size_t *ret_n_fds);
