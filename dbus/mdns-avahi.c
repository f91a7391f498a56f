// SPDX-License-Identifier: LGPL-2.1-or-later
/* Avahi: an entry group with both services, which goes when we leave the bus. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "dbus/mdns-backend.h"

#define NAME      "org.freedesktop.Avahi"
#define INTERFACE NAME ".EntryGroup"

#define COLLISION_ERROR NAME ".CollisionError"

/* avahi-common/defs.h */
#define SERVER_RUNNING    2
#define GROUP_ESTABLISHED 2
#define GROUP_COLLISION   3
#define GROUP_FAILURE     4
#define ANY_INTERFACE     (-1)
#define ANY_PROTOCOL      (-1)

/* True: it was an error, which has been seen to. */
static bool has_failed(struct mdns *mdns, sd_bus_message *answer)
{
	const sd_bus_error *error = sd_bus_message_get_error(answer);

	mdns->call = sd_bus_slot_unref(mdns->call);
	if (!sd_bus_message_is_method_error(answer, NULL))
		return false;
	if (sd_bus_error_has_name(error, COLLISION_ERROR))
		mdns_conflict(mdns);
	else
		mdns_failed(mdns, error->message ? error->message : error->name);
	return true;
}

/* The group is ready to be made known: its state follows by signals. */
static int on_committed(sd_bus_message *answer, void *userdata, sd_bus_error *error)
{
	(void)has_failed(userdata, answer);
	return 1;
}

static int append_service(struct mdns *mdns, sd_bus_message *call,
			  const struct mdns_service *service)
{
	static const char txt[] = MDNS_TXT_KEY "=" MDNS_TXT_VALUE;
	/* Domain and host: those of the machine. */
	int r = sd_bus_message_append(call, "iiussssq", ANY_INTERFACE, ANY_PROTOCOL, 0, mdns->name,
				      service->type, "", "", service->port);

	if (r >= 0)
		r = sd_bus_message_open_container(call, 'a', "ay");
	if (r >= 0)
		r = sd_bus_message_append_array(call, 'y', txt, sizeof(txt) - 1);
	return r < 0 ? r : sd_bus_message_close_container(call);
}

static int on_added(sd_bus_message *answer, void *userdata, sd_bus_error *error);

/* Adds the next service, or commits. */
static void go_on(struct mdns *mdns)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
	bool all = mdns->step == mdns->n_services;
	int r = mdns_new_call(mdns, &call, mdns->group, INTERFACE, all ? "Commit" : "AddService");

	if (r >= 0 && !all)
		r = append_service(mdns, call, &mdns->services[mdns->step]);
	if (r < 0)
		mdns_failed(mdns, strerror(-r));
	else
		mdns_call(mdns, call, all ? on_committed : on_added);
}

static int on_added(sd_bus_message *answer, void *userdata, sd_bus_error *error)
{
	struct mdns *mdns = userdata;

	if (has_failed(mdns, answer))
		return 1;
	mdns->step++;
	go_on(mdns);
	return 1;
}

static int on_group(sd_bus_message *answer, void *userdata, sd_bus_error *error)
{
	struct mdns *mdns = userdata;
	const char *path;

	if (has_failed(mdns, answer))
		return 1;
	if (sd_bus_message_read(answer, "o", &path) > 0)
		mdns->group = strdup(path);
	mdns->step = 0;
	if (mdns->group)
		go_on(mdns);
	else
		mdns_failed(mdns, "it gives no entry group");
	return 1;
}

static void ask_server(struct mdns *mdns, const char *member, sd_bus_message_handler_t on_answer)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
	int r = mdns_new_call(mdns, &call, "/", NAME ".Server", member);

	if (r < 0)
		mdns_failed(mdns, strerror(-r));
	else
		mdns_call(mdns, call, on_answer);
}

static int on_state(sd_bus_message *answer, void *userdata, sd_bus_error *error)
{
	struct mdns *mdns = userdata;
	int state = 0;

	if (has_failed(mdns, answer))
		return 1;
	/* Otherwise the machine has no name yet; a signal says when it has. */
	if (sd_bus_message_read(answer, "i", &state) > 0 && state == SERVER_RUNNING)
		ask_server(mdns, "EntryGroupNew", on_group);
	return 1;
}

static void publish(struct mdns *mdns)
{
	ask_server(mdns, "GetState", on_state);
}

static void withdraw(struct mdns *mdns, bool last)
{
	_cleanup_free_ char *group = steal_pointer(&mdns->group);
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;

	if (group && mdns_new_call(mdns, &call, group, INTERFACE, "Free") >= 0)
		mdns_call_off(mdns, call, last);
}

static void on_server_state(struct mdns *mdns, int state)
{
	/* The machine's name may be another now, and the services stand under it. */
	mdns->call = sd_bus_slot_unref(mdns->call);
	mdns->announced = false;
	withdraw(mdns, false);
	if (state == SERVER_RUNNING)
		ask_server(mdns, "EntryGroupNew", on_group);
}

static void on_group_state(struct mdns *mdns, int state, const char *why)
{
	if (state == GROUP_ESTABLISHED)
		mdns_announced(mdns);
	else if (state == GROUP_COLLISION)
		mdns_conflict(mdns);
	else if (state == GROUP_FAILURE)
		mdns_failed(mdns, why);
}

static void on_signal(struct mdns *mdns, sd_bus_message *signal)
{
	const char *path = sd_bus_message_get_path(signal), *why;
	int state;

	if (sd_bus_message_read(signal, "is", &state, &why) <= 0)
		return;
	if (sd_bus_message_is_signal(signal, NAME ".Server", "StateChanged"))
		on_server_state(mdns, state);
	else if (mdns->group && !strcmp(path, mdns->group))
		on_group_state(mdns, state, why);
}

const struct mdns_backend mdns_avahi = {
	.title = "Avahi",
	.bus_name = NAME,
	.matches = {"type='signal',sender='" NAME "',interface='" NAME
		    ".Server',member='StateChanged'",
		    "type='signal',sender='" NAME "',interface='" INTERFACE
		    "',member='StateChanged'"},
	.publish = publish,
	.withdraw = withdraw,
	.signal = on_signal,
};
