// SPDX-License-Identifier: LGPL-2.1-or-later
#include "load/report.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

static void add_int(struct json_object *o, const char *key, uint64_t value)
{
	json_object_object_add(o, key, json_object_new_uint64(value));
}

static void add_ms(struct json_object *o, const char *key, double us)
{
	char text[32];

	snprintf(text, sizeof(text), "%.3f", us / 1000);
	json_object_object_add(o, key, json_object_new_double_s(us / 1000, text));
}

/* Milliseconds between two moments; null when the later one never came. */
static void add_span(struct json_object *o, const char *key, uint64_t from, uint64_t to)
{
	if (from && to)
		add_ms(o, key, (double)(to - from));
	else
		json_object_object_add(o, key, NULL);
}

static struct json_object *of_viewer(const struct viewer *v)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "camera", json_object_new_string(v->camera));
	json_object_object_add(o, "stalled", json_object_new_boolean(v->stalled));
	json_object_object_add(o, "played", json_object_new_boolean(v->played != 0));
	json_object_object_add(o, "end", json_object_new_string(viewer_end_name(v->end)));
	add_int(o, "status", v->status);
	add_int(o, "end_realtime_us", v->end_realtime);
	add_int(o, "last_bytes_realtime_us", v->last_realtime);
	add_int(o, "tcp_bytes", v->received);
	add_int(o, "stream_bytes", v->stream.bytes);
	add_int(o, "access_units", v->stream.units);
	add_int(o, "keyframes", v->stream.keyframes);
	add_int(o, "rtcp", v->stream.rtcp);
	add_int(o, "malformed", v->stream.malformed);
	add_int(o, "out_of_sequence", v->stream.out_of_sequence);
	add_int(o, "not_rising", v->stream.not_rising);
	add_span(o, "handshake_ms", v->started, v->handshaken);
	add_span(o, "first_keyframe_ms", v->started, v->stream.first_keyframe);
	add_span(o, "first_keyframe_from_play_ms", v->play_sent, v->stream.first_keyframe);
	add_ms(o, "jitter_ms", v->stream.jitter);
	return o;
}

/* Samples of all viewers. */
struct samples {
	float *values;
	size_t n;
};

static int by_value(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

/* Nearest rank; the samples are sorted. */
static float percentile(const struct samples *s, unsigned percent)
{
	size_t rank = (s->n * percent + 99) / 100;

	return s->values[rank > 0 ? rank - 1 : 0];
}

static void add_distribution(struct json_object *o, const char *key, struct samples *s)
{
	struct json_object *d;

	if (s->n == 0) {
		json_object_object_add(o, key, NULL);
		return;
	}
	qsort(s->values, s->n, sizeof(*s->values), by_value);
	d = json_object_new_object();
	add_int(d, "n", s->n);
	add_ms(d, "p50", percentile(s, 50));
	add_ms(d, "p95", percentile(s, 95));
	add_ms(d, "p99", percentile(s, 99));
	add_ms(d, "max", percentile(s, 100));
	json_object_object_add(o, key, d);
}

static void add_lateness(struct json_object *o, struct viewer *const *viewers, unsigned n)
{
	struct samples s = {0};
	size_t size = 1;

	for (unsigned i = 0; i < n; i++)
		size += viewers[i]->stream.n_delays;
	s.values = calloc(size, sizeof(*s.values));
	if (!s.values)
		abort();
	for (unsigned i = 0; i < n; i++)
		for (uint32_t j = 0; j < viewers[i]->stream.n_delays; j++)
			s.values[s.n++] = viewers[i]->stream.delays[j];
	add_distribution(o, "lateness_ms", &s);
	free(s.values);
}

enum span {
	HANDSHAKE,
	FIRST_KEYFRAME,
	FROM_PLAY,
	JITTER
};

static bool span_of(const struct viewer *v, enum span span, float *ret)
{
	uint64_t from = span == FROM_PLAY ? v->play_sent : v->started;
	uint64_t to = span == HANDSHAKE ? v->handshaken : v->stream.first_keyframe;

	if (span == JITTER) {
		*ret = (float)v->stream.jitter;
		return v->stream.n_delays > 1;
	}
	*ret = (float)(to - from);
	return from && to;
}

static void add_spans(struct json_object *o, const char *key, enum span span,
		      struct viewer *const *viewers, unsigned n)
{
	float values[LOAD_VIEWERS_MAX];
	struct samples s = {.values = values};

	for (unsigned i = 0; i < n; i++)
		s.n += span_of(viewers[i], span, &values[s.n]);
	add_distribution(o, key, &s);
}

/* How many times each end or status came. */
static void count(struct json_object *o, const char *key)
{
	struct json_object *value;
	uint64_t n = json_object_object_get_ex(o, key, &value) ? json_object_get_uint64(value) : 0;

	add_int(o, key, n + 1);
}

static void add_counts(struct json_object *o, struct viewer *const *viewers, unsigned n)
{
	struct json_object *ends = json_object_new_object();
	struct json_object *refusals = json_object_new_object();
	uint64_t played = 0, units = 0, keyframes = 0, bytes = 0, tcp = 0, errors = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct viewer *v = viewers[i];
		char status[16];

		played += v->played != 0;
		units += v->stream.units;
		keyframes += v->stream.keyframes;
		bytes += v->stream.bytes;
		tcp += v->received;
		errors += stream_errors(&v->stream);
		count(ends, viewer_end_name(v->end));
		snprintf(status, sizeof(status), "%u", v->status);
		if (v->end == VIEWER_REFUSED)
			count(refusals, status);
	}
	add_int(o, "viewers", n);
	add_int(o, "played", played);
	add_int(o, "access_units", units);
	add_int(o, "keyframes", keyframes);
	add_int(o, "stream_bytes", bytes);
	add_int(o, "tcp_bytes", tcp);
	add_int(o, "stream_errors", errors);
	json_object_object_add(o, "ends", ends);
	json_object_object_add(o, "refusals", refusals);
}

int report_write(const char *path, struct viewer *const *viewers, unsigned n,
		 const struct report_run *run)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	int r;

	for (unsigned i = 0; i < n; i++)
		stream_finish(&viewers[i]->stream);
	add_counts(o, viewers, n);
	add_ms(o, "elapsed_ms", (double)run->elapsed_us);
	add_ms(o, "client_cpu_ms", (double)run->cpu_us);
	add_spans(o, "handshake_ms", HANDSHAKE, viewers, n);
	add_spans(o, "first_keyframe_ms", FIRST_KEYFRAME, viewers, n);
	add_spans(o, "first_keyframe_from_play_ms", FROM_PLAY, viewers, n);
	add_spans(o, "jitter_ms", JITTER, viewers, n);
	add_lateness(o, viewers, n);
	for (unsigned i = 0; i < n; i++)
		json_object_array_add(list, of_viewer(viewers[i]));
	json_object_object_add(o, "each", list);
	r = json_object_to_file_ext(path ? path : "/dev/stdout", o, JSON_C_TO_STRING_PRETTY);
	json_object_put(o);
	return r < 0 ? -EIO : 0;
}

bool report_success(struct viewer *const *viewers, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct viewer *v = viewers[i];

		if (v->end != VIEWER_FINISHED || stream_errors(&v->stream) > 0)
			return false;
		if (!v->stalled && !v->options->bare && v->stream.keyframes == 0)
			return false;
	}
	return true;
}
