// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The ledger: who received which frames of which camera. Rows of the table `events` are only ever
 * added, each chained to the one before it:
 *
 *	hash = SHA-256(hash of the row before (32 zero bytes at first) || canonical encoding)
 *
 * The canonical encoding of a row is, for each column but `hash` that is not NULL, in the table's
 * order: the column's number (from 0; 16 bits), its type ('i' or 't' or 'b'), then an integer's 64
 * bits, or a text's or blob's length (32 bits) and bytes; all big endian. So a later version may
 * add columns at the end and old rows keep their hash.
 */
#pragma once

#include "broker/store.h"
#include "proto/session-msg.h"

#define LEDGER_REASON_SIZE 128
#define LEDGER_HASH_SIZE   32

/* Denials of the same client, camera and reason within this time become one row with a count. */
#define LEDGER_DENIED_WINDOW (60 * USEC_PER_SEC)

/* frames_high of a lease whose end nobody has seen: no upper bound is known. */
#define LEDGER_UNKNOWN ((uint64_t)INT64_MAX)

#define LEDGER_REASON_CRASH "broker ended unexpectedly"

enum ledger_kind {
	LEDGER_OPENED = 1,
	LEDGER_CLOSED = 2,
	LEDGER_DENIED = 3,
	LEDGER_STILL = 4,
	LEDGER_TRIPWIRE = 5, /* a session was handed what its lease is not for */
};

/* What is not known stays 0 or "". Values are below 2^63. */
struct ledger_event {
	uint64_t realtime;      /* us, CLOCK_REALTIME; 0: when it is handed over */
	uint64_t boottime;      /* us, CLOCK_BOOTTIME; 0: when it is handed over */
	uint64_t lease;         /* OPENED, CLOSED, TRIPWIRE: required, each once */
	uint64_t grant;         /* by which it was permitted */
	char client[NAME_SIZE]; /* required */
	char camera[NAME_SIZE]; /* required, but with DENIED */
	uint8_t camera_uuid[UUID_SIZE];
	uint32_t right;    /* enum right */
	uint32_t stream;   /* enum ring_stream */
	uint32_t protocol; /* enum session_protocol; 0: local */
	uint8_t peer[16];  /* as struct gate_peer.address */
	uint16_t port;
	uint64_t epoch;
	char reason[LEDGER_REASON_SIZE]; /* CLOSED: why it ended; DENIED: why */
	/* CLOSED and STILL only. offered = delivered + sum of skipped. */
	uint64_t offered, delivered, skipped[SESSION_N_SKIP_REASONS];
	uint64_t first_sequence, last_sequence; /* + 1; 0: none */
	uint64_t frames_low, frames_high;       /* the viewer has received between these */
	uint64_t bytes_acked, bytes_sent;       /* of the connection, by TCP_INFO */
	bool uncertain;                         /* the counters were not read at the end */
};

/* As store.h's calls. OPENED is durable when done is called: only then may a frame leave. */
int ledger_opened(struct store *store, const struct ledger_event *event, store_done done,
		  void *userdata);
int ledger_closed(struct store *store, const struct ledger_event *event, store_done done,
		  void *userdata);
int ledger_tripwire(struct store *store, const struct ledger_event *event, store_done done,
		    void *userdata);

/*
 * For authenticated clients only (-EINVAL without one, or with a lease). The first is written at
 * once, those that follow are counted. Bounded: a flood of other cameras' names or of clients loses
 * those details first, and never the queue of the others (-ENOBUFS when that is half full).
 */
int ledger_denied(struct store *store, const struct ledger_event *event);

struct ledger_verdict {
	uint64_t n_events;
	uint64_t first_bad; /* the row that breaks the chain; 0: none */
	uint8_t head[LEDGER_HASH_SIZE];
};

struct sqlite3;

/* Walks the whole chain. -EUCLEAN: broken at ret->first_bad; others as in store.h. Rows cut off
 * the end cannot be seen here, only by whoever remembers the head. */
int ledger_verify(struct sqlite3 *db, struct ledger_verdict *ret);
