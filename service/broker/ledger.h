// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The ledger: who received which frames of which camera. Rows of the table `events` are only ever
 * added, each chained to the one before it: as docs/LEDGER.md says it
 * (seal/ledger-chain.h). Old rows keep their hash when a later version adds columns.
 *
 * What a CLOSED row says about how much was received, in three layers:
 *
 *	the camera    exposed_first, exposed_next, exposed: what its ring held while the session
 *	              could read it. No session can change it: nobody has received more.
 *	the session   offered, delivered, skipped, first and last sequence: from its page
 *	the kernel    bytes_sent, bytes_acked: by the broker's own descriptor of the connection
 *
 * The viewer has received [frames_low, frames_high] frames: whole frames under the bytes that its
 * kernel has acknowledged, and frames begun. Where the layers contradict each other the session
 * lied: then it is [0, exposed], and uncertain. A lease that switches between main and sub has one
 * row: its counts are of both, `stream` and all sequences are of the stream it began with. Which it
 * could read from when on its SWITCHED rows say.
 *
 * A reservation is durable before a frame of it may leave (proto/session-msg.h, the permit): while
 * the disk stalls, viewers get nothing once it is used up, and revocation waits for none of this.
 * After a crash the row is made from it: [what had been received when it was renewed last, what
 * was reserved], uncertain.
 */
#pragma once

#include "broker/store.h"
#include "proto/session-msg.h"

#define LEDGER_REASON_SIZE 128
#define LEDGER_HASH_SIZE   32

/* Denials of the same client, camera and reason within this time become one row with a count. */
#define LEDGER_DENIED_WINDOW (60 * USEC_PER_SEC)

/* frames_high without any upper bound. */
#define LEDGER_UNKNOWN ((uint64_t)INT64_MAX)

#define LEDGER_REASON_CRASH    "broker ended unexpectedly"
#define LEDGER_REASON_RESTORED "backup restored"

enum ledger_kind {
	LEDGER_OPENED = 1,
	LEDGER_CLOSED = 2,
	LEDGER_DENIED = 3,
	LEDGER_STILL = 4,
	LEDGER_TRIPWIRE = 5, /* a session was handed what its lease is not for */
	LEDGER_SWITCHED = 6, /* a lease may get `stream` from now on */
};

/* What is not known stays 0 or "". Values are below 2^63. */
struct ledger_event {
	uint64_t realtime;           /* us, CLOCK_REALTIME; 0: when it is handed over */
	uint64_t boottime;           /* us, CLOCK_BOOTTIME; 0: when it is handed over */
	uint64_t lease;              /* required but with DENIED, STILL; once but with SWITCHED */
	uint64_t grant;              /* by which it was permitted */
	char client[NAME_SIZE];      /* required */
	char integration[NAME_SIZE]; /* of the client, now */
	char camera[NAME_SIZE];      /* required, but with DENIED */
	uint8_t camera_uuid[UUID_SIZE];
	uint32_t right;    /* enum right */
	uint32_t stream;   /* enum ring_stream */
	uint32_t protocol; /* enum session_protocol; 0: local (subscription.h) */
	uint8_t peer[16];  /* as struct gate_peer.address; local: 12 times 0, then the user */
	uint16_t port;
	uint64_t epoch;
	char reason[LEDGER_REASON_SIZE]; /* CLOSED: why it ended; DENIED: why */
	/* CLOSED and STILL only. offered = delivered + sum of skipped. */
	uint64_t offered, delivered, skipped[SESSION_N_SKIP_REASONS];
	uint64_t first_sequence, last_sequence; /* + 1; 0: none */
	uint64_t frames_low, frames_high;       /* the viewer has received between these */
	uint64_t bytes_acked, bytes_sent;       /* of the connection, by TCP_INFO */
	bool uncertain;                         /* counted by less than is possible */
	/* CLOSED: by the camera's word; 0: not known. */
	uint64_t exposed_first, exposed_next, exposed;
	/* Not of the row. */
	uint64_t reserved; /* OPENED: frames that may be begun before the first renewal */
	bool lied;         /* CLOSED: the layers contradict each other */
};

/* How far a lease may go; all but `lease` as of a CLOSED row that were written now. */
struct ledger_reservation {
	uint64_t lease;
	uint64_t done, frames_low, frames_high;
	uint64_t first_sequence, last_sequence;
	uint64_t exposed_first;
};

/* As store.h's calls. OPENED is durable when done is called: only then may a frame leave. */
int ledger_opened(struct store *store, const struct ledger_event *event, store_done done,
		  void *userdata);
int ledger_closed(struct store *store, const struct ledger_event *event, store_done done,
		  void *userdata);
int ledger_tripwire(struct store *store, const struct ledger_event *event, store_done done,
		    void *userdata);
/* As often as viewers will: -ENOBUFS when the queue of the others is half full. */
int ledger_switched(struct store *store, const struct ledger_event *event, store_done done,
		    void *userdata);

/* Whether it can be stored: one that cannot fails all that it is renewed with. */
bool ledger_reservation_valid(const struct ledger_reservation *r);

/* Renews n reservations in one transaction; durable when done is called. Takes the array, which
 * was malloc()ed, also with an error. */
int ledger_reserve(struct store *store, struct ledger_reservation *reservations, size_t n,
		   store_done done, void *userdata);

/*
 * For authenticated clients only (-EINVAL without one, or with a lease). The first is written at
 * once, those that follow are counted. Bounded: a flood of other cameras' names or of clients loses
 * those details first, and never the queue of the others (-ENOBUFS when that is half full).
 */
int ledger_denied(struct store *store, const struct ledger_event *event);
