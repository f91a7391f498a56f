// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/metrics.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "broker/broker.h"
#include "broker/camera.h"
#include "broker/lease-count.h"

/* Reasons besides those of the policy. What is not here is "other". */
static const char *const texts[] = {
	"viewer left",
	"viewer left the bus",
	"viewer silent",
	"viewer stalled",
	"false count",
	"viewer broke the protocol",
	"ended by the server",
	"ended by an administrator",
	"service stopped",
	"session died",
	"camera lost",
	"camera is absent",
	"camera has no such stream",
	"camera gives no picture",
	"camera gives no statement",
	"camera renamed",
	"client renamed",
	"other hardware adopted",
	"ledger cannot be written",
	"out of resources",
	"the agent said no",
	"nobody said yes in time",
	"the light cannot be switched on",
};

#define N_POLICY (POLICY_ASK + 1)
static_assert(N_POLICY + ARRAY_SIZE(texts) <= METRICS_TEXTS_MAX, "there is room for all");

/* us */
static const uint64_t buckets[METRICS_N_BUCKETS] = {
	1000, 2500, 5000, 10000, 33000, 100000, 250000, 1000000,
};

static const char *text_at(size_t i)
{
	if (i < N_POLICY)
		return policy_reason_text((enum policy_reason)i);
	return i - N_POLICY < ARRAY_SIZE(texts) ? texts[i - N_POLICY] : "other";
}

static void count_text(struct metrics_texts *counted, const char *text)
{
	size_t i = 0;

	while (i < N_POLICY + ARRAY_SIZE(texts) && strcmp(text_at(i), text) != 0)
		i++;
	counted->n[i]++;
}

void metrics_denied(struct metrics *metrics, const char *reason)
{
	count_text(&metrics->denied, reason);
}

void metrics_ended(struct lease *lease, const char *reason)
{
	struct camera *camera = lease->camera;
	struct lease_counts counts;

	count_text(&lease->broker->metrics.ended, reason);
	lease_count(lease, &counts);
	camera->delivered += counts.done;
	for (size_t i = 0; i < SESSION_N_SKIP_REASONS; i++)
		camera->skipped[i] += counts.skipped[i];
}

void metrics_cut(struct metrics *metrics, unsigned n, uint64_t usec)
{
	size_t i = 0;

	while (i < METRICS_N_BUCKETS && usec > buckets[i])
		i++;
	metrics->end_buckets[i] += n;
	metrics->end_usec += n * usec;
}

static void head(FILE *f, const char *name, const char *type, const char *help)
{
	fprintf(f, "# HELP camward_%s %s\n# TYPE camward_%s %s\n", name, help, name, type);
}

static void single(FILE *f, const char *name, const char *type, const char *help, uint64_t value)
{
	head(f, name, type, help);
	fprintf(f, "camward_%s %" PRIu64 "\n", name, value);
}

static void write_texts(FILE *f, const char *name, const char *label, const char *help,
			const struct metrics_texts *counted)
{
	head(f, name, "counter", help);
	for (size_t i = 1; i <= N_POLICY + ARRAY_SIZE(texts); i++)
		if (counted->n[i])
			fprintf(f, "camward_%s{%s=\"%s\"} %" PRIu64 "\n", name, label, text_at(i),
				counted->n[i]);
}

static void write_ends(FILE *f, const struct metrics *metrics)
{
	uint64_t n = 0;

	head(f, "end_seconds", "histogram",
	     "From the decision, or the due moment, until the connection was cut.");
	for (size_t i = 0; i < METRICS_N_BUCKETS; i++) {
		n += metrics->end_buckets[i];
		fprintf(f, "camward_end_seconds_bucket{le=\"%g\"} %" PRIu64 "\n",
			(double)buckets[i] / USEC_PER_SEC, n);
	}
	n += metrics->end_buckets[METRICS_N_BUCKETS];
	fprintf(f,
		"camward_end_seconds_bucket{le=\"+Inf\"} %" PRIu64
		"\ncamward_end_seconds_sum %.6f\ncamward_end_seconds_count %" PRIu64 "\n",
		n, (double)metrics->end_usec / USEC_PER_SEC, n);
}

/* One line a camera; a name needs no escaping (base/parse.h). */
static void each(FILE *f, const struct broker *broker, const char *name, const char *type,
		 const char *help, uint64_t (*value)(const struct camera *camera))
{
	struct camera *camera;

	head(f, name, type, help);
	list_for_each (camera, &broker->cameras, list)
		fprintf(f, "camward_%s{camera=\"%s\"} %" PRIu64 "\n", name, camera->name,
			value(camera));
}

static uint64_t is_online(const struct camera *camera)
{
	return camera_is_online(camera);
}

static uint64_t watching(const struct camera *camera)
{
	return camera->n_watching;
}

static uint64_t captured(const struct camera *camera)
{
	return camera->state.captured;
}

