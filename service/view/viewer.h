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
	uint64_t end, next_report; /* 0: never */
	uint32_t refusals;         /* in a row */
	uint64_t last_refusal;
	bool over;
	bool sink_failed, display_failed, denied, failed;
};

/* o outlives it, with the token that was found, and so does the dialer. In the end the process is
 * confined. Errors: said on standard error, -errno. */
int viewer_init(struct viewer *v, const struct options *o, struct dialer *dialer);
/* Returns the exit status. */
int viewer_run(struct viewer *v);
void viewer_release(struct viewer *v);
