// SPDX-License-Identifier: LGPL-2.1-or-later
/* camera set NAME KEY=VALUE...: size, fps, bitrate, gop and those of the small stream go by
 * Configure, all others are the device's controls. */
#include <stdio.h>

#include "base/parse.h"
#include "ctl/bus.h"
#include "ctl/check.h"
#include "ctl/json.h"
#include "ctl/verbs.h"
#include "dbus/names.h"

#define CONTROL_SIZE 32
#define DEFAULT      "default"

struct change {
	char control[CONTROL_SIZE];
	int32_t value;
	bool applied;
};

enum setting {
	SIZE,
	FPS,
	BITRATE,
	GOP,
	SUB_SIZE,
	SUB_FPS,
	SUB_BITRATE,
	N_SETTINGS,
};

static const struct setting_kind {
	const char *key, *name; /* as it is typed; on the bus, and of a size its width there */
	const char *height;     /* on the bus; NULL: no size */
	bool at_once;           /* holds from now on */
} kinds[N_SETTINGS] = {
	[SIZE] = {.key = "size", .name = CAMWARD_SETTING_WIDTH, .height = CAMWARD_SETTING_HEIGHT},
	[FPS] = {.key = "fps", .name = CAMWARD_SETTING_FPS},
	[BITRATE] = {.key = "bitrate", .name = CAMWARD_SETTING_BITRATE, .at_once = true},
	[GOP] = {.key = "gop", .name = CAMWARD_SETTING_GOP, .at_once = true},
	[SUB_SIZE] = {.key = "sub_size",
		      .name = CAMWARD_SETTING_SUB_WIDTH,
		      .height = CAMWARD_SETTING_SUB_HEIGHT},
	[SUB_FPS] = {.key = "sub_fps", .name = CAMWARD_SETTING_SUB_FPS},
	[SUB_BITRATE] = {.key = "sub_bitrate",
			 .name = CAMWARD_SETTING_SUB_BITRATE,
			 .at_once = true},
};

struct changes {
	struct ctl *ctl;
	const char *camera;
	struct {
		bool given;
		uint32_t value, height; /* 0: back to what camera.d says */
	} settings[N_SETTINGS];
	struct change controls[VERB_REPEATED_MAX];
	size_t n_controls;
};

static int misused(const struct changes *c, const char *word, const char *takes)
{
	return ctl_misused(c->ctl->verb, "'%s': %s.", word, takes);
}

static int take_setting(struct changes *c, enum setting setting, const char *word,
			const char *value)
{
	bool size = kinds[setting].height != NULL;
	uint32_t *number = &c->settings[setting].value, *height = &c->settings[setting].height;

	if (c->settings[setting].given)
		return misused(c, word, "this is given twice");
	c->settings[setting].given = true;
	if (!strcmp(value, DEFAULT))
		return 0;
	if (size)
		return parse_size(value, number, height) == 0
			       ? 0
			       : misused(c, word, "it takes WIDTHxHEIGHT, or 'default'");
	if (parse_u32(value, UINT32_MAX, number) == 0 && *number)
		return 0;
	return misused(c, word, "it takes a number from 1 on, or 'default'");
}

static int parse_value(const char *value, int32_t *ret)
{
	bool negative = value[0] == '-';
	uint64_t n;

	if (parse_u64(value + negative, (uint64_t)INT32_MAX + negative, &n) < 0)
		return -EINVAL;
	*ret = (int32_t)(negative ? -(int64_t)n : (int64_t)n);
	return 0;
}

