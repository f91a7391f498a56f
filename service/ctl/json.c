// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/json.h"

#include <ctype.h>
#include <stdio.h>

#include "ctl/when.h"

static int from_container(sd_bus_message *m, char type, const char *contents,
			  struct json_object **ret);

/* 29.97, not 29.969999999999999. */
static struct json_object *from_double(double d)
{
	char text[32];

	snprintf(text, sizeof(text), "%.10g", d);
	return json_object_new_double_s(d, text);
}

static int from_basic(sd_bus_message *m, char type, struct json_object **ret)
{
	union {
		const char *s;
		uint8_t y;
		int b;
		uint16_t q;
		uint32_t u;
		int32_t i;
		uint64_t t;
		int64_t x;
		double d;
	} value;
	int r = sd_bus_message_read_basic(m, type, &value);

	if (r < 0)
		return r;
	switch (type) {
	case SD_BUS_TYPE_STRING:
	case SD_BUS_TYPE_OBJECT_PATH:
	case SD_BUS_TYPE_SIGNATURE:
		*ret = json_object_new_string(value.s);
		break;
	case SD_BUS_TYPE_BYTE:
		*ret = json_object_new_int64(value.y);
		break;
	case SD_BUS_TYPE_BOOLEAN:
		*ret = json_object_new_boolean(value.b);
		break;
	case SD_BUS_TYPE_UINT16:
		*ret = json_object_new_int(value.q);
		break;
	case SD_BUS_TYPE_UINT32:
		*ret = json_object_new_int64(value.u);
		break;
	case SD_BUS_TYPE_INT32:
		*ret = json_object_new_int64(value.i);
		break;
	case SD_BUS_TYPE_UINT64:
		*ret = json_object_new_uint64(value.t);
		break;
	case SD_BUS_TYPE_INT64:
		*ret = json_object_new_int64(value.x);
		break;
	case SD_BUS_TYPE_DOUBLE:
		*ret = from_double(value.d);
		break;
	default:
		return -EBADMSG;
	}
	return *ret ? 0 : -ENOMEM;
}

int json_from_message(sd_bus_message *m, struct json_object **ret)
{
	const char *contents;
	char type;
	int r = sd_bus_message_peek_type(m, &type, &contents);

	if (r < 0)
		return r;
	if (r == 0)
		return -EBADMSG;
	if (type == SD_BUS_TYPE_ARRAY || type == SD_BUS_TYPE_STRUCT || type == SD_BUS_TYPE_VARIANT)
		return from_container(m, type, contents, ret);
	return from_basic(m, type, ret);
}

static int read_entry(sd_bus_message *m, struct json_object *object)
{
	_cleanup_json_ struct json_object *value = NULL;
	const char *key, *contents;
	char type;
	int r = sd_bus_message_peek_type(m, &type, &contents);

	if (r < 0)
		return r;
	if (type != SD_BUS_TYPE_DICT_ENTRY || (*contents != 's' && *contents != 'o'))
		return -EBADMSG;
	r = sd_bus_message_enter_container(m, type, contents);
	if (r >= 0)
		r = sd_bus_message_read_basic(m, *contents, &key);
	if (r >= 0)
		r = json_from_message(m, &value);
	if (r >= 0 && json_object_object_add(object, key, value) < 0)
		r = -ENOMEM;
	if (r < 0)
		return r;
	value = NULL;
	return sd_bus_message_exit_container(m);
}

static int read_element(sd_bus_message *m, struct json_object *array)
{
	struct json_object *value = NULL;
	int r = json_from_message(m, &value);

	if (r < 0)
		return r;
	if (json_object_array_add(array, value) < 0) {
		json_object_put(value);
		return -ENOMEM;
	}
	return 0;
}

static int from_container(sd_bus_message *m, char type, const char *contents,
			  struct json_object **ret)
{
	_cleanup_json_ struct json_object *container = NULL;
	bool dictionary = type == SD_BUS_TYPE_ARRAY && *contents == '{';
	int r = sd_bus_message_enter_container(m, type, contents);

	if (r < 0)
		return r;
	if (type == SD_BUS_TYPE_VARIANT) {
		r = json_from_message(m, &container);
	} else {
		container = dictionary ? json_object_new_object() : json_object_new_array();
		if (!container)
			return -ENOMEM;
		while (r >= 0 && !(r = sd_bus_message_at_end(m, 0)))
			r = dictionary ? read_entry(m, container) : read_element(m, container);
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	if (r < 0)
		return r;
	*ret = steal_pointer(&container);
	return 0;
}

void json_key(const char *name, char *to, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; name[i] && n + 3 <= size; i++) {
		if (i > 0 && isupper((unsigned char)name[i]))
			to[n++] = '_';
		to[n++] = (char)tolower((unsigned char)name[i]);
	}
	to[n] = 0;
}

struct json_object *json_member(const struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	return json_object_object_get_ex(object, key, &value) ? value : NULL;
}

const char *json_text(const struct json_object *object, const char *key)
{
	struct json_object *value = json_member(object, key);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

uint64_t json_number(const struct json_object *object, const char *key)
{
	return json_object_get_uint64(json_member(object, key));
}

double json_real(const struct json_object *object, const char *key)
{
	return json_object_get_double(json_member(object, key));
}

bool json_true(const struct json_object *object, const char *key)
{
	return json_object_get_boolean(json_member(object, key));
}

size_t json_count(const struct json_object *array)
{
	return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

struct json_object *json_at(const struct json_object *array, size_t i)
{
	return i < json_count(array) ? json_object_array_get_idx(array, i) : NULL;
}

void json_set(struct json_object *object, const char *key, struct json_object *value)
{
	if (json_object_object_add(object, key, value) < 0)
		json_object_put(value);
}

void json_set_text(struct json_object *object, const char *key, const char *text)
{
	json_set(object, key, json_object_new_string(text));
}

void json_set_number(struct json_object *object, const char *key, uint64_t number)
{
	json_set(object, key, json_object_new_uint64(number));
}

struct json_object *json_time(uint64_t t)
{
	char text[WHEN_STRING_SIZE];

	if (!t)
		return NULL;
	when_format_rfc3339(t, text);
	return json_object_new_string(text);
}

void json_set_time(struct json_object *object, const char *key, uint64_t t)
{
	json_set(object, key, json_time(t));
}

static int print(struct json_object *object, int flags)
{
	const char *text = object ? json_object_to_json_string_ext(object, flags) : NULL;

	if (!text)
		return ctl_out_of_memory();
	puts(text);
	return 0;
}

int json_print(struct json_object *object)
{
	return print(object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
				     JSON_C_TO_STRING_NOSLASHESCAPE);
}

int json_print_list(const char *key, struct json_object *list)
{
	_cleanup_json_ struct json_object *document = json_object_new_object();

	if (!document)
		return ctl_out_of_memory();
	json_set(document, key, json_object_get(list));
	return json_print(document);
}

int json_print_line(struct json_object *object)
{
	int r = print(object, JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);

	fflush(stdout);
	return r;
}
