// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/ledger-read.h"

#include <string.h>

#include "ctl/bus.h"
#include "ctl/objects.h"
#include "dbus/names.h"

static int append_filter(sd_bus_message *m, const struct ledger_filter *filter)
{
	const struct {
		const char *key, *value;
	} names[] = {
		{CAMWARD_LEDGER_CLIENT, filter->client},
		{CAMWARD_LEDGER_INTEGRATION, filter->integration},
		{CAMWARD_LEDGER_CAMERA, filter->camera},
	};
	int r = sd_bus_message_open_container(m, 'a', "{sv}");

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(names); i++)
		if (names[i].value)
			r = sd_bus_message_append(m, "{sv}", names[i].key, "s", names[i].value);
	if (r >= 0)
		r = bus_append_time(m, CAMWARD_LEDGER_SINCE, filter->since);
	if (r >= 0)
		r = bus_append_time(m, CAMWARD_LEDGER_UNTIL, filter->until);
	if (r >= 0 && filter->reservations)
		r = sd_bus_message_append(m, "{sv}", CAMWARD_LEDGER_RESERVATIONS, "b", true);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int call_page(struct ctl *ctl, const struct ledger_filter *filter, uint64_t after,
		     sd_bus_message **ret)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	int r = bus_new_call(ctl, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER, "ReadLedger", &call);

	if (r)
		return r;
	r = sd_bus_message_append(call, "t", after);
	if (r >= 0)
		r = append_filter(call, filter);
	return r < 0 ? bus_call_failed(r) : bus_send(ctl, call, NULL, ret);
}

/* *ret_done: the last that is wanted has come. */
static int take_page(const struct json_object *events, const struct ledger_filter *filter,
		     ledger_take take, void *userdata, bool *ret_done)
{
	for (size_t i = 0; i < json_count(events); i++) {
		struct json_object *event = json_at(events, i);
		int r;

		if (filter->last && json_number(event, "seq") > filter->last) {
			*ret_done = true;
			return 0;
		}
		r = take(userdata, event);
		if (r)
			return r;
	}
	return 0;
}

int ledger_read_events(struct ctl *ctl, const struct ledger_filter *filter, ledger_take take,
		       void *userdata)
{
	uint64_t after = 0;
	bool done = false;

	do {
		_cleanup_message_ sd_bus_message *reply = NULL;
		_cleanup_json_ struct json_object *events = NULL;
		int r = call_page(ctl, filter, after, &reply);

		if (r)
			return r;
		r = sd_bus_message_read(reply, "t", &after);
		if (r >= 0)
			r = json_from_message(reply, &events);
		if (r < 0)
			return bus_reply_failed(r);
		r = take_page(events, filter, take, userdata, &done);
		if (r)
			return r;
	} while (after && !done);
	return 0;
}

static struct json_object *make_point(const struct json_object *structure)
{
	static const char *const keys[] = {"seq", "hash", "realtime", "signature"};
	struct json_object *point = json_object_new_object();

	for (size_t i = 0; point && i < ARRAY_SIZE(keys); i++)
		json_set(point, keys[i], json_object_get(json_at(structure, i)));
	return point;
}

static int make_start(struct ctl *ctl, const struct json_object *anchors, struct json_object **ret)
{
	_cleanup_json_ struct json_object *manager = NULL;
	struct json_object *start, *points;
	int r = objects_manager(ctl, &manager);

	if (r)
		return r;
	start = json_object_new_object();
	points = json_object_new_array();
	if (!start || !points)
		return ctl_out_of_memory();
	for (size_t i = 0; i < json_count(anchors); i++)
		json_object_array_add(points, make_point(json_at(anchors, i)));
	json_set_number(start, "camward_ledger", 1);
	json_set_text(start, "seal_root", json_text(manager, "seal_root"));
	json_set(start, "anchors", points);
	*ret = start;
	return 0;
}

int ledger_read_ends(struct ctl *ctl, struct json_object **ret_start, struct json_object **ret_end)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	_cleanup_json_ struct json_object *head = NULL, *anchors = NULL;
	int r = bus_new_call(ctl, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER, "LedgerEnds", &call);

	if (!r)
		r = bus_send(ctl, call, NULL, &reply);
	if (r)
		return r;
	r = json_from_message(reply, &head);
	if (r >= 0)
		r = json_from_message(reply, &anchors);
	if (r < 0)
		return bus_reply_failed(r);
	r = make_start(ctl, anchors, ret_start);
	if (r)
		return r;
	*ret_end = json_object_new_object();
	json_set(*ret_end, "head", make_point(head));
	return 0;
}

int ledger_read_line(FILE *file, const char *name, struct json_object **ret)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0;

	*ret = NULL;
	if (getline(&line, &size, file) < 0)
		return ferror(file) ? ctl_fail("%s cannot be read.", name) : 0;
	*ret = json_tokener_parse(line);
	if (!json_object_is_type(*ret, json_type_object)) {
		json_put(ret);
		*ret = NULL;
		return ctl_fail("%s is no export of a ledger: a line is no JSON object.", name);
	}
	return 0;
}
