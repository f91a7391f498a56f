// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/report.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

#include "base/clock.h"

void report_init(struct report *r, uint64_t now)
{
	*r = (struct report){.started = now};
}

void report_valid(struct report *r, const struct verifier_result *result, size_t bytes,
		  uint64_t now)
{
	if (!r->has_sequence)
		r->first_sequence = result->seal.sequence;
	r->has_sequence = true;
	r->last_sequence = result->seal.sequence;
	r->last = result->seal;
	r->valid++;
	r->keyframes += result->seal.keyframe;
	r->bytes += bytes;
	if (r->first_frame == 0)
		r->first_frame = now - r->started;
}

void report_gap(struct report *r, uint64_t missing)
{
	r->gaps += missing > 0;
	r->missing += missing;
}

void report_refused(struct report *r, enum verdict verdict)
{
	if (!r->has_first_refusal) {
		r->has_first_refusal = true;
		r->first_refusal = verdict;
		r->before_first_refusal = r->valid;
	}
	r->refused_by[verdict]++;
}

void report_age(struct report *r, uint64_t age)
{
	if (r->n_ages == 0 || age < r->age_min)
		r->age_min = age;
	if (age > r->age_max)
		r->age_max = age;
	r->age_sum += age;
	r->n_ages++;
}

bool report_has_refusals(const struct report *r)
{
	return r->refused > 0 || r->refused_statements > 0 || r->refused_servers > 0;
}

/* --- JSON --- */

static void set(struct json_object *object, const char *key, struct json_object *value)
{
	if (!object || json_object_object_add(object, key, value) < 0)
		json_object_put(value);
}

static void set_number(struct json_object *object, const char *key, uint64_t value)
{
	set(object, key, json_object_new_uint64(value));
}

/* With microseconds, and no more digits than that. */
static void set_msec(struct json_object *object, const char *key, uint64_t usec)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64 ".%03u", (uint64_t)(usec / USEC_PER_MSEC),
		 (unsigned)(usec % USEC_PER_MSEC));
	set(object, key, json_object_new_double_s((double)usec / 1e3, text));
}

static struct json_object *child(struct json_object *object, const char *key)
{
	struct json_object *value = json_object_new_object();

	if (value)
		set(object, key, value);
	return value;
}

static void add_camera(const struct report *r, struct json_object *document)
{
	char uuid[UUID_STRING_SIZE];

	if (!r->has_sequence) {
		set(document, "camera", NULL);
		return;
	}
	format_uuid(r->last.camera_uuid, uuid);
	set(document, "camera", json_object_new_string(r->camera_name));
	set(document, "uuid", json_object_new_string(uuid));
	set_number(document, "epoch", r->last.epoch);
	set(document, "stream", json_object_new_string(r->last.stream ? "sub" : "main"));
	if (r->lease)
		set_number(document, "lease", r->lease);
}

static void add_frames(const struct report *r, struct json_object *document)
{
	struct json_object *frames = child(document, "frames");
	struct json_object *by = child(document, "refused_by"), *first;

	set_number(frames, "valid", r->valid);
	set_number(frames, "keyframes", r->keyframes);
	set_number(frames, "waiting", r->waiting);
	set_number(frames, "refused", r->refused);
	set_number(frames, "unchecked", r->unchecked);
	set_number(frames, "dropped", r->dropped);
	set_number(document, "refused_statements", r->refused_statements);
	set_number(document, "refused_servers", r->refused_servers);
	for (int i = 0; i < N_VERDICTS; i++)
		if (r->refused_by[i] > 0)
			set_number(by, verdict_name((enum verdict)i), r->refused_by[i]);
	if (!r->has_first_refusal)
		return;
	first = child(document, "first_refusal");
	set(first, "verdict", json_object_new_string(verdict_name(r->first_refusal)));
	set_number(first, "after_valid", r->before_first_refusal);
}

static void add_rest(const struct report *r, struct json_object *document)
{
	struct json_object *gaps = child(document, "gaps");
	struct json_object *connections = child(document, "connections");
	struct json_object *part;

	set_number(gaps, "places", r->gaps);
	set_number(gaps, "frames", r->missing);
	set_number(connections, "attempts", r->attempts);
	set_number(connections, "established", r->established);
	set_number(connections, "silent", r->silent);
	set_number(connections, "lost", r->lost);
	set_number(connections, "denied", r->denied);
	if (r->has_sequence) {
		part = child(document, "sequence");
		set_number(part, "first", r->first_sequence);
		set_number(part, "last", r->last_sequence);
	}
	if (r->n_ages > 0) {
		part = child(document, "age_ms");
		set_msec(part, "min", r->age_min);
		set_msec(part, "avg", r->age_sum / r->n_ages);
		set_msec(part, "max", r->age_max);
	}
	if (r->first_frame > 0)
		set_msec(document, "first_frame_ms", r->first_frame);
	set_number(document, "bytes", r->bytes);
}

int report_write_json(const struct report *r, FILE *f, uint64_t now, int exit_status)
{
	struct json_object *document = json_object_new_object();
	const char *text;
	int e = -ENOMEM;

	if (!document)
		return e;
	add_camera(r, document);
	add_frames(r, document);
	add_rest(r, document);
	set_msec(document, "elapsed_ms", now - r->started);
	if (exit_status >= 0)
		set_number(document, "exit_status", (uint64_t)exit_status);
	text = json_object_to_json_string_ext(document, JSON_C_TO_STRING_SPACED |
								JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		e = fprintf(f, "%s\n", text) < 0 || fflush(f) != 0 ? -EIO : 0;
	json_object_put(document);
	return e;
}

void report_write_text(const struct report *r, FILE *f)
{
	fprintf(f, "camward-view: %" PRIu64 " frames valid, %" PRIu64 " refused", r->valid,
		r->refused);
	if (r->refused_servers > 0)
		fprintf(f, ", the server refused (%" PRIu64 "): it is another one",
			r->refused_servers);
	if (r->refused_statements > 0)
		fprintf(f, ", its lease refused (%" PRIu64 ")", r->refused_statements);
	if (r->refused == 0 && r->refused_statements > 0)
		fprintf(f, ": %s", verdict_text(r->first_refusal));
	if (r->unchecked > 0)
		fprintf(f, ", %" PRIu64 " not checked", r->unchecked);
	if (r->waiting > 0)
		fprintf(f, ", %" PRIu64 " passed over while waiting for a keyframe", r->waiting);
	if (r->missing > 0)
		fprintf(f, "; %" PRIu64 " missing at %" PRIu64 " places", r->missing, r->gaps);
	if (r->dropped > 0)
		fprintf(f, "; %" PRIu64 " dropped as the reader was slow", r->dropped);
	if (r->n_ages > 0)
		fprintf(f, "; age %" PRIu64 " ms on average, %" PRIu64 " ms at most",
			(uint64_t)(r->age_sum / r->n_ages / USEC_PER_MSEC),
			(uint64_t)(r->age_max / USEC_PER_MSEC));
	fputc('\n', f);
}
