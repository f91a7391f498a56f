// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/objects.h"

#include "ctl/bus.h"
#include "ctl/when.h"
#include "dbus/names.h"

static int call_for_tree(struct ctl *ctl, const char *path, const char *interface,
			 const char *method, const char *argument, struct json_object **ret)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	int r = bus_new_call(ctl, path, interface, method, &call);

	if (r)
		return r;
	if (argument) {
		r = sd_bus_message_append(call, "s", argument);
		if (r < 0)
			return bus_call_failed(r);
	}
	r = bus_send(ctl, call, NULL, &reply);
	if (r)
		return r;
	r = json_from_message(reply, ret);
	return r < 0 ? bus_reply_failed(r) : 0;
}

int objects_fetch(struct ctl *ctl, struct json_object **ret)
{
	return call_for_tree(ctl, CAMWARD_PATH, "org.freedesktop.DBus.ObjectManager",
			     "GetManagedObjects", NULL, ret);
}

static bool is_time(const char *property)
{
	static const char *const times[] = {"Created", "Since", "NotBefore", "NotAfter"};

	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		if (strcmp(property, times[i]) == 0)
			return true;
	return false;
}

/* Structures whose members have names: what each position is called; a time begins with '@'. */
static const struct structure {
	const char *property;
	const char *member[11];
} structures[] = {
	{"Streams", {"name", "codec", "width", "height", "running"}},
	{"Controls",
	 {"name", "title", "type", "flags", "minimum", "maximum", "step", "default", "value",
	  "menu"}},
	{"Tokens", {"id", "@created", "@expires", "@used"}},
	{"Certificates", {"fingerprint", "@created", "@expires", "issued_here", "@used"}},
	{"Suspensions", {"kind", "name", "reason", "@since"}},
	{"Listeners", {"service", "address", "port"}},
};

static const struct structure menu = {"menu", {"value", "text"}};

static struct json_object *records_from_structures(const struct structure *structure,
						   struct json_object *list);

static struct json_object *record_from_structure(const struct structure *structure,
						 const struct json_object *values)
{
	struct json_object *record = json_object_new_object();

	for (size_t i = 0; record && structure->member[i]; i++) {
		const char *name = structure->member[i];
		struct json_object *value = json_at(values, i);

		if (!strcmp(name, menu.property))
			json_set(record, name, records_from_structures(&menu, value));
		else if (*name == '@')
			json_set_time(record, name + 1, json_object_get_uint64(value));
		else
			json_set(record, name, json_object_get(value));
	}
	return record;
}

static struct json_object *records_from_structures(const struct structure *structure,
						   struct json_object *list)
{
	struct json_object *records = json_object_new_array();

	for (size_t i = 0; records && i < json_count(list); i++) {
		struct json_object *values = json_at(list, i), *record = NULL;

		if (json_object_is_type(values, json_type_array))
			record = record_from_structure(structure, values);
		if (record && json_object_array_add(records, record) < 0)
			json_object_put(record);
	}
	return records;
}

static struct json_object *record_value(const char *property, struct json_object *value)
{
	if (is_time(property))
		return json_time(json_object_get_uint64(value));
	for (size_t i = 0; i < ARRAY_SIZE(structures); i++)
		if (strcmp(property, structures[i].property) == 0)
			return records_from_structures(&structures[i], value);
	return json_object_get(value);
}

struct json_object *objects_record(const struct json_object *properties)
{
	struct json_object *record = json_object_new_object();
	char key[128];

	if (!record)
		return NULL;
	json_object_object_foreach(properties, property, value)
	{
		json_key(property, key, sizeof(key));
		json_set(record, key, record_value(property, value));
	}
	return record;
}

static int compare(const void *a, const void *b)
{
	const struct json_object *left = *(struct json_object *const *)a;
	const struct json_object *right = *(struct json_object *const *)b;
	uint64_t left_id = json_number(left, "id"), right_id = json_number(right, "id");

	if (left_id != right_id)
		return left_id < right_id ? -1 : 1;
	return strcmp(json_text(left, "name"), json_text(right, "name"));
}

struct json_object *objects_select(const struct json_object *tree, const char *interface)
{
	struct json_object *list = json_object_new_array();

	if (!list)
		return NULL;
	json_object_object_foreach(tree, path, interfaces)
	{
		struct json_object *properties = json_member(interfaces, interface), *record;

		(void)path;
		if (!properties)
			continue;
		record = objects_record(properties);
		if (!record || json_object_array_add(list, record) < 0) {
			json_object_put(record);
			json_object_put(list);
			return NULL;
		}
	}
	json_object_array_sort(list, compare);
	return list;
}

int objects_list(struct ctl *ctl, const char *interface, struct json_object **ret)
{
	_cleanup_json_ struct json_object *tree = NULL;
	int r = objects_fetch(ctl, &tree);

	if (r)
		return r;
	*ret = objects_select(tree, interface);
	return *ret ? 0 : ctl_out_of_memory();
}

struct json_object *objects_find(const struct json_object *tree, const char *path,
				 const char *interface)
{
	return json_member(json_member(tree, path), interface);
}

int objects_manager(struct ctl *ctl, struct json_object **ret)
{
	_cleanup_json_ struct json_object *properties = NULL;
	int r = call_for_tree(ctl, CAMWARD_PATH, "org.freedesktop.DBus.Properties", "GetAll",
			      CAMWARD_INTERFACE_MANAGER, &properties);

	if (r)
		return r;
	*ret = objects_record(properties);
	return *ret ? 0 : ctl_out_of_memory();
}

const char *objects_when(const struct json_object *record, const char *key, const char *none,
			 char text[WHEN_STRING_SIZE])
{
	uint64_t t;

	if (when_parse(json_text(record, key), 0, &t) < 0)
		return none;
	when_format_local(t, text);
	return text;
}

void objects_print_source(const struct json_object *record, FILE *stream)
{
	const char *source = json_text(record, "source");

	if (*source)
		fprintf(stream, "(policy.d/%s) ", source);
}
