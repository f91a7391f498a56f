// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/parse.h"

#include <errno.h>
#include <string.h>

static bool name_character(char c, bool first)
{
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		return true;
	return !first && (c == '.' || c == '_' || c == '-');
}

bool name_valid_n(const char *text, size_t n)
{
	if (n < 1 || n > NAME_MAX_LENGTH)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!name_character(text[i], i == 0))
			return false;
	return true;
}

bool name_valid(const char *text)
{
	return text && name_valid_n(text, strnlen(text, NAME_MAX_LENGTH + 1));
}

int parse_u64(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (!text || !*text)
		return -EINVAL;
	for (; *text; text++) {
		unsigned digit = (unsigned)(*text - '0');

		if (*text < '0' || *text > '9')
			return -EINVAL;
		if (value > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		value = value * 10 + digit;
	}
	if (value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

int parse_u32(const char *text, uint32_t max, uint32_t *ret)
{
	uint64_t value;
	int r = parse_u64(text, max, &value);

	if (r < 0)
		return r;
	*ret = (uint32_t)value;
	return 0;
}

int parse_size(const char *text, uint32_t *ret_width, uint32_t *ret_height)
{
	const char *x = text ? strchr(text, 'x') : NULL;
	char width[16];
	uint32_t w, h;

	if (!x || (size_t)(x - text) >= sizeof(width))
		return -EINVAL;
	memcpy(width, text, (size_t)(x - text));
	width[x - text] = 0;
	if (parse_u32(width, 16384, &w) < 0 || parse_u32(x + 1, 16384, &h) < 0 || !w || !h)
		return -EINVAL;
	*ret_width = w;
	*ret_height = h;
	return 0;
}

void format_hex(const uint8_t *bytes, size_t n, char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[2 * n] = 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -EINVAL;
}

int parse_hex(const char *text, uint8_t *bytes, size_t n)
{
	if (!text || strlen(text) != 2 * n)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

static bool uuid_dash_before(size_t byte)
{
	return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

void format_uuid(const uint8_t uuid[UUID_SIZE], char text[UUID_STRING_SIZE])
{
	for (size_t i = 0; i < UUID_SIZE; i++) {
		if (uuid_dash_before(i))
			*text++ = '-';
		format_hex(uuid + i, 1, text);
		text += 2;
	}
}

int parse_uuid(const char *text, uint8_t uuid[UUID_SIZE])
{
	char plain[2 * UUID_SIZE + 1];
	size_t n = 0;

	if (!text || strlen(text) != UUID_STRING_SIZE - 1)
		return -EINVAL;
	for (size_t i = 0; text[i]; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash != (text[i] == '-'))
			return -EINVAL;
		if (!dash)
			plain[n++] = text[i];
	}
	plain[n] = 0;
	return parse_hex(plain, uuid, UUID_SIZE);
}

bool uuid_is_null(const uint8_t uuid[UUID_SIZE])
{
	static const uint8_t null[UUID_SIZE];

	return memcmp(uuid, null, UUID_SIZE) == 0;
}
