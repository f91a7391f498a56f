// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a run of camward-view saw. Times: us. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "seal/verifier.h"

struct report {
	uint64_t started; /* CLOCK_MONOTONIC */
	uint64_t valid, keyframes, waiting, refused, unchecked;
	uint64_t refused_statements;
	uint64_t refused_servers;
	uint64_t refused_by[N_VERDICTS]; /* frames and statements */
	bool has_first_refusal;
	enum verdict first_refusal;
	uint64_t before_first_refusal; /* valid frames */
	uint64_t gaps, missing;        /* places, frames */
	uint64_t attempts, established, silent, lost, denied;
	bool has_sequence;
	uint64_t first_sequence, last_sequence;
	struct seal last; /* of the last valid frame; with has_sequence */
	char camera_name[NAME_SIZE];
	uint64_t lease; /* of the last statement; 0: none */
	uint64_t age_min, age_max, age_sum, n_ages;
	uint64_t first_frame; /* after the start; 0: none yet */
	uint64_t bytes;       /* of valid frames, as received */
	uint64_t dropped;     /* by the sink */
};

void report_init(struct report *r, uint64_t now);
void report_valid(struct report *r, const struct verifier_result *result, size_t bytes,
		  uint64_t now);
/* Sequences missing before a frame that is valid or waits; 0: none. */
void report_gap(struct report *r, uint64_t missing);
void report_refused(struct report *r, enum verdict verdict);
void report_age(struct report *r, uint64_t age);

/* Whether anything was refused. */
bool report_has_refusals(const struct report *r);

/* One line of JSON; exit_status < 0: the run goes on. Errors: -ENOMEM, -EIO. */
int report_write_json(const struct report *r, FILE *f, uint64_t now, int exit_status);
/* A sentence or two for people. */
void report_write_text(const struct report *r, FILE *f);
