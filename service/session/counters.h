// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Writing the counters page (proto/session-msg.h). The order of the stores is the point: whenever
 * this process is killed, the broker finds every frame of which a byte may have left under intent,
 * and every frame that left whole, but for the last, under done.
 */
#pragma once

#include <stdbool.h>

#include "proto/session-msg.h"

static inline uint64_t counters_load(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static inline void counters_add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, counters_load(counter) + n, memory_order_release);
}

static inline void counters_skip(struct session_counters *c, enum session_skip_reason why,
				 uint64_t n)
{
	counters_add(&c->skipped[why], n);
	counters_add(&c->offered, n);
}

/* Whether one more frame may be begun: the ledger has reserved it. While it has not, because the
 * disk stalls, the viewer gets nothing. */
static inline bool counters_permit(const struct session_counters *c,
				   const struct session_permit *permit)
{
	return counters_load(&c->intent) <
	       atomic_load_explicit(&permit->frames, memory_order_acquire);
}

/* Before the first byte of a frame is handed to the kernel. sequence: 0 of another stream than the
 * one that it began with. end: outgoing_end() behind it. */
static inline void counters_begin(struct session_counters *c, uint64_t sequence, uint64_t end)
{
	uint64_t n = counters_load(&c->intent);

	atomic_store_explicit(&c->wire_end[n % SESSION_COUNTERS_FRAMES], end, memory_order_release);
	if (sequence && !counters_load(&c->first_sequence))
		atomic_store_explicit(&c->first_sequence, sequence + 1, memory_order_release);
	if (sequence)
		atomic_store_explicit(&c->last_sequence, sequence + 1, memory_order_release);
	atomic_store_explicit(&c->intent, n + 1, memory_order_release);
	/* Not even the compiler may move the send() above it. */
	atomic_thread_fence(memory_order_seq_cst);
}

static inline bool counters_in_flight(const struct session_counters *c)
{
	return counters_load(&c->intent) != counters_load(&c->done);
}

/* After each send(); sent: outgoing.sent. */
static inline void counters_sent(struct session_counters *c, uint64_t sent)
{
	uint64_t n = counters_load(&c->done);

	atomic_store_explicit(&c->wire_bytes, sent, memory_order_release);
	if (!counters_in_flight(c) ||
	    sent < counters_load(&c->wire_end[n % SESSION_COUNTERS_FRAMES]))
		return;
	atomic_store_explicit(&c->done, n + 1, memory_order_release);
	counters_add(&c->offered, 1);
}
