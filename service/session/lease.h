// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the broker handed over: one camera's ring, its wake, and the page on which this session
 * counts. A session has at most one lease in its life, and so sees at most one camera; of that,
 * both streams in turn if the viewer asked for it.
 */
#pragma once

#include <stdbool.h>

#include "base/ring-reader.h"
#include "proto/session-msg.h"
#include "wire/h264.h"

struct lease {
	bool granted;
	char camera[NAME_SIZE];  /* as the viewer asked for it */
	enum ring_stream stream; /* that it began with */
	bool may_switch;
	uint64_t id;
	/* What proves it to the viewer (docs/SEAL.md); sizes 0: it sent no nonce. */
	uint8_t certificate[PROTO_SEAL_CERTIFICATE_SIZE], statement[PROTO_STATEMENT_SIZE];
	size_t certificate_size, statement_size;
	struct ring_reader ring;
	struct ring_reader coming; /* the other stream's, until it is found where to begin there */
	struct session_counters *counters;   /* the mapping, owned */
	const struct session_permit *permit; /* the mapping, owned */
	int wake;                            /* owned */
};

/* Of a lease that has none yet. */
#define LEASE_NONE             \
	{                      \
		.wake = -EBADF \
	}

/*
 * Takes over what GRANTED brought; of fds it steals the wake. The lease's camera and stream have
 * been set to what was asked for.
 * Errors: -EBADE (the tripwire: the ring is not of the camera, epoch or stream that was asked for
 * and granted; nothing may be sent any more), -EPROTO (not a ring), those of mmap().
 */
int lease_accept(struct lease *l, const struct session_granted *m, int *fds);

/* Takes over the ring of the other stream, which was asked for, as `coming`. Errors: as above. */
int lease_take_ring(struct lease *l, const struct session_ring *m, const int *fds);

/* SPS and PPS from the ring's own description, without start codes, valid as long as the lease. */
struct h264_parameter_sets lease_parameter_sets(const struct lease *l);

/* Takes the wakes that wait off the socket. Closes it when the camera has let go of this lease; the
 * broker says what that means. */
void lease_drain_wake(struct lease *l);
