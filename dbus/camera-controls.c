// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dbus/camera-controls.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "broker/control.h"
#include "dbus/errors.h"
#include "dbus/names.h"
#include "dbus/options.h"

static const char *const type_texts[] = {
	[CAMERA_CONTROL_INTEGER] = "integer", [CAMERA_CONTROL_BOOLEAN] = "boolean",
	[CAMERA_CONTROL_MENU] = "menu",       [CAMERA_CONTROL_BUTTON] = "button",
	[CAMERA_CONTROL_BITMASK] = "bitmask",
};

static const char *const flag_texts[CAMERA_CONTROL_N_FLAGS] = {
	"read-only",
	"inactive",
	"busy",
	"write-only",
};

int camera_append_configuration(sd_bus_message *reply, const struct camera_record *record)
{
	const struct {
		const char *key;
		uint32_t value;
	} settings[] = {
		{CAMWARD_SETTING_WIDTH, record->chosen.width},
		{CAMWARD_SETTING_HEIGHT, record->chosen.height},
		{CAMWARD_SETTING_FPS, record->chosen.fps},
		{CAMWARD_SETTING_BITRATE, record->chosen.bitrate},
		{CAMWARD_SETTING_GOP, record->chosen.gop},
		{CAMWARD_SETTING_SUB_WIDTH, record->chosen.sub_width},
		{CAMWARD_SETTING_SUB_HEIGHT, record->chosen.sub_height},
		{CAMWARD_SETTING_SUB_FPS, record->chosen.sub_fps},
		{CAMWARD_SETTING_SUB_BITRATE, record->chosen.sub_bitrate},
	};
	int r = sd_bus_message_open_container(reply, 'a', "{st}");

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(settings); i++)
		if (settings[i].value)
			r = sd_bus_message_append(reply, "{st}", settings[i].key,
						  (uint64_t)settings[i].value);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

int camera_read_configuration(sd_bus_message *m, struct camera_configuration *ret,
			      uint32_t *ret_fields, sd_bus_error *error)
{
	enum {
		WIDTH,
		HEIGHT,
		FPS,
		BITRATE,
		GOP,
		SUB_WIDTH,
		SUB_HEIGHT,
		SUB_FPS,
		SUB_BITRATE,
		N
	};
	static const struct {
		const char *name;
		uint32_t field;
	} settings[N] = {
		[WIDTH] = {CAMWARD_SETTING_WIDTH, CONTROL_CONFIGURE_SIZE},
		[HEIGHT] = {CAMWARD_SETTING_HEIGHT, CONTROL_CONFIGURE_SIZE},
		[FPS] = {CAMWARD_SETTING_FPS, CONTROL_CONFIGURE_FPS},
		[BITRATE] = {CAMWARD_SETTING_BITRATE, CONTROL_CONFIGURE_BITRATE},
		[GOP] = {CAMWARD_SETTING_GOP, CONTROL_CONFIGURE_GOP},
		[SUB_WIDTH] = {CAMWARD_SETTING_SUB_WIDTH, CONTROL_CONFIGURE_SUB_SIZE},
		[SUB_HEIGHT] = {CAMWARD_SETTING_SUB_HEIGHT, CONTROL_CONFIGURE_SUB_SIZE},
		[SUB_FPS] = {CAMWARD_SETTING_SUB_FPS, CONTROL_CONFIGURE_SUB_FPS},
		[SUB_BITRATE] = {CAMWARD_SETTING_SUB_BITRATE, CONTROL_CONFIGURE_SUB_BITRATE},
	};
	struct options_key keys[N];
	uint64_t values[N];
	int r;

	for (size_t i = 0; i < N; i++) {
		values[i] = UINT64_MAX;
		keys[i] = (struct options_key){settings[i].name, 't', .number = &values[i]};
	}
	r = options_read(m, keys, N, error);
	if (r < 0)
		return r;
	*ret_fields = 0;
	for (size_t i = 0; i < N; i++) {
		if (values[i] == UINT64_MAX)
			continue;
		if (values[i] > UINT32_MAX)
			return errors_set(error, CONTROL_INVALID_SETTINGS,
					  &(struct errors_about){});
		*ret_fields |= settings[i].field;
	}
	*ret = (struct camera_configuration){
		.width = (uint32_t)values[WIDTH],
		.height = (uint32_t)values[HEIGHT],
		.fps = (uint32_t)values[FPS],
		.bitrate = (uint32_t)values[BITRATE],
		.gop = (uint32_t)values[GOP],
		.sub_width = (uint32_t)values[SUB_WIDTH],
		.sub_height = (uint32_t)values[SUB_HEIGHT],
		.sub_fps = (uint32_t)values[SUB_FPS],
		.sub_bitrate = (uint32_t)values[SUB_BITRATE],
	};
	return 0;
}

int camera_append_choices(sd_bus_message *reply, const struct camera_record *record)
{
	int r = sd_bus_message_open_container(reply, 'a', "{si}");

	for (size_t i = 0; r >= 0 && i < record->n_choices; i++)
		r = sd_bus_message_append(reply, "{si}", record->choices[i].control,
					  record->choices[i].value);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_flags(sd_bus_message *reply, uint32_t flags)
{
	int r = sd_bus_message_open_container(reply, 'a', "s");

	for (size_t i = 0; r >= 0 && i < CAMERA_CONTROL_N_FLAGS; i++)
		if (flags & (1U << i))
			r = sd_bus_message_append(reply, "s", flag_texts[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_menu(sd_bus_message *reply, const struct camera_control *c)
{
	int r = sd_bus_message_open_container(reply, 'a', "(is)");

	for (size_t i = 0; r >= 0 && i < c->n_items; i++)
		r = sd_bus_message_append(reply, "(is)", c->items[i].value, c->items[i].text);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_control(sd_bus_message *reply, const struct camera_control *c)
{
	int r = sd_bus_message_open_container(reply, 'r', "sssasiiuiia(is)");

	if (r >= 0)
		r = sd_bus_message_append(reply, "sss", c->control, c->title, type_texts[c->type]);
	if (r >= 0)
		r = append_flags(reply, c->flags);
	if (r >= 0)
		r = sd_bus_message_append(reply, "iiuii", c->minimum, c->maximum, c->step,
					  c->standard, c->value);
	if (r >= 0)
		r = append_menu(reply, c);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

int camera_append_controls(sd_bus_message *reply, const struct camera *camera)
{
	int r = sd_bus_message_open_container(reply, 'a', "(sssasiiuiia(is))");

	for (size_t i = 0; r >= 0 && i < camera->controls.n; i++)
		r = append_control(reply, &camera->controls.told[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

void camera_controls_range(const struct camera_control *c, int32_t value,
			   char text[CAMERA_CONTROLS_RANGE_SIZE])
{
	char steps[32] = "";

	if (c->step > 1)
		snprintf(steps, sizeof(steps), " in steps of %u", c->step);
	snprintf(text, CAMERA_CONTROLS_RANGE_SIZE, "it takes %d to %d%s; the nearest to %d is %d",
		 c->minimum, c->maximum, steps, value, camera_controls_nearest(c, value));
}
