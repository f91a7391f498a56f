// SPDX-License-Identifier: LGPL-2.1-or-later
/* camera set NAME KEY=VALUE...: bitrate, gop, fps and size go by Configure, all others are the
 * device's controls. */
#include <stdio.h>

#include "base/parse.h"
#include "ctl/bus.h"
#include "ctl/check.h"
#include "ctl/json.h"
#include "ctl/verbs.h"
#include "dbus/names.h"

#define SENTENCE_SIZE 256
#define CONTROL_SIZE  32
#define DEFAULT       "default"

struct change {
	char control[CONTROL_SIZE];
	int32_t value;
	bool applied;
};

struct changes {
	struct ctl *ctl;
	const char *camera;
	bool has_size, has_fps, has_bitrate, has_gop;
	uint32_t width, height, fps, bitrate, gop; /* 0: back to what camera.d says */
	struct change controls[VERB_REPEATED_MAX];
	size_t n_controls;
};

static int misused(const struct changes *c, const char *word, const char *takes)
{
	return ctl_misused(c->ctl->verb, "'%s': %s.", word, takes);
}

static int take_number(const struct changes *c, const char *word, const char *value, bool *has,
		       uint32_t *ret)
{
	if (*has)
		return misused(c, word, "this is given twice");
	*has = true;
	*ret = 0;
	if (!strcmp(value, DEFAULT) || (parse_u32(value, UINT32_MAX, ret) == 0 && *ret))
		return 0;
	return misused(c, word, "it takes a number from 1 on, or 'default'");
}

static int take_size(struct changes *c, const char *word, const char *value)
{
	if (c->has_size)
		return misused(c, word, "this is given twice");
	c->has_size = true;
	if (!strcmp(value, DEFAULT) || parse_size(value, &c->width, &c->height) == 0)
		return 0;
	return misused(c, word, "it takes WIDTHxHEIGHT, or 'default'");
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
	if (!strncmp(word, "size=", 5))
		return take_size(c, word, value);
	if (!strncmp(word, "fps=", 4))
		return take_number(c, word, value, &c->has_fps, &c->fps);
	if (!strncmp(word, "bitrate=", 8))
		return take_number(c, word, value, &c->has_bitrate, &c->bitrate);
	if (!strncmp(word, "gop=", 4))
		return take_number(c, word, value, &c->has_gop, &c->gop);
	return take_control(c, word, length, value);
}

static int new_call(const struct changes *c, const char *method, char missing[SENTENCE_SIZE],
		    sd_bus_message **ret)
{
	_cleanup_free_ char *path = NULL;
	int r = bus_path(CAMWARD_PATH_CAMERAS, c->camera, &path);

	if (r)
		return r;
	snprintf(missing, SENTENCE_SIZE,
		 "There is no camera '%s': 'camwardctl cameras' lists them.", c->camera);
	return bus_new_call(c->ctl, path, CAMWARD_INTERFACE_CAMERA, method, ret);
}

static int append_setting(sd_bus_message *m, bool given, const char *key, uint32_t value)
{
	return given ? sd_bus_message_append(m, "{sv}", key, "t", (uint64_t)value) : 0;
}

static int append_settings(sd_bus_message *m, const struct changes *c)
{
	int r = sd_bus_message_open_container(m, 'a', "{sv}");

	if (r >= 0)
		r = append_setting(m, c->has_size, CAMWARD_SETTING_WIDTH, c->width);
	if (r >= 0)
		r = append_setting(m, c->has_size, CAMWARD_SETTING_HEIGHT, c->height);
	if (r >= 0)
		r = append_setting(m, c->has_fps, CAMWARD_SETTING_FPS, c->fps);
	if (r >= 0)
		r = append_setting(m, c->has_bitrate, CAMWARD_SETTING_BITRATE, c->bitrate);
	if (r >= 0)
		r = append_setting(m, c->has_gop, CAMWARD_SETTING_GOP, c->gop);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int configure(const struct changes *c)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	char missing[SENTENCE_SIZE];
	int r;

	if (!c->has_size && !c->has_fps && !c->has_bitrate && !c->has_gop)
		return 0;
	r = new_call(c, "Configure", missing, &call);
	if (r)
		return r;
	r = append_settings(call, c);
	if (r < 0)
		return bus_call_failed(r);
	r = bus_send(c->ctl, call, missing, NULL);
	if (r || c->ctl->json)
		return r;
	if (c->has_bitrate || c->has_gop)
		printf("%s%s%s: from now on.\n", c->has_bitrate ? "bitrate" : "",
		       c->has_bitrate && c->has_gop ? ", " : "", c->has_gop ? "gop" : "");
	if (c->has_size || c->has_fps)
		printf("%s%s%s: when the camera is opened next, after nobody has watched for a "
		       "while.\n",
		       c->has_size ? "size" : "", c->has_size && c->has_fps ? ", " : "",
		       c->has_fps ? "fps" : "");
	return 0;
}

static int set_control(const struct changes *c, struct change *change)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	char missing[SENTENCE_SIZE];
	int applied, r = new_call(c, "SetControl", missing, &call);

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
	if (c->has_size) {
		json_set_number(record, "width", c->width);
		json_set_number(record, "height", c->height);
	}
	if (c->has_fps)
		json_set_number(record, "fps", c->fps);
	if (c->has_bitrate)
		json_set_number(record, "bitrate", c->bitrate);
	if (c->has_gop)
		json_set_number(record, "gop", c->gop);
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
