// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Small strict parsers and formatters for values that arrive as text. They accept exactly one
 * spelling: no signs, no white space, nothing after the value.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Names of cameras, clients and integrations: [a-z0-9][a-z0-9._-]{0,63}. */
#define NAME_MAX_LENGTH 64
#define NAME_SIZE       (NAME_MAX_LENGTH + 1)

#define UUID_SIZE        16
#define UUID_STRING_SIZE 37

/* Whether exactly these n bytes are a name; a NUL among them makes them none. */
bool name_valid_n(const char *text, size_t n);
bool name_valid(const char *text);

/* Decimal, at most max. Errors: -EINVAL (not a number), -ERANGE. */
int parse_u64(const char *text, uint64_t max, uint64_t *ret);
int parse_u32(const char *text, uint32_t max, uint32_t *ret);

/* "1280x720". */
int parse_size(const char *text, uint32_t *ret_width, uint32_t *ret_height);

/* Lower-case hexadecimal; text has room for 2 * n + 1 bytes. */
void format_hex(const uint8_t *bytes, size_t n, char *text);
/* Exactly n bytes, either case. Errors: -EINVAL. */
int parse_hex(const char *text, uint8_t *bytes, size_t n);

/* RFC 9562 text form, 8-4-4-4-12, lower case. */
void format_uuid(const uint8_t uuid[UUID_SIZE], char text[UUID_STRING_SIZE]);
int parse_uuid(const char *text, uint8_t uuid[UUID_SIZE]);
bool uuid_is_null(const uint8_t uuid[UUID_SIZE]);
