// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/cameras.h"

#include <stdio.h>
#include <string.h>

#include "ctl/objects.h"
#include "ctl/verbs.h"
#include "dbus/names.h"

void cameras_cell_condition(struct table *table, const struct json_object *camera)
{
	table_cell(table, "%s%s", json_text(camera, "condition"),
		   json_true(camera, "suspended") ? ", suspended" : "");
}

#define SUB_SIZE 32

/* The small stream, while somebody takes it. */
static void format_sub(const struct json_object *camera, char ret[SUB_SIZE])
{
	const struct json_object *streams = json_member(camera, "streams");

	ret[0] = '\0';
	for (size_t i = 0; i < json_count(streams); i++) {
		const struct json_object *s = json_at(streams, i);

		if (!strcmp(json_text(s, "name"), "sub") && json_true(s, "running"))
			snprintf(ret, SUB_SIZE, "; sub %llux%llu",
				 (unsigned long long)json_number(s, "width"),
				 (unsigned long long)json_number(s, "height"));
	}
}

void cameras_cell_picture(struct table *table, const struct json_object *camera)
{
	uint64_t width = json_number(camera, "width"), height = json_number(camera, "height");
	char sub[SUB_SIZE];

	if (!width || !height) {
		table_cell(table, "-");
		return;
	}
	format_sub(camera, sub);
	table_cell(table, "%llux%llu, %.4g fps%s", (unsigned long long)width,
		   (unsigned long long)height, json_real(camera, "frames_per_second"), sub);
}

static int print_cameras(const struct json_object *cameras)
{
	static const char *const titles[] = {"NAME",   "CONDITION", "VIEWERS", "PICTURE",
					     "SOURCE", "ENCODER",   "REASON",  NULL};
	_cleanup_(table_freep) struct table *table = table_new(titles);

	if (!table)
		return ctl_out_of_memory();
	for (size_t i = 0; i < json_count(cameras); i++) {
		const struct json_object *camera = json_at(cameras, i);
		const char *source = json_text(camera, "source");
		const char *encoder = json_text(camera, "encoder");

		table_cell(table, "%s", json_text(camera, "name"));
		cameras_cell_condition(table, camera);
		table_cell(table, "%llu", (unsigned long long)json_number(camera, "viewers"));
		cameras_cell_picture(table, camera);
		table_cell(table, "%s", *source ? source : "-");
		table_cell(table, "%s", *encoder ? encoder : "-");
		table_cell(table, "%s", json_text(camera, "reason"));
	}
	return table_print(table);
}

int cameras_run(struct ctl *ctl, const struct args *args)
{
	_cleanup_json_ struct json_object *cameras = NULL;
	int r = objects_list(ctl, CAMWARD_INTERFACE_CAMERA, &cameras);

	if (r)
		return r;
	if (ctl->json)
		return json_print_list("cameras", cameras);
	if (json_count(cameras) == 0) {
		puts("No camera has been seen yet.");
		return 0;
	}
	return print_cameras(cameras);
}
