// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>

#include "ctl/bus.h"
#include "ctl/check.h"
#include "ctl/objects.h"
#include "ctl/table.h"
#include "ctl/verbs.h"
#include "dbus/names.h"

static void cell_flags(struct table *table, const struct json_object *control)
{
	const struct json_object *flags = json_member(control, "flags");
	char text[64] = "";

	for (size_t i = 0; i < json_count(flags); i++) {
		size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used, "%s%s", used ? ", " : "",
			 json_object_get_string(json_at(flags, i)));
	}
	table_cell(table, "%s", text);
}

static int number(const struct json_object *control, const char *key)
{
	return json_object_get_int(json_member(control, key));
}

static void cell_range(struct table *table, const struct json_object *control)
{
	int step = number(control, "step");

	if (!strcmp(json_text(control, "type"), "button"))
		table_cell(table, "-");
	else if (step > 1)
		table_cell(table, "%d..%d by %d", number(control, "minimum"),
			   number(control, "maximum"), step);
	else
		table_cell(table, "%d..%d", number(control, "minimum"), number(control, "maximum"));
}

/* A menu's items, each as a row of its own below it. */
static void print_menu(struct table *table, const struct json_object *control)
{
	const struct json_object *menu = json_member(control, "menu");

	for (size_t i = 0; i < json_count(menu); i++) {
		const struct json_object *item = json_at(menu, i);

		table_cell(table, "  %d: %s", number(item, "value"), json_text(item, "text"));
		for (int column = 1; column < 6; column++)
			table_cell(table, "%s", "");
	}
}

static int print(const struct json_object *controls)
{
	static const char *const titles[] = {"NAME",  "TYPE",  "RANGE", "DEFAULT",
					     "VALUE", "STATE", NULL};
	_cleanup_(table_freep) struct table *table = table_new(titles);

	if (!table)
		return ctl_out_of_memory();
	for (size_t i = 0; i < json_count(controls); i++) {
		const struct json_object *control = json_at(controls, i);

		table_cell(table, "%s", json_text(control, "name"));
		table_cell(table, "%s", json_text(control, "type"));
		cell_range(table, control);
		table_cell(table, "%d", number(control, "default"));
		table_cell(table, "%d", number(control, "value"));
		cell_flags(table, control);
		print_menu(table, control);
	}
	return table_print(table);
}

static int print_none(const struct json_object *camera, const char *name)
{
	const char *source = json_text(camera, "source");

	if (*source && strncmp(source, "v4l2", 4) != 0)
		printf("Camera %s has no controls: its pictures come from '%s', not from a V4L2 "
		       "device.\n",
		       name, source);
	else
		printf("The controls of camera %s are not known: nobody has watched it since it "
		       "was plugged in, and\nits device is opened for nothing else.\n",
		       name);
	return 0;
}

int camera_controls(struct ctl *ctl, const struct args *args)
{
	_cleanup_json_ struct json_object *tree = NULL, *camera = NULL;
	_cleanup_free_ char *path = NULL;
	const char *name = args->operand[0];
	struct json_object *properties, *controls;
	int r = check_name(ctl, "camera", name);

	if (!r)
		r = bus_path(CAMWARD_PATH_CAMERAS, name, &path);
	if (!r)
		r = objects_fetch(ctl, &tree);
	if (r)
		return r;
	properties = objects_find(tree, path, CAMWARD_INTERFACE_CAMERA);
	if (!properties)
		return ctl_fail("There is no camera '%s': 'camwardctl cameras' lists them.", name);
	camera = objects_record(properties);
	if (!camera)
		return ctl_out_of_memory();
	controls = json_member(camera, "controls");
	if (ctl->json)
		return json_print_list("controls", controls);
	return json_count(controls) ? print(controls) : print_none(camera, name);
}
