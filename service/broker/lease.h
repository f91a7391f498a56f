// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A lease: one permitted delivery of one camera's stream to one receiver, from the decision to the
 * ledger's last row about it. The receiver is a session or a local subscriber (subscription.h).
 *
 *	ASKING     the agent for its yes (agent.h)
 *	WAITING    for the camera's ring
 *	RECORDING  the ledger's OPENED is on its way to the disk
 *	STATING    that is done; the camera's statement for the viewer's nonce is still awaited, or
 *	           the memory that it makes for a local subscriber
 *	RUNNING    the session has the ring, the subscriber its memory
 *	ENDING     the session was told to end in order
 *	DRAINING   the session is done; its last bytes are on their way and can still be cut off
 *
 * One that may switch between the streams keeps the rings that it was handed: it is decided, and
 * stands in the ledger, by the one that it began with, which is the larger.
 * Of a local subscriber nothing is ever on its way: it has no ENDING and no DRAINING.
 *
 * However it ends, nothing here waits for a disk, a process or another lease.
 */
#pragma once

#include "broker/exposure.h"
#include "broker/list.h"
#include "broker/policy-decide.h"
#include "broker/session-link.h"
#include "broker/subscription.h"
#include "broker/tcp.h"
#include "proto/camera-msg.h"

/* For the ring. A camera's process has its device give the first picture within 5 s, and says why
 * none came if it does not; a slow machine needs some more to decode and to encode it. */
#define LEASE_OPEN_TIMEOUT  (8 * USEC_PER_SEC)
#define LEASE_STATE_TIMEOUT (2 * USEC_PER_SEC) /* for the statement */
#define LEASE_END_TIMEOUT   (1 * USEC_PER_SEC) /* for DONE after END */
#define LEASE_DRAIN_TIMEOUT (4 * USEC_PER_SEC) /* for the last bytes to arrive */
#define LEASE_DRAIN_CHECK   (20 * USEC_PER_MSEC)

enum lease_state {
	LEASE_ASKING = 1,
	LEASE_WAITING,
	LEASE_RECORDING,
	LEASE_STATING,
	LEASE_RUNNING,
	LEASE_ENDING,
	LEASE_DRAINING,
};

struct lease {
	struct list list; /* of the broker */
	struct broker *broker;
	uint64_t id;
	enum lease_state state;
	struct camera *camera;
	/* One of them, or with DRAINING none. */
	struct session *session;
	struct subscription *subscription; /* the lease's */

	char client[NAME_SIZE];
	char integration[NAME_SIZE]; /* of the client, as OPENED says */
	uint64_t token, grant;       /* ids: what it came with, what permitted it */
	uint64_t until;              /* when what it came with ends by itself; as of the request */
	/* ASKING: by which grant it would be; then the one that the agent said yes to. 0: none. */
	uint64_t asked, approved;
	uint32_t right, stream, protocol; /* stream: that it gets now */
	uint32_t began;                   /* the stream that it began with */
	bool may_switch;
	bool switching;    /* RUNNING: for the ring of `target` */
	uint32_t target;   /* attached to it as well */
	uint64_t switched; /* when it asked for that last; us, CLOCK_MONOTONIC */
	uint64_t epoch;    /* 0: WAITING */
	uint64_t since;    /* us, CLOCK_REALTIME */
	struct gate_peer peer;
	char peer_text[SESSION_PEER_TEXT_SIZE];

	bool has_nonce; /* the viewer wants a statement (docs/SEAL.md) about this */
	uint8_t nonce[PROTO_NONCE_SIZE], exporter[PROTO_EXPORTER_SIZE];
	uint8_t statement[PROTO_STATEMENT_SIZE];
	uint32_t statement_size; /* 0: not there yet */

	bool attached;                     /* wants pictures of its camera */
	bool watching;                     /* is told to those before the camera */
	struct session_counters *counters; /* NULL before RUNNING; the receiver's side writes it */
	struct session_permit *permit;     /* the same; that side reads it */
	uint64_t reserved;                 /* frames: permitted, or on its way to be */
	bool overdrawn;                    /* once began more than that, by its page */
	uint64_t checkpoint;               /* the most frames done at a renewal */
	struct exposure exposure;
	int socket;                 /* DRAINING: the dup, taken from the session */
	uint64_t drain_until;       /* us, CLOCK_MONOTONIC */
	const char *ending;         /* ENDING, DRAINING: why; a literal */
	enum policy_reason verdict; /* of the last redecide_all */
	bool cut;                   /* by lease_cut */
	int counted;                /* cut: 0, or why bytes is not known */
	struct tcp_bytes bytes;     /* cut: as they were just before */
	sd_event_source *timer;
};

