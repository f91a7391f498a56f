// SPDX-License-Identifier: LGPL-2.1-or-later
#include "name/place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* FNV-1a. */
#define HASH_BASIS 0xcbf29ce484222325U
#define HASH_PRIME 0x100000001b3U
/* "_h" cannot come from a character: 'h' is no hexadecimal digit. */
#define HASHED_PREFIX 40

#define ENCODED_MAX 1024

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

static uint64_t hash(const char *text)
{
	uint64_t h = HASH_BASIS;

	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * HASH_PRIME;
	return h;
}

static int encode(const char *text, char ret[ENCODED_MAX])
{
	size_t n = 0;

	for (; *text; text++) {
		if (n + 4 > ENCODED_MAX)
			return -EINVAL;
		if (is_plain(*text))
			ret[n++] = *text;
		else
			n += (size_t)snprintf(ret + n, ENCODED_MAX - n, "_%02x", (uint8_t)*text);
	}
	ret[n] = '\0';
	return 0;
}

int place_name(const char *id_path, const char *index, char name[NAME_SIZE])
{
	char place[ENCODED_MAX / 4], encoded[ENCODED_MAX];

	if (snprintf(place, sizeof(place), "%s-%s", id_path, index) >= (int)sizeof(place) ||
	    encode(place, encoded) < 0)
		return -EINVAL;
	if (strlen(encoded) <= NAME_MAX_LENGTH)
		snprintf(name, NAME_SIZE, "%s", encoded);
	else
		snprintf(name, NAME_SIZE, "%.*s_h%016llx", HASHED_PREFIX, encoded,
			 (unsigned long long)hash(place));
	return name_valid(name) ? 0 : -EINVAL;
}
