// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/peer-unit.h"

#include <errno.h>
#include <string.h>

#define CAMERA_PREFIX "camward-camera@"
#define SERVICE       ".service"
#define ESCAPE        "\\x"
#define ESCAPE_LENGTH 4

/* The character at *text, which moves on; 0: none that a name can have. */
static char unescape(const char **text, const char *end)
{
	uint8_t byte;
	char digits[3] = "";

	if (**text != '\\')
		return **text == '-' ? '\0' : *(*text)++;
	if (end - *text < ESCAPE_LENGTH || strncmp(*text, ESCAPE, strlen(ESCAPE)) != 0)
		return '\0';
	memcpy(digits, *text + strlen(ESCAPE), 2);
	*text += ESCAPE_LENGTH;
	return parse_hex(digits, &byte, 1) < 0 ? '\0' : (char)byte;
}

static int parse_instance(const char *text, const char *end, char name[NAME_SIZE])
{
	size_t n = 0;

	while (text < end) {
		char c = unescape(&text, end);

		if (!c || n == NAME_MAX_LENGTH)
			return -EPERM;
		name[n++] = c;
	}
	name[n] = '\0';
	return name_valid(name) ? PEER_CAMERA : -EPERM;
}

int peer_unit_parse(const char *unit, char name[NAME_SIZE])
{
	size_t length = strlen(unit), prefix = strlen(CAMERA_PREFIX), suffix = strlen(SERVICE);

	if (!strcmp(unit, PEER_UNIT_GATE))
		return PEER_GATE;
	if (length < prefix + suffix || strncmp(unit, CAMERA_PREFIX, prefix) != 0 ||
	    strcmp(unit + length - suffix, SERVICE) != 0)
		return -EPERM;
	return parse_instance(unit + prefix, unit + length - suffix, name);
}