/* What was decided about an OPEN. */
struct lease_request {
	struct session *session;           /* this, */
	struct subscription *subscription; /* or this, which the lease takes on success */
	struct camera *camera;
	const char *client; /* the policy's */
	uint64_t token, grant;
	uint64_t until; /* of a certificate: us, CLOCK_REALTIME; 0: it has no end */
	bool ask;       /* the agent first, about this grant */
	uint32_t right, stream, protocol;
	bool may_switch;
	bool has_nonce;
	const uint8_t *nonce, *exporter; /* with has_nonce */
};

/* The receiver gets its answer, GRANTED or DENIED, from here on. Errors: -ENODEV (the camera is
 * absent), -EBUSY (no id to be had just now), -EACCES (the agent is not asked), -ENOMEM: then there
 * is no lease and no answer yet. */
int lease_open(struct broker *broker, const struct lease_request *request);

/* Why lease_open() has failed, for people. */
const char *lease_unavailable_text(int error);

struct lease *lease_find(const struct broker *broker, uint64_t id);

/* The agent's answer to one that is ASKING (lease-ask.c). reason: for people. */
void lease_approved(struct lease *lease);
void lease_disapproved(struct lease *lease, const char *reason);
/* One that is ASKING is permitted, be it by another grant. */
void lease_admit(struct lease *lease);
/* For lease.c: the agent has been asked; what it says is awaited. */
void lease_await_answer(struct lease *lease);

/* The way to GRANTED (lease-grant.c): the camera has a ring for this lease; the camera has stated
 * it; it has made a subscriber's memory. */
void lease_ring_ready(struct lease *lease);
void lease_stated(struct lease *lease, const struct camera_statement *m);
void lease_memory_ready(struct lease *lease);

/* Its camera has a ring of this stream, be it one that it waits for or not. */
void lease_stream_ready(struct lease *lease, uint32_t stream);
/* Its camera can give no streams but these, 1 << enum ring_stream: ends what waits for another. */
void lease_stream_impossible(struct lease *lease, uint32_t possible);

/*
 * The session wants the other stream (lease-switch.c). It gets RING or DENIED, also from here on.
 * Errors: -EPROTO (it may not ask that now).
 */
int lease_switch(struct lease *lease, uint32_t stream);
/* For lease.c: the ring is there; none will come. */
void lease_switch_ready(struct lease *lease);
void lease_switch_fail(struct lease *lease, enum session_denied_reason reason);

/* The camera says where it stands. */
void lease_exposed(struct lease *lease, const struct camera_sequence *m);

/*
 * The ways to its end (lease-end.c).
 *
 * Aborts its connection (or takes its memory), if it has been granted, and nothing else: of many
 * that end at once all are cut before the first is ended. lease_end() must follow before anything
 * else happens.
 */
void lease_cut(struct lease *lease);

/*
 * Ends it now: abort, wake, kill, ledger, signal; in this order. One that has not been granted yet
 * is denied instead. The lease is gone afterwards. reason: for people.
 */
void lease_end(struct lease *lease, const char *reason);

/* Ends it in order: the session is told, LEASE_END_TIMEOUT later it is aborted. One that has not
 * been granted yet is denied. reason: a literal. */
void lease_finish(struct lease *lease, const char *reason, enum session_end_reason tell);

/* The session said DONE. */
void lease_done(struct lease *lease, enum session_done_how how);

/* The pages that the receiver's side writes and reads; how many frames that may begin is durable.
 * The descriptors are the caller's, also on failure. */
int lease_make_pages(struct lease *lease, int *ret_counters, int *ret_permit);

/* For the other files of the lease, from here on. */

/* One that has not been granted is denied, and gone afterwards. reason: for people. */
void lease_refuse(struct lease *lease, enum session_denied_reason denied, const char *reason);
/* DRAINING: ends it if all has arrived or the time is up. */
void lease_drain(struct lease *lease);

/* What its state waits for has to come within delay (us). */
void lease_arm(struct lease *lease, uint64_t delay);
/* It takes part in its camera, and is WAITING. Errors: those of camera_attach(); -EIO (light.h). */
int lease_join_camera(struct lease *lease);
/* Goes on with the ring that there is, or awaits it. */
void lease_await_ring(struct lease *lease);
void lease_free(struct lease *lease);

static inline bool lease_is_opening(const struct lease *lease)
{
	return lease->state <= LEASE_STATING;
}