static uint64_t encoded(const struct camera *camera)
{
	return camera->state.encoded;
}

static void write_dropped(FILE *f, const struct broker *broker)
{
	static const char *const reasons[CAMERA_N_DROP_REASONS] = {
		[CAMERA_DROP_DRIVER] = "driver",   [CAMERA_DROP_ERROR] = "error",
		[CAMERA_DROP_ENCODER] = "encoder", [CAMERA_DROP_STALE] = "stale",
		[CAMERA_DROP_SIZE] = "size",
	};
	struct camera *camera;

	head(f, "camera_dropped_frames_total", "counter", "Pictures that came to nothing.");
	list_for_each (camera, &broker->cameras, list)
		for (size_t i = 0; i < CAMERA_N_DROP_REASONS; i++)
			fprintf(f,
				"camward_camera_dropped_frames_total{camera=\"%s\",reason=\"%s\"} "
				"%" PRIu64 "\n",
				camera->name, reasons[i], camera->state.dropped[i]);
}

/* What has been, and what is under way. */
static void count_camera(const struct camera *camera, struct lease_counts *ret)
{
	struct lease *lease;

	*ret = (struct lease_counts){.done = camera->delivered};
	memcpy(ret->skipped, camera->skipped, sizeof(ret->skipped));
	list_for_each (lease, &camera->broker->leases, list) {
		struct lease_counts counts;

		if (lease->camera != camera)
			continue;
		lease_count(lease, &counts);
		ret->done += counts.done;
		for (size_t i = 0; i < SESSION_N_SKIP_REASONS; i++)
			ret->skipped[i] += counts.skipped[i];
	}
}

static uint64_t delivered(const struct camera *camera)
{
	struct lease_counts counts;

	count_camera(camera, &counts);
	return counts.done;
}

static void write_skipped(FILE *f, const struct broker *broker)
{
	static const char *const reasons[SESSION_N_SKIP_REASONS] = {
		[SESSION_SKIP_LATE] = "late",
		[SESSION_SKIP_OVERRUN] = "overrun",
		[SESSION_SKIP_JOIN] = "join",
		[SESSION_SKIP_SWITCH] = "switch",
	};
	struct camera *camera;

	head(f, "skipped_frames_total", "counter", "Frames that viewers were spared or denied.");
	list_for_each (camera, &broker->cameras, list) {
		struct lease_counts counts;

		count_camera(camera, &counts);
		for (size_t i = 0; i < SESSION_N_SKIP_REASONS; i++)
			if (reasons[i])
				fprintf(f,
					"camward_skipped_frames_total{camera=\"%s\",reason=\"%s\"}"
					" %" PRIu64 "\n",
					camera->name, reasons[i], counts.skipped[i]);
	}
}

static void write_cameras(FILE *f, const struct broker *broker)
{
	each(f, broker, "camera_online", "gauge", "Whether a viewer could be served.", is_online);
	each(f, broker, "camera_leases", "gauge", "Leases until their last byte has gone.",
	     watching);
	each(f, broker, "camera_captured_frames_total", "counter",
	     "Pictures taken since its process began.", captured);
	each(f, broker, "camera_encoded_frames_total", "counter",
	     "Pictures encoded since its process began.", encoded);
	write_dropped(f, broker);
	each(f, broker, "delivered_frames_total", "counter",
	     "Frames handed to the kernel whole, for all viewers.", delivered);
	write_skipped(f, broker);
}

static void write_all(FILE *f, const struct broker *broker)
{
	const struct metrics *m = &broker->metrics;

	single(f, "ready", "gauge", "Whether viewers can connect.", broker_is_ready(broker));
	single(f, "clock_set", "gauge", "Whether the clock can be believed.",
	       broker_clock_is_set());
	single(f, "sessions", "gauge", "Connections.", broker->n_sessions);
	single(f, "suspensions", "gauge", "What is suspended.", broker->policy->n_suspensions);
	single(f, "agent", "gauge", "Whether somebody is asked.", broker->agent.peer != NULL);
	single(f, "store_queue_jobs", "gauge", "What waits for the disk.",
	       store_queue_length(broker->store));
	single(f, "leases_opened_total", "counter", "Leases granted.", m->opened);
	write_texts(f, "leases_ended_total", "cause", "Leases over, by cause.", &m->ended);
	write_texts(f, "denials_total", "reason", "Authenticated clients refused, by reason.",
		    &m->denied);
	single(f, "credentials_refused_total", "counter", "Tokens and certificates refused.",
	       m->credentials_refused);
	single(f, "signatures_total", "counter", "TLS handshakes signed.", m->signatures);
	write_ends(f, m);
	write_cameras(f, broker);
}

char *metrics_text(const struct broker *broker)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	bool failed;

	if (!f)
		return NULL;
	write_all(f, broker);
	failed = ferror(f);
	if (fclose(f) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}
