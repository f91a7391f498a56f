// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The gate's children, and who has to go when it gets crowded. A connection is pending until the
 * broker has admitted it (it has a lease then). Pending ones are limited in all and by source: an
 * IPv4 address or an IPv6 /64. When a limit is reached, the oldest pending one of the fullest
 * source makes room, if it has had ROSTER_MERCY_USEC; otherwise the new one is turned away. So
 * idle connections, however many, hold up an honest viewer for about that long, and one that has
 * been admitted is never touched.
 *
 * Pure: it starts and ends nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/gate-msg.h"
#include "proto/limits.h"

#define ROSTER_MERCY_USEC (UINT64_C(1) * 1000 * 1000)
#define ROSTER_MAX        PROTO_CONNECTIONS_MAX
#define ROSTER_SPARE      PROTO_CONNECTIONS_SPARE /* killed, their parent has not noticed yet */

struct roster_limits {
	uint32_t connections;        /* at once, admitted ones included; at most ROSTER_MAX */
	uint32_t pending;            /* at once */
	uint32_t pending_per_source; /* at once */
};

struct roster_entry {
	uint64_t connection;
	uint8_t source[16]; /* roster_source() */
	uint64_t accepted;  /* CLOCK_MONOTONIC, us */
	int32_t pid;
	int32_t pidfd;
	uint32_t admitted;
	uint32_t ending; /* killed, not yet reaped: counts for nothing */
	/* For the penalties (gate-penalty.c). */
	uint32_t exempt;
	uint32_t credential; /* one has come, right or wrong */
};

struct roster {
	struct roster_limits limits;
	struct roster_entry *entries; /* owned; in order of acceptance */
	uint32_t n;
};

int roster_init(struct roster *r, const struct roster_limits *limits);
void roster_release(struct roster *r);

/* Addresses that are one party, as far as limits go. */
void roster_source(const uint8_t address[16], uint8_t ret[16]);

enum roster_verdict {
	ROSTER_ADMIT,
	ROSTER_REPLACE, /* after ending *ret_victim */
	ROSTER_REFUSE,
};
enum roster_verdict roster_judge(const struct roster *r, const uint8_t source[16], uint64_t now,
				 struct roster_entry **ret_victim);

/* Room is there after roster_judge(). Pointers to entries are good until the next change. */
struct roster_entry *roster_add(struct roster *r, const struct roster_entry *e);
struct roster_entry *roster_find(const struct roster *r, uint64_t connection);
struct roster_entry *roster_find_pid(const struct roster *r, pid_t pid);
void roster_remove(struct roster *r, struct roster_entry *e);

/* The pending connection that was accepted first; NULL: none. */
struct roster_entry *roster_oldest_pending(const struct roster *r);
