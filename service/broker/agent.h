// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The agent: a program that somebody has at hand, which is asked for a yes before a lease by an
 * ask-first grant is opened. Its yes is for this one lease, and for as long as the agent stays:
 * when it goes, what runs by its word ends.
 *
 * Silence is a no, and so is one question too many. A no holds for a while for the same client and
 * grant, so that a viewer that comes again each second does not make somebody say no each second.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/parse.h"

#define AGENT_PATIENCE         (30 * USEC_PER_SEC) /* for its answer */
#define AGENT_QUIET            (10 * USEC_PER_SEC) /* so long a no holds */
#define AGENT_NOES_MAX         64
#define AGENT_ASKED_MAX        16 /* questions at once */
#define AGENT_ASKED_PER_CLIENT 2

struct broker;
struct lease;

/* How it is reached; calls are made from the main loop and do not wait. */
struct agent_peer {
	void *userdata;
	/* Its answer comes by agent_answered(), never from within. Negative: it cannot be asked. */
	int (*ask)(void *userdata, const struct lease *lease);
	/* No answer is wanted any more. */
	void (*cancel)(void *userdata, const struct lease *lease);
};

struct agent {
	const struct agent_peer *peer; /* NULL: there is none */
	uint64_t patience, quiet;      /* us */
	struct {
		char client[NAME_SIZE];
		uint64_t grant;
		uint64_t until; /* us, CLOCK_MONOTONIC */
	} noes[AGENT_NOES_MAX];
};

void agent_init(struct agent *agent);

/* -EBUSY: there is one already. Leases are decided again. peer stays the caller's. */
int agent_come(struct broker *broker, const struct agent_peer *peer);
/* Ends what ran by its word before it returns; says how many leases that were. */
unsigned agent_gone(struct broker *broker);

/* About lease->asked. Errors: -EACCES (no, without asking), those of ask(). */
int agent_ask(struct lease *lease);
/* The lease may be gone meanwhile. */
void agent_answered(struct broker *broker, uint64_t lease, bool yes);
/* A lease that asks was answered, or is going. */
void agent_forget(struct lease *lease);
/* A no, said or by silence, which holds for a while. */
void agent_note_no(struct lease *lease);
