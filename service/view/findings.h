// SPDX-License-Identifier: LGPL-2.1-or-later
/* What camward-verify finds in a file. Times: us; of a seal since 1970, of a file from its start.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "seal/verifier.h"
#include "view/media.h"

/* As many of each are listed; all are counted. */
#define FINDINGS_RUNS_MAX   64
#define FINDINGS_GAPS_MAX   64
#define FINDINGS_FAULTS_MAX 64

/* Exit statuses of camward-verify; its man page has the same table. */
enum verify_exit {
	VERIFY_OK = 0, /* every frame is proven, and none is missing between them */
	VERIFY_USAGE = 1,
	VERIFY_UNREADABLE = 2, /* no media, or damaged */
	VERIFY_REFUSED = 3,    /* a frame is not proven */
	VERIFY_GAPS = 4,       /* all that is there is proven, but frames are missing */
};

struct findings_run { /* an epoch and stream */
	uint64_t epoch;
	uint8_t stream;
	uint64_t first, last; /* sequences */
	uint64_t from, to;    /* of the captures */
};

struct findings_gap {
	uint64_t frame;   /* before which, from 1 */
	uint64_t missing; /* frames */
	uint64_t at;      /* of the capture after it */
};

struct findings_fault {
	uint64_t frame; /* from 1 */
	bool has_time;
	uint64_t time; /* in the file */
	enum verdict verdict;
};

struct findings {
	const char *media;
	uint64_t frames, valid, waiting, refused;
	bool has_camera;
	char camera_name[NAME_SIZE];
	uint8_t camera_uuid[UUID_SIZE];
	struct findings_run runs[FINDINGS_RUNS_MAX];
	uint64_t n_runs;
	struct findings_gap gaps[FINDINGS_GAPS_MAX];
	uint64_t n_gaps, missing;
	struct findings_fault faults[FINDINGS_FAULTS_MAX];
	uint64_t by_verdict[N_VERDICTS];
	bool open_ended;    /* a byte stream, whose last frame may be cut short */
	const char *damage; /* the file cannot be read to its end; NULL: it can */
};

/* The next frame of the file. */
void findings_add(struct findings *f, enum verdict verdict, const struct verifier_result *result,
		  const struct media_unit *unit);
enum verify_exit findings_status(const struct findings *f);

void findings_write_text(const struct findings *f, FILE *file);
/* Errors: -ENOMEM, -EIO. */
int findings_write_json(const struct findings *f, FILE *file);
