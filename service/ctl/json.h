// SPDX-License-Identifier: LGPL-2.1-or-later
/* From D-Bus to JSON, and JSON to standard output. */
#pragma once

#include <json-c/json.h>

#include "base/cleanup.h"
#include "ctl/ctl.h"

#define _cleanup_json_ _cleanup_(json_put)

static inline void json_put(struct json_object **object)
{
	json_object_put(*object);
}

/*
 * The next complete value of the message. Dictionaries become objects (their keys must be strings
 * or paths), arrays and structures arrays, variants what they hold. The caller owns *ret.
 * Errors: -EBADMSG (of no kind that this service sends), -ENOMEM, those of sd-bus.
 */
int json_from_message(sd_bus_message *m, struct json_object **ret);

/* "NotBefore" -> "not_before"; to has room for twice the name. */
void json_key(const char *name, char *to, size_t size);

/* Reading without surprises: what is missing or of another type is "", 0 or NULL. */
const char *json_text(const struct json_object *object, const char *key);
uint64_t json_number(const struct json_object *object, const char *key);
double json_real(const struct json_object *object, const char *key);
bool json_true(const struct json_object *object, const char *key);
struct json_object *json_member(const struct json_object *object, const char *key);
/* Elements of an array; 0 of what is none. */
size_t json_count(const struct json_object *array);
struct json_object *json_at(const struct json_object *array, size_t i);

/* Setting; the value is owned by the object afterwards. */
void json_set(struct json_object *object, const char *key, struct json_object *value);
void json_set_text(struct json_object *object, const char *key, const char *text);
void json_set_number(struct json_object *object, const char *key, uint64_t number);
/* RFC 3339; null for 0. */
void json_set_time(struct json_object *object, const char *key, uint64_t t);
struct json_object *json_time(uint64_t t);

/* The document, over several lines, and a line end. */
int json_print(struct json_object *object);
/* {key: list}, so that there is room for more beside the list one day. */
int json_print_list(const char *key, struct json_object *list);
/* The document on one line, written out at once. */
int json_print_line(struct json_object *object);
