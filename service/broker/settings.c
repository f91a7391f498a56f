// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/settings.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define PATH_SIZE 4096

DEFINE_CLEANUP(FILE *, fclose)

struct settings_parser {
	FILE *file;
	struct camera_configuration *configuration;
	int line;       /* the one being read */
	int error_line; /* of the first error that on_line found; 0: none */
	char error[SETTINGS_ERROR_SIZE];
	uint32_t seen;
};

enum settings_key {
	KEY_SIZE,
	KEY_FPS,
	KEY_BITRATE,
	KEY_GOP,
	N_KEYS
};

static const char *const key_names[N_KEYS] = {
	[KEY_SIZE] = "size",
	[KEY_FPS] = "fps",
	[KEY_BITRATE] = "bitrate",
	[KEY_GOP] = "gop",
};

static const char *const key_values[N_KEYS] = {
	[KEY_SIZE] = "WIDTHxHEIGHT, both even, such as 1280x720",
	[KEY_FPS] = "1 to 240",
	[KEY_BITRATE] = "10000 to 100000000, in bit/s",
	[KEY_GOP] = "1 to 3600, in frames",
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

static bool parse_value(struct camera_configuration *c, enum settings_key key, const char *value)
{
	switch (key) {
	case KEY_SIZE:
		return parse_size(value, &c->width, &c->height) == 0 && parse_side(c->width) &&
		       parse_side(c->height);
	case KEY_FPS:
		return parse_bounded(value, 1, SETTINGS_FPS_MAX, &c->fps);
	case KEY_BITRATE:
		return parse_bounded(value, SETTINGS_BITRATE_MIN, SETTINGS_BITRATE_MAX,
				     &c->bitrate);
	case KEY_GOP:
		return parse_bounded(value, 1, SETTINGS_GOP_MAX, &c->gop);
	default:
		return false;
	}
}

/* Whether this setting is sound; otherwise error says why not. */
static bool take_setting(struct settings_parser *p, const char *section, const char *name,
			 const char *value)
{
	int key = find_key(name);

	if (!strcmp(section, "match")) {
		if (!strcmp(name, "id_path") || !strcmp(name, "serial"))
			return true;
		snprintf(p->error, sizeof(p->error),
			 "[match] has no '%.64s', only id_path and serial", name);
		return false;
	}
	if (strcmp(section, "camera") != 0) {
		snprintf(p->error, sizeof(p->error),
			 "there is no section [%.64s], only [camera] and [match]", section);
		return false;
	}
	if (key < 0) {
		snprintf(p->error, sizeof(p->error),
			 "there is no setting '%.64s', only size, fps, bitrate and gop", name);
		return false;
	}
	if (p->seen & (1U << key)) {
		snprintf(p->error, sizeof(p->error), "'%s' is given twice", key_names[key]);
		return false;
	}
	p->seen |= 1U << key;
	if (parse_value(p->configuration, (enum settings_key)key, value))
		return true;
	snprintf(p->error, sizeof(p->error), "%s=%.64s: it takes %s", key_names[key], value,
		 key_values[key]);
	return false;
}

/* inih's: 0 is an error in this line. */
static int on_line(void *userdata, const char *section, const char *name, const char *value)
{
	struct settings_parser *p = userdata;

	if (p->error_line)
		return 0;
	if (take_setting(p, section, name, value))
		return 1;
	p->error_line = p->line;
	return 0;
}

/* inih does not tell its handler which line it is at. */
static char *read_line(char *line, int size, void *userdata)
{
	struct settings_parser *p = userdata;

	p->line++;
	return fgets(line, size, p->file);
}

int settings_load_camera(const char *directory, const char *name, struct camera_configuration *ret,
			 char error[SETTINGS_ERROR_SIZE])
{
	_cleanup_(fclosep) FILE *file = NULL;
	char path[PATH_SIZE];
	struct camera_configuration configuration = {};
	struct settings_parser parser = {.configuration = &configuration};
	int line;

	error[0] = '\0';
	*ret = configuration;
	if (snprintf(path, sizeof(path), "%s/camera.d/%s.conf", directory, name) >= PATH_SIZE)
		return -ENAMETOOLONG;
	file = fopen(path, "re");
	if (!file && errno == ENOENT)
		return 0;
	if (!file) {
		int r = -errno;

		snprintf(error, SETTINGS_ERROR_SIZE, "%.180s: %s", path, strerror(-r));
		return r;
	}
	parser.file = file;
	line = ini_parse_stream(read_line, &parser, on_line, &parser);
	if (line != 0) {
		snprintf(error, SETTINGS_ERROR_SIZE, "%.100s:%d: %.140s", path, line,
			 line == parser.error_line ? parser.error
						   : "this is no line of the form KEY=VALUE");
		return -EINVAL;
	}
	*ret = configuration;
	return 0;
}
