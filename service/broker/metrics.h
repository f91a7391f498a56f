// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Numbers about the service, in the text form of Prometheus (prometheus.io, Exposition formats,
 * text version 0.0.4). Cameras are told by name; who watches is nobody's business who reads them,
 * so clients are not told at all, and neither are the words of an administrator.
 */
#pragma once

#include <stdint.h>

#define METRICS_TEXTS_MAX 48
#define METRICS_N_BUCKETS 8

struct broker;
struct lease;

/* How often each thing has happened, told by its text; the last is whatever else. */
struct metrics_texts {
	uint64_t n[METRICS_TEXTS_MAX + 1];
};

struct metrics {
	uint64_t opened, signatures, credentials_refused;
	struct metrics_texts ended, denied;
	uint64_t end_buckets[METRICS_N_BUCKETS + 1]; /* the last: above all */
	uint64_t end_usec;                           /* their sum */
};

void metrics_denied(struct metrics *metrics, const char *reason);
/* A lease that was granted is over; its counts go over to its camera. */
void metrics_ended(struct lease *lease, const char *reason);
/* n connections were cut this long (us) after that was decided, or due. */
void metrics_cut(struct metrics *metrics, unsigned n, uint64_t usec);

/* All of it, as text; the caller's. NULL: no memory. */
char *metrics_text(const struct broker *broker);
