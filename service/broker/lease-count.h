// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What has been delivered under a lease, from three sides: the session's page (which a session that
 * was taken over can fill with anything), the kernel's bytes, and what follows from both.
 */
#pragma once

#include "broker/lease.h"
#include "broker/ledger.h"
#include "broker/tcp.h"

struct lease_counts {
	uint64_t intent;  /* frames begun */
	uint64_t done;    /* handed to the kernel whole; never more than begun */
	uint64_t offered; /* done and all skipped */
	uint64_t skipped[SESSION_N_SKIP_REASONS];
	uint64_t first_sequence, last_sequence; /* + 1; 0: none */
	bool sound; /* the page agrees with itself, give or take the frame under way */
};

/* A copy of the page, each value below 2^63. All 0 before RUNNING. */
void lease_count(const struct lease *lease, struct lease_counts *ret);

/* Whether a lease that runs claims what no honest session ever writes, at whatever moment it is
 * looked at: more begun than permitted, less done than before or than the kernel has sent. */
bool lease_count_lies(const struct lease *lease);

/* Of the lease's connection; 0 and an error when it cannot be told. */
int lease_count_bytes(const struct lease *lease, struct tcp_bytes *ret);

/* The lower bound of what the viewer has received: the frames that stand whole under the bytes that
 * it has acknowledged (NULL: not known, so none); of a local subscriber those that it gave back. */
uint64_t lease_count_low(const struct lease *lease, uint64_t done, const struct tcp_bytes *bytes);

/* Of a row whose client is known: what that belongs to now. */
void lease_fill_integration(const struct broker *broker, struct ledger_event *event);
/* The same into the lease, until OPENED is written: its later rows have to say what that says. */
void lease_note_integration(struct lease *lease);

/* Of a row: who, what, from where, since which epoch. */
void lease_fill_event(const struct lease *lease, struct ledger_event *event);

/* Of a CLOSED row: how much. bytes: NULL when they could not be told. */
void lease_fill_counts(const struct lease *lease, const struct tcp_bytes *bytes,
		       struct ledger_event *event);