static int take_control(struct changes *c, const char *word, size_t length, const char *value)
{
	struct change *change = &c->controls[c->n_controls];

	if (length == 0 || length >= CONTROL_SIZE ||
	    strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_") != length)
		return misused(c, word, "controls have names of a-z, 0-9 and '_'");
	if (parse_value(value, &change->value) < 0)
		return misused(c, word, "a control takes a whole number");
	snprintf(change->control, sizeof(change->control), "%.*s", (int)length, word);
	c->n_controls++;
	return 0;
}

static int take_word(struct changes *c, const char *word)
{
	const char *equals = strchr(word, '='), *value = equals + 1;
	size_t length;

	if (!equals)
		return misused(c, word, "write KEY=VALUE");
	length = (size_t)(equals - word);
	for (int i = 0; i < N_SETTINGS; i++)
		if (strlen(kinds[i].key) == length && !strncmp(word, kinds[i].key, length))
			return take_setting(c, (enum setting)i, word, value);
	return take_control(c, word, length, value);
}

static int append_setting(sd_bus_message *m, const char *key, uint32_t value)
{
	return sd_bus_message_append(m, "{sv}", key, "t", (uint64_t)value);
}

static int append_settings(sd_bus_message *m, const struct changes *c)
{
	int r = sd_bus_message_open_container(m, 'a', "{sv}");

	for (int i = 0; r >= 0 && i < N_SETTINGS; i++) {
		if (!c->settings[i].given)
			continue;
		r = append_setting(m, kinds[i].name, c->settings[i].value);
		if (r >= 0 && kinds[i].height)
			r = append_setting(m, kinds[i].height, c->settings[i].height);
	}
	return r < 0 ? r : sd_bus_message_close_container(m);
}

/* "size, fps: when ..." */
static void print_settings(const struct changes *c, bool at_once, const char *when)
{
	const char *separator = "";

	for (int i = 0; i < N_SETTINGS; i++) {
		if (!c->settings[i].given || kinds[i].at_once != at_once)
			continue;
		printf("%s%s", separator, kinds[i].key);
		separator = ", ";
	}
	if (separator[0])
		printf(": %s.\n", when);
}

static bool any_setting(const struct changes *c)
{
	for (int i = 0; i < N_SETTINGS; i++)
		if (c->settings[i].given)
			return true;
	return false;
}

static int configure(const struct changes *c)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	char missing[BUS_SENTENCE_SIZE];
	int r;

	if (!any_setting(c))
		return 0;
	r = bus_new_named_call(c->ctl, &bus_camera, c->camera, "Configure", missing, &call);
	if (r)
		return r;
	r = append_settings(call, c);
	if (r < 0)
		return bus_call_failed(r);
	r = bus_send(c->ctl, call, missing, NULL);
	if (r || c->ctl->json)
		return r;
	print_settings(c, true, "from now on");
	print_settings(c, false,
		       "when the camera is opened next, after nobody has watched for a while");
	return 0;
}

static int set_control(const struct changes *c, struct change *change)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	char missing[BUS_SENTENCE_SIZE];
	int applied, r = bus_new_named_call(c->ctl, &bus_camera, c->camera, "SetControl", missing,
					    &call);

	if (r)
		return r;
	r = sd_bus_message_append(call, "si", change->control, change->value);
	if (r < 0)
		return bus_call_failed(r);
	r = bus_send(c->ctl, call, missing, &reply);
	if (r)
		return r;
	r = sd_bus_message_read(reply, "b", &applied);
	if (r < 0)
		return bus_reply_failed(r);
	change->applied = applied;
	if (!c->ctl->json)
		printf("%s: %d%s.\n", change->control, change->value,
		       applied ? "" : ", when the camera is opened next: nobody watches it now");
	return 0;
}

static int print_json(const struct changes *c)
{
	_cleanup_json_ struct json_object *record = json_object_new_object();
	struct json_object *controls = json_object_new_object();

	if (!record || !controls)
		return ctl_out_of_memory();
	json_set_text(record, "camera", c->camera);
	for (int i = 0; i < N_SETTINGS; i++) {
		if (!c->settings[i].given)
			continue;
		json_set_number(record, kinds[i].name, c->settings[i].value);
		if (kinds[i].height)
			json_set_number(record, kinds[i].height, c->settings[i].height);
	}
	for (size_t i = 0; i < c->n_controls; i++) {
		struct json_object *one = json_object_new_object();

		json_set(one, "value", json_object_new_int(c->controls[i].value));
		json_set(one, "applied", json_object_new_boolean(c->controls[i].applied));
		json_set(controls, c->controls[i].control, one);
	}
	json_set(record, "controls", controls);
	return json_print(record);
}

int camera_set(struct ctl *ctl, const struct args *args)
{
	struct changes changes = {.ctl = ctl, .camera = args->operand[0]};
	int r = check_name(ctl, "camera", changes.camera);

	for (unsigned i = 1; !r && args->operand[i]; i++)
		r = take_word(&changes, args->operand[i]);
	if (!r)
		r = configure(&changes);
	for (size_t i = 0; !r && i < changes.n_controls; i++)
		r = set_control(&changes, &changes.controls[i]);
	return r || !ctl->json ? r : print_json(&changes);
}
