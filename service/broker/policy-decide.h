// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The decision: may this client have this of this camera now, and until when is that so? Pure, but
 * for the zone that weekly hours are in (hours.h); default deny; suspensions beat every grant; any
 * one grant that permits is enough. Looks at every grant whatever the outcome, so that the time it
 * takes tells nothing about what exists.
 */
#pragma once

#include "broker/policy.h"

enum policy_reason {
	POLICY_ALLOWED = 0,
	POLICY_NO_CLIENT,
	POLICY_NO_TOKEN, /* removed or expired */
	POLICY_NO_USER,  /* the user of this machine is not the client (any more) */
	POLICY_NO_CAMERA,
	POLICY_SUSPENDED,
	POLICY_NO_GRANT,      /* none for this client and camera */
	POLICY_NO_RIGHT,      /* a grant, but without this right */
	POLICY_NO_STREAM,     /* a grant for the small stream only */
	POLICY_CLOCK_NOT_SET, /* a limit in time, and the time is not known */
	POLICY_EXPIRED,
	POLICY_NOT_YET,
	POLICY_OUTSIDE_HOURS,
	POLICY_LEASES_TAKEN, /* as many others watch by this grant as may */
	POLICY_NO_AGENT,     /* somebody must say yes each time, and nobody can be asked */
	POLICY_ASK,          /* that agent's yes is all that lacks */
};

struct policy_request {
	const char *client;
	/* The id of the token or pin that the client came with; 0: came without. */
	uint64_t token;
	uint64_t until; /* us: when the certificate that it came with ends; 0: never */
	bool local;     /* came over the bus, as this user of this machine */
	uint32_t user;  /* with local: a uid */
	uint8_t camera[UUID_SIZE];
	uint32_t right;  /* exactly one of enum right */
	uint32_t stream; /* enum ring_stream */
	/* The grant that this lease runs by, which is kept as long as it permits; 0: it is to be
	 * opened. */
	uint64_t holds;
	const uint64_t *others; /* the grants by which all other leases run, each as often */
	size_t n_others;
	bool agent;        /* there is one to be asked */
	uint64_t approved; /* the grant that the agent said yes to, for this lease; 0: none */
};

struct policy_verdict {
	bool allowed;
	enum policy_reason reason; /* if several grants refuse: of the one that came closest */
	/* us, CLOCK_REALTIME: when it may turn out differently though nothing has been changed;
	 * 0: never. Never in the past. A clock that is set or jumps asks for a new decision. */
	uint64_t ask_again;
	/* ALLOWED: by this one: the one it holds, else of those that permit the one that lasts
	 * longest. ASK: the one to ask for. Otherwise 0. */
	uint64_t grant;
};

struct policy_verdict policy_decide(const struct policy *policy,
				    const struct policy_request *request, uint64_t now,
				    bool clock_set);

/* The rights (set of enum right) that a decision about any stream of this camera allows now, or
 * would if the agent that is there said yes: what a client is shown. Only request's client, token,
 * camera and agent are read. */
uint32_t policy_rights(const struct policy *policy, const struct policy_request *request,
		       uint64_t now, bool clock_set);

/* In the same way the streams, 1 << enum ring_stream, of which live pictures are allowed. */
uint32_t policy_streams(const struct policy *policy, const struct policy_request *request,
			uint64_t now, bool clock_set);

/* For the ledger and for people: "suspended", "no grant". */
const char *policy_reason_text(enum policy_reason reason);
