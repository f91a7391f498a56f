// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The broker: what it remembers, and the objects of the present. Everything here belongs to the
 * main loop's thread. Who owns whom:
 *
 *	broker -> camera (one for each that was ever known) -> its process's link, while it runs
 *	       -> gate -> session (one a connection) -> its link, the dup of the viewer's socket
 *	       -> lease (one permitted delivery; of a session, for a camera)
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "broker/agent.h"
#include "broker/catch-up.h"
#include "broker/declared.h"
#include "broker/denial.h"
#include "broker/forgotten.h"
#include "broker/light.h"
#include "broker/list.h"
#include "broker/metrics.h"
#include "broker/observer.h"
#include "broker/policy.h"
#include "broker/redecide.h"
#include "broker/reissue.h"
#include "broker/reload.h"
#include "broker/reserve.h"
#include "broker/retention.h"
#include "broker/seal-root.h"
#include "broker/store.h"
#include "broker/tls-identity.h"
#include "proto/limits.h"

#define BROKER_SESSIONS_MAX (PROTO_CONNECTIONS_MAX + PROTO_CONNECTIONS_SPARE)
/* How long sessions have for an orderly end when the service stops. */
#define BROKER_STOP_TIMEOUT (1 * USEC_PER_SEC)

/* Whoever takes access away comes first, the sessions, which strangers can keep busy, last. */
#define BROKER_PRIORITY_POLICY  (-20)
#define BROKER_PRIORITY_STORE   (-15)
#define BROKER_PRIORITY_CONTROL (-10)
#define BROKER_PRIORITY_CAMERA  (-5)
#define BROKER_PRIORITY_GATE    0
#define BROKER_PRIORITY_SESSION 5

struct broker {
	sd_event *event;
	struct policy *policy;
	struct store *store;
	struct tls_identity *identity;
	struct seal_root *seal_root;
	const char *config_directory, *state_directory;
	const struct observer *observer; /* NULL: nobody listens */

	struct list cameras;  /* struct camera */
	struct list gates;    /* struct gate */
	struct list leases;   /* struct lease */
	struct list closings; /* leases that have gone: closing.h */
	unsigned n_sessions;
	uint64_t epoch_run;
	uint64_t epochs; /* numbered in this run */

	struct redecide redecide;
	struct agent agent;
	struct declared declared;
	struct light light;
	struct metrics metrics;
	struct denials denials;
	struct catch_up catch_up;
	struct reserve reserve;
	struct retention retention;
	struct reissue reissue;
	struct reload reload;
	struct forgotten forgotten;
	sd_event_source *store_source;
	sd_event_source *stop_timer;
	bool stopping;
	bool cloned; /* its keys were made on another machine (machine.h) */
};

struct broker_options {
	const char *state_directory;
	const char *config_directory;
	const char *watching_directory; /* light.h; NULL: none */
};

/*
 * Opens what is remembered, makes the objects of all known cameras. options must outlive the
 * broker. Logs what went wrong.
 */
int broker_open(struct broker *broker, sd_event *event, const struct broker_options *options);

/* Aborts every connection that is left and waits until all is on disk; whoever waited for that is
 * told. Nothing can be asked of the broker afterwards. */
void broker_end(struct broker *broker);

/* Ends it, if that has not been done, and releases everything. Safe after a broker_open() that
 * failed. */
void broker_close(struct broker *broker);

/* Begins an orderly end: sessions are told, and the loop exits when all are gone or
 * BROKER_STOP_TIMEOUT has passed. */
void broker_stop(struct broker *broker);

/* To be called whenever a lease has gone: the last one lets a stopping broker go. */
void broker_lease_gone(struct broker *broker);

/* The next epoch's number, never used again; the last one that was given out. */
uint64_t broker_next_epoch(struct broker *broker);
uint64_t broker_last_epoch(const struct broker *broker);

/* Whether CLOCK_REALTIME can be believed. */
bool broker_clock_is_set(void);

/* Whether viewers can connect. */
bool broker_is_ready(const struct broker *broker);
