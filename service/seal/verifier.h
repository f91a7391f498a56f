// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Judges access units, one after the other, by the rules of docs/SEAL.md ("What a verifier does").
 * It knows no sockets and no clock of its own: the caller says when a unit arrived.
 *
 *	verifier_init -> [verifier_statement] -> [verifier_parameter_set ...] -> verifier_unit ...
 */
#pragma once

#include <stdbool.h>

#include "seal/certificate.h"
#include "seal/nal-seal.h"
#include "seal/parameter-sets.h"
#include "seal/seal.h"
#include "seal/statement.h"
#include "wire/slice.h"

enum verdict {
	VERDICT_VALID = 0,
	VERDICT_WAITING, /* sealed and whole, but it builds on a picture that was not accepted */
	/* refused: */
	VERDICT_MALFORMED, /* not an access unit of this codec */
	VERDICT_UNSEALED,
	VERDICT_SEAL_MALFORMED, /* not its one encoding, twice, or out of its place */
	VERDICT_VERSION,
	VERDICT_CODEC,
	VERDICT_NO_CERTIFICATE, /* none has come yet, or a keyframe without */
	VERDICT_CERTIFICATE,    /* malformed, or another one for the same epoch */
	VERDICT_ROOT,           /* signed by another root */
	VERDICT_CAMERA,         /* another camera's */
	VERDICT_EPOCH,          /* a lower one, or not the certificate's */
	VERDICT_STREAM,
	VERDICT_SIGNATURE,
	VERDICT_KEYFRAME, /* the flag and the picture disagree */
	VERDICT_PARAMETER_SETS,
	VERDICT_PICTURE, /* the access unit's hash */
	VERDICT_SEQUENCE,
	VERDICT_STALE,
	VERDICT_FUTURE,
	VERDICT_NONCE, /* of statements, as the next */
	VERDICT_EXPORTER,
	VERDICT_STATEMENT,
	N_VERDICTS,
};

/* A word for programs ("stale"), a sentence for people. */
const char *verdict_name(enum verdict verdict);
const char *verdict_text(enum verdict verdict);

enum verifier_freshness {
	VERIFIER_LIVE,     /* by the statement, which must have been accepted */
	VERIFIER_RELAY,    /* no statement: by the wall clock */
	VERIFIER_NO_CLOCK, /* as RELAY, but the device's clock is not set: boot time only */
	VERIFIER_FILE,     /* times must not go backwards */
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
	bool has_anchor;  /* without a statement: */
	uint64_t anchor_signed, anchor_own;
};

/* What was found in a unit; valid when its verdict is VALID or WAITING. */
struct verifier_result {
	struct seal seal;
	uint64_t gap; /* sequences missing before it */
};

/* Errors: -EINVAL, -ENOMEM. */
int verifier_init(struct verifier *v, const struct verifier_config *config);
void verifier_release(struct verifier *v);

/* The lease statement and the certificate beside it, as they came in the answer. nonce, exporter:
 * what this viewer sent and what this connection has. asked, answered: us, own CLOCK_BOOTTIME. */
enum verdict verifier_statement(struct verifier *v, struct slice certificate,
				struct slice statement, const uint8_t nonce[SEAL_NONCE_SIZE],
				const uint8_t exporter[SEAL_EXPORTER_SIZE], uint64_t asked,
				uint64_t answered);

/* Given out of band. Errors: -EMSGSIZE, -EINVAL (none of this codec). */
int verifier_parameter_set(struct verifier *v, struct slice nal);

/* One access unit: H.264 and HEVC as an Annex-B byte stream, a JPEG as it is. */
enum verdict verifier_unit(struct verifier *v, struct slice unit, struct verifier_time arrived,
			   struct verifier_result *ret);
