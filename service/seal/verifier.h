// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Judges access units, one after the other, by the rules of docs/SEAL.md ("What a verifier does").
 * It knows no sockets and no clock of its own: the caller says when a unit arrived.
 *
 *	verifier_init -> [verifier_statement] -> [verifier_parameter_set ...] -> verifier_unit ...
 *	              -> verifier_reconnect -> [verifier_statement] -> ...
 */
#pragma once

#include <stdbool.h>

#include "seal/certificate.h"
#include "seal/nal-seal.h"
#include "seal/parameter-sets.h"
#include "seal/seal.h"
#include "seal/statement.h"
#include "seal/verdict.h"
#include "wire/slice.h"

enum verifier_freshness {
	VERIFIER_LIVE,     /* by the statement, which must have been accepted */
	VERIFIER_RELAY,    /* no statement: by the wall clock */
	VERIFIER_NO_CLOCK, /* as RELAY, but the device's clock is not set: boot time only */
	VERIFIER_FILE,     /* boot times must not go backwards within an epoch */
};

#define VERIFIER_MAX_AGE_USEC   5000000ULL
#define VERIFIER_TOLERANCE_USEC 1000000ULL
#define VERIFIER_WALL_USEC      10000000ULL

struct verifier_config {
	uint8_t root[SEAL_KEY_SIZE];
	enum seal_codec codec;
	enum verifier_freshness freshness;
	bool has_uuid;
	uint8_t camera_uuid[UUID_SIZE]; /* with has_uuid */
	char camera_name[NAME_SIZE];    /* "": any */
	bool may_switch;                /* wanted is a stream that changes between main and sub */
	uint64_t max_age, tolerance;    /* us; 0: the defaults above */
};

/* When something arrived, by the viewer's own clocks. */
struct verifier_time {
	uint64_t boottime; /* us, CLOCK_BOOTTIME */
	uint64_t realtime; /* us */
};

struct verifier {
	struct verifier_config config;
	struct seal_digest *digest; /* owned */
	struct seal_sets sets;
	bool has_certificate;
	struct seal_certificate certificate;
	uint8_t certificate_bytes[SEAL_CERTIFICATE_SIZE_MAX];
	size_t certificate_size;
	bool has_statement;
	struct seal_statement statement;
	uint64_t asked, answered; /* us, own CLOCK_BOOTTIME, around the statement */
	bool has_last;
	struct seal last; /* the unit accepted or waiting last */
	bool chained;     /* last was accepted: the next in sequence may build on it */
	bool has_floor;
	struct seal floor; /* the keyframe accepted last: without a statement nothing before it
			      comes on a later connection */
	bool has_anchor;   /* without a statement: the unit that took least time to come */
	uint64_t anchor_signed, anchor_own; /* its boot time, and when it came; us */
};

/* What was found in a unit; valid when its verdict is VALID or WAITING. */
struct verifier_result {
	struct seal seal;
	uint64_t gap; /* sequences missing before it; 0 for the first of all, or of a stream */
};

/* Errors: -EINVAL, -ENOMEM. */
int verifier_init(struct verifier *v, const struct verifier_config *config);
void verifier_release(struct verifier *v);

/* What comes from now on comes by a new connection: it may begin at the last keyframe again, with a
 * statement and parameter sets of its own. Camera, epoch and order stay what was proven. */
void verifier_reconnect(struct verifier *v);

/*
 * The lease statement and the certificate beside it, as they came in the answer. nonce, exporter:
 * what this viewer sent and what this connection has. asked, answered: us, own CLOCK_BOOTTIME. A
 * new one (after a reconnect) may begin at units that were seen before; a refused one ends what an
 * older one allowed.
 */
enum verdict verifier_statement(struct verifier *v, struct slice certificate,
				struct slice statement, const uint8_t nonce[SEAL_NONCE_SIZE],
				const uint8_t exporter[SEAL_EXPORTER_SIZE], uint64_t asked,
				uint64_t answered);

/* Given out of band, VPS before SPS before PPS. Errors: -EMSGSIZE, -EINVAL (none of this codec, or
 * out of order). */
int verifier_parameter_set(struct verifier *v, struct slice nal);

/* One access unit: H.264 and HEVC as an Annex-B byte stream, a JPEG as it is. */
enum verdict verifier_unit(struct verifier *v, struct slice unit, struct verifier_time arrived,
			   struct verifier_result *ret);
