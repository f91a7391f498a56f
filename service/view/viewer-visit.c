// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a visit brings: frames, refusals, and its end. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "view/viewer.h"

void viewer_lose_sink(struct viewer *v, const char *why)
{
	if (!v->sink_failed)
		fprintf(stderr, "camward-view: the frames cannot be written: %s\n", why);
	v->sink_failed = v->over = true;
}

void viewer_judge_display(struct viewer *v, int r)
{
	if (r >= 0 || v->display_failed)
		return;
	fprintf(stderr, "camward-view: the frames cannot be shown: %s\n", strerror(-r));
	v->display_failed = v->over = true;
}

static void show(struct viewer *v, const struct stream_unit *unit, uint64_t now)
{
	int r = v->display ? display_show(v->display, unit, now) : 0;

	if (r == -EBADMSG)
		complaint_say(
			&v->complaint, COMPLAINT_DECODER, now,
			"a frame cannot be decoded: nothing is shown up to the next keyframe");
	else
		viewer_judge_display(v, r);
}

/* Nothing is live without a connection; and the next one may take its time to be looked up. */
static void blank(struct viewer *v, uint64_t now)
{
	if (v->display)
		viewer_judge_display(v, display_forget(v->display, now));
}

/* Whether to go on with this connection. */
static bool count_refusal(struct viewer *v, uint64_t now)
{
	if (v->last_refusal == 0 || now - v->last_refusal > VIEWER_FORGET_USEC)
		v->refusals = 0;
	v->last_refusal = now;
	v->refusals++;
	if (v->options->on_refusal == OPTIONS_EXIT ||
	    (v->options->on_refusal == OPTIONS_RECONNECT && v->refusals >= v->options->refusals))
		v->over = true;
	return v->options->on_refusal == OPTIONS_SKIP;
}

static bool refuse(struct viewer *v, const struct stream_unit *unit, uint64_t now)
{
	report_refused(&v->report, unit->verdict);
	v->report.refused++;
	complaint_say(&v->complaint, unit->verdict, now,
		      "frame refused after %" PRIu64 " valid: %s", v->report.valid,
		      verdict_text(unit->verdict));
	return count_refusal(v, now);
}

/* Who looks at a terminal where nothing else happens shall know that it works. */
static void reassure(const struct viewer *v)
{
	const struct options *o = v->options;

	if (v->report.valid != 1 || v->display || o->command || o->output || o->json ||
	    !isatty(STDERR_FILENO))
		return;
	fprintf(stderr,
		"camward-view: checking %s: frames come, and they are valid; to end it: Ctrl-C\n",
		v->options->url.camera);
}

static bool accept_unit(struct viewer *v, const struct stream_unit *unit,
			struct verifier_time arrived, uint64_t now)
{
	const struct verifier *verifier = v->visit.stream.verifier;
	uint64_t age;
	int r;

	if (verifier) {
		report_valid(&v->report, &unit->result, unit->bytes.len, now);
		snprintf(v->report.camera_name, sizeof(v->report.camera_name), "%s",
			 verifier->certificate.camera_name);
		v->report.lease = verifier->has_statement ? verifier->statement.lease : 0;
		if (visit_age(&v->visit, &unit->result.seal, arrived, &age))
			report_age(&v->report, age);
		reassure(v);
	} else {
		v->report.unchecked++;
	}
	r = sink_push(&v->sink, unit->prefix, unit->bytes, unit->keyframe, now);
	if (r == 0)
		r = sink_flush(&v->sink);
	v->report.dropped = v->sink.dropped;
	if (r < 0)
		viewer_lose_sink(v, strerror(-r));
	show(v, unit, now);
	if (v->options->frames > 0 && v->report.valid + v->report.unchecked >= v->options->frames)
		v->over = true;
	return !v->over;
}

static bool take_unit(void *userdata, const struct stream_unit *unit, struct verifier_time arrived,
		      uint64_t now)
{
	struct viewer *v = userdata;

	if (unit->verdict <= VERDICT_WAITING)
		report_gap(&v->report, unit->result.gap);
	if (unit->verdict == VERDICT_VALID)
		return accept_unit(v, unit, arrived, now);
	if (unit->verdict == VERDICT_WAITING) {
		v->report.waiting++;
		return true;
	}
	return refuse(v, unit, now);
}

static void take_denial(struct viewer *v)
{
	unsigned status = v->visit.status;

	v->report.denied++;
	if (status != 401 && status != 403 && status != 404)
		return;
	/* A suspension looks like no camera, and it may end; a wrong token never becomes right. */
	if (status == 404 && v->report.valid > 0)
		return;
	v->denied = v->over = true;
}

void viewer_end_visit(struct viewer *v, enum visit_end how, uint64_t now)
{
	unsigned kind = COMPLAINT_CONNECTION;

	blank(v, now);
	switch (how) {
	case VISIT_STATEMENT:
		kind = v->visit.verdict;
		report_refused(&v->report, v->visit.verdict);
		v->report.refused_statements++;
		count_refusal(v, now);
		break;
	case VISIT_DISTRUSTED:
		v->report.refused_servers++;
		count_refusal(v, now);
		break;
	case VISIT_SILENT:
		v->report.silent++;
		break;
	case VISIT_DENIED:
		take_denial(v);
		break;
	case VISIT_FAILED:
		v->failed = v->over = true;
		break;
	case VISIT_STOPPED:
		break;
	default:
		v->report.lost += v->visit.secure;
	}
	if (how != VISIT_STOPPED)
		complaint_say(&v->complaint, kind, now, "%s%s",
			      how == VISIT_STATEMENT ? "lease refused: " : "", v->visit.why);
	v->report.established += v->visit.secure;
	visit_finish(&v->visit);
	v->visiting = false;
	v->retry = now + VIEWER_RETRY_USEC;
	v->over |= v->options->once;
}

void viewer_begin_visit(struct viewer *v, uint64_t now)
{
	enum visit_end how;

	v->report.attempts++;
	v->visiting = true;
	how = visit_begin(&v->visit, &v->config, take_unit, v, now);
	if (how != VISIT_GOES_ON)
		viewer_end_visit(v, how, now);
}
