// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One run of camward-view: visit after visit, with a second between them, until what was asked for
 * has been seen or nothing more can come.
 */
#pragma once

#include "view/complaint.h"
#include "view/dialer.h"
#include "view/display.h"
#include "view/options.h"
#include "view/report.h"
#include "view/sink.h"
#include "view/visit.h"

#define VIEWER_RETRY_USEC 1000000ULL
/* So long without a refusal, and those before are forgotten. */
#define VIEWER_FORGET_USEC 10000000ULL

struct viewer {
	const struct options *options;
	struct visit_config config;
	struct verifier verifier; /* of all visits, unless --unsealed */
	struct visit visit;
	bool visiting;
	uint64_t retry; /* when to come again */
	struct report report;
	struct sink sink;
	struct display *display; /* NULL: none */
	struct complaint complaint;
	FILE *json; /* NULL: none */
	int signals;
	uint64_t end, next_report; /* UINT64_MAX: never */
	uint32_t refusals;         /* in a row */
	uint64_t last_refusal;
	bool over;
	bool sink_failed, display_failed, denied, failed;
};

/* Returns the exit status. */
int viewer_run(struct viewer *v);

/* In viewer-open.c. */

/* o outlives it, with the token that was found, and so does the dialer. In the end the process is
 * confined. Errors: said on standard error, -errno. */
int viewer_init(struct viewer *v, const struct options *o, struct dialer *dialer);
void viewer_release(struct viewer *v);

/* In viewer-visit.c. */

void viewer_begin_visit(struct viewer *v, uint64_t now);
/* Counts and says how it ended. Nothing is shown, and the next one comes after a while. */
void viewer_end_visit(struct viewer *v, enum visit_end how, uint64_t now);
/* The run is over, for this reason, which is said once. */
void viewer_lose_sink(struct viewer *v, const char *why);
/* The same of the screen if r, which one of its calls returned, is an error. */
void viewer_judge_display(struct viewer *v, int r);
