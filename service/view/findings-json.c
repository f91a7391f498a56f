// SPDX-License-Identifier: LGPL-2.1-or-later
/* What was found, for programs. Times are microseconds, those of captures since 1970. */
#include <errno.h>
#include <json-c/json.h>

#include "view/findings.h"

static void set(struct json_object *object, const char *key, struct json_object *value)
{
	if (!object || json_object_object_add(object, key, value) < 0)
		json_object_put(value);
}

static void set_number(struct json_object *object, const char *key, uint64_t value)
{
	set(object, key, json_object_new_uint64(value));
}

static void append(struct json_object *array, struct json_object *value)
{
	if (!array || json_object_array_add(array, value) < 0)
		json_object_put(value);
}

static void add_camera(const struct findings *f, struct json_object *document)
{
	char uuid[UUID_STRING_SIZE];

	if (!f->has_camera) {
		set(document, "camera", NULL);
		return;
	}
	format_uuid(f->camera_uuid, uuid);
	set(document, "camera", json_object_new_string(f->camera_name));
	set(document, "uuid", json_object_new_string(uuid));
}

static void add_runs(const struct findings *f, struct json_object *document)
{
	struct json_object *array = json_object_new_array();

	set(document, "epochs", array);
	for (uint64_t i = 0; i < f->n_runs && i < FINDINGS_RUNS_MAX; i++) {
		struct json_object *run = json_object_new_object();

		append(array, run);
		set_number(run, "epoch", f->runs[i].epoch);
		set(run, "stream", json_object_new_string(f->runs[i].stream ? "sub" : "main"));
		set_number(run, "first", f->runs[i].first);
		set_number(run, "last", f->runs[i].last);
		set_number(run, "from", f->runs[i].from);
		set_number(run, "to", f->runs[i].to);
	}
}

static void add_gaps(const struct findings *f, struct json_object *document)
{
	struct json_object *array = json_object_new_array();

	set_number(document, "missing", f->missing);
	set(document, "gaps", array);
	for (uint64_t i = 0; i < f->n_gaps && i < FINDINGS_GAPS_MAX; i++) {
		struct json_object *gap = json_object_new_object();

		append(array, gap);
		set_number(gap, "before_frame", f->gaps[i].frame);
		set_number(gap, "missing", f->gaps[i].missing);
		set_number(gap, "at", f->gaps[i].at);
	}
}

static void add_faults(const struct findings *f, struct json_object *document)
{
	struct json_object *array = json_object_new_array(), *by = json_object_new_object();

	set(document, "by_verdict", by);
	for (int i = 0; i < N_VERDICTS; i++)
		if (f->by_verdict[i] > 0)
			set_number(by, verdict_name((enum verdict)i), f->by_verdict[i]);
	set(document, "faults", array);
	for (uint64_t i = 0; i < f->waiting + f->refused && i < FINDINGS_FAULTS_MAX; i++) {
		struct json_object *fault = json_object_new_object();

		append(array, fault);
		set_number(fault, "frame", f->faults[i].frame);
		if (f->faults[i].has_time)
			set_number(fault, "file_time", f->faults[i].time);
		set(fault, "verdict", json_object_new_string(verdict_name(f->faults[i].verdict)));
	}
}

int findings_write_json(const struct findings *f, FILE *file)
{
	struct json_object *document = json_object_new_object(), *frames;
	const char *text;
	int r = -ENOMEM;

	if (!document)
		return r;
	set(document, "media", json_object_new_string(f->media));
	add_camera(f, document);
	frames = json_object_new_object();
	set(document, "frames", frames);
	set_number(frames, "all", f->frames);
	set_number(frames, "valid", f->valid);
	set_number(frames, "waiting", f->waiting);
	set_number(frames, "refused", f->refused);
	add_runs(f, document);
	add_gaps(f, document);
	add_faults(f, document);
	set(document, "damage", f->damage ? json_object_new_string(f->damage) : NULL);
	set_number(document, "exit_status", findings_status(f));
	text = json_object_to_json_string_ext(document, JSON_C_TO_STRING_PRETTY |
								JSON_C_TO_STRING_SPACED |
								JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		r = fprintf(file, "%s\n", text) < 0 || fflush(file) != 0 ? -EIO : 0;
	json_object_put(document);
	return r;
}
