// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What is being filled in. */
struct camera_parser {
	struct camera_configuration configuration;
	uint32_t seen;
};

enum settings_key {
	KEY_SIZE,
	KEY_FPS,
	KEY_BITRATE,
	KEY_GOP,
	KEY_SUB_SIZE,
	KEY_SUB_FPS,
	KEY_SUB_BITRATE,
	KEY_ENCODER,
	N_KEYS
};

static const char *const key_names[N_KEYS] = {
	[KEY_SIZE] = "size",
	[KEY_FPS] = "fps",
	[KEY_BITRATE] = "bitrate",
	[KEY_GOP] = "gop",
	[KEY_SUB_SIZE] = "sub_size",
	[KEY_SUB_FPS] = "sub_fps",
	[KEY_SUB_BITRATE] = "sub_bitrate",
	[KEY_ENCODER] = "encoder",
};

#define TAKES_SIZE    "WIDTHxHEIGHT, both even, such as 1280x720"
#define TAKES_FPS     "1 to 240"
#define TAKES_BITRATE "10000 to 100000000, in bit/s"

static const char *const key_values[N_KEYS] = {
	[KEY_SIZE] = TAKES_SIZE,           [KEY_FPS] = TAKES_FPS,
	[KEY_BITRATE] = TAKES_BITRATE,     [KEY_GOP] = "1 to 3600, in frames",
	[KEY_SUB_SIZE] = TAKES_SIZE,       [KEY_SUB_FPS] = TAKES_FPS,
	[KEY_SUB_BITRATE] = TAKES_BITRATE, [KEY_ENCODER] = "auto or software",
};

static int find_key(const char *name)
{
	for (int key = 0; key < N_KEYS; key++)
		if (!strcmp(key_names[key], name))
			return key;
	return -ENOENT;
}

static bool parse_side(uint32_t side)
{
	return side >= SETTINGS_SIDE_MIN && side <= SETTINGS_SIDE_MAX && side % 2 == 0;
}

static bool parse_bounded(const char *value, uint32_t min, uint32_t max, uint32_t *ret)
{
	return parse_u32(value, max, ret) == 0 && *ret >= min;
}

static bool parse_sides(const char *value, uint32_t *width, uint32_t *height)
{
	return parse_size(value, width, height) == 0 && parse_side(*width) && parse_side(*height);
}

static bool parse_value(struct camera_configuration *c, enum settings_key key, const char *value)
{
	switch (key) {
	case KEY_SIZE:
		return parse_sides(value, &c->width, &c->height);
	case KEY_SUB_SIZE:
		return parse_sides(value, &c->sub_width, &c->sub_height);
	case KEY_SUB_FPS:
		return parse_bounded(value, 1, SETTINGS_FPS_MAX, &c->sub_fps);
	case KEY_SUB_BITRATE:
		return parse_bounded(value, SETTINGS_BITRATE_MIN, SETTINGS_BITRATE_MAX,
				     &c->sub_bitrate);
	case KEY_FPS:
		return parse_bounded(value, 1, SETTINGS_FPS_MAX, &c->fps);
	case KEY_BITRATE:
		return parse_bounded(value, SETTINGS_BITRATE_MIN, SETTINGS_BITRATE_MAX,
				     &c->bitrate);
	case KEY_ENCODER:
		c->encoder =
			!strcmp(value, "software") ? CAMERA_ENCODER_SOFTWARE : CAMERA_ENCODER_AUTO;
		return c->encoder || !strcmp(value, "auto");
	case KEY_GOP:
		return parse_bounded(value, 1, SETTINGS_GOP_MAX, &c->gop);
	default:
		return false;
	}
}

static bool in_bounds(uint32_t value, uint32_t min, uint32_t max)
{
	return !value || (value >= min && value <= max);
}

static bool sides_valid(uint32_t width, uint32_t height)
{
	return (!width && !height) || (parse_side(width) && parse_side(height));
}

bool settings_valid(const struct camera_configuration *c)
{
	return sides_valid(c->width, c->height) && sides_valid(c->sub_width, c->sub_height) &&
	       in_bounds(c->fps, 1, SETTINGS_FPS_MAX) &&
	       in_bounds(c->sub_fps, 1, SETTINGS_FPS_MAX) &&
	       in_bounds(c->bitrate, SETTINGS_BITRATE_MIN, SETTINGS_BITRATE_MAX) &&
	       in_bounds(c->sub_bitrate, SETTINGS_BITRATE_MIN, SETTINGS_BITRATE_MAX) &&
	       in_bounds(c->gop, 1, SETTINGS_GOP_MAX) && c->encoder < CAMERA_N_ENCODERS;
}

static void overlay(uint32_t *value, uint32_t chosen)
{
	if (chosen)
		*value = chosen;
}

void settings_overlay(struct camera_configuration *c, const struct camera_configuration *chosen)
{
	overlay(&c->width, chosen->width);
	overlay(&c->height, chosen->height);
	overlay(&c->fps, chosen->fps);
	overlay(&c->bitrate, chosen->bitrate);
	overlay(&c->gop, chosen->gop);
	overlay(&c->sub_width, chosen->sub_width);
	overlay(&c->sub_height, chosen->sub_height);
	overlay(&c->sub_fps, chosen->sub_fps);
	overlay(&c->sub_bitrate, chosen->sub_bitrate);
	overlay(&c->encoder, chosen->encoder);
}

static bool take_setting(void *userdata, const char *section, const char *name, const char *value,
			 char error[SETTINGS_ERROR_SIZE])
{
	struct camera_parser *p = userdata;
	int key = find_key(name);

	if (!strcmp(section, "match")) {
		if (!strcmp(name, "id_path") || !strcmp(name, "serial"))
			return true;
		snprintf(error, SETTINGS_ERROR_SIZE,
			 "[match] has no '%.64s', only id_path and serial", name);
		return false;
	}
	if (strcmp(section, "camera") != 0) {
		snprintf(error, SETTINGS_ERROR_SIZE,
			 "there is no section [%.64s], only [camera] and [match]", section);
		return false;
	}
	if (key < 0) {
		snprintf(error, SETTINGS_ERROR_SIZE,
			 "there is no setting '%.64s', only size, fps, bitrate, gop, sub_size, "
			 "sub_fps, sub_bitrate and encoder",
			 name);
		return false;
	}
	if (p->seen & (1U << key)) {
		snprintf(error, SETTINGS_ERROR_SIZE, "'%s' is given twice", key_names[key]);
		return false;
	}
	p->seen |= 1U << key;
	if (parse_value(&p->configuration, (enum settings_key)key, value))
		return true;
	snprintf(error, SETTINGS_ERROR_SIZE, "%s=%.64s: it takes %s", key_names[key], value,
		 key_values[key]);
	return false;
}

static bool path_of(char path[SETTINGS_PATH_SIZE], const char *directory, const char *name)
{
	return snprintf(path, SETTINGS_PATH_SIZE, "%s/camera.d/%s.conf", directory, name) <
	       SETTINGS_PATH_SIZE;
}

int settings_load_camera(const char *directory, const char *name, struct camera_configuration *ret,
			 char error[SETTINGS_ERROR_SIZE])
{
	struct camera_parser camera = {};
	char path[SETTINGS_PATH_SIZE];
	int r = -ENAMETOOLONG;

	error[0] = '\0';
	if (path_of(path, directory, name))
		r = settings_file_read(path, take_setting, &camera, error);
	*ret = r < 0 ? (struct camera_configuration){} : camera.configuration;
	return r;
}
