// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/watch.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "ctl/bus.h"
#include "ctl/events.h"
#include "ctl/objects.h"
#include "ctl/text.h"
#include "ctl/verbs.h"
#include "dbus/names.h"

#define PROPERTIES     "org.freedesktop.DBus.Properties"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

__attribute__((format(printf, 1, 0))) static void print_sentence(const char *format, va_list args)
{
	_cleanup_free_ char *sentence = NULL, *printable = NULL;
	char when[WHEN_STRING_SIZE];

	if (vasprintf(&sentence, format, args) < 0) {
		sentence = NULL;
		return;
	}
	printable = text_printable(sentence);
	when_format_local(clock_realtime(), when);
	printf("%s  %s\n", when, printable ? printable : "");
	fflush(stdout);
}

void watch_tell(struct watch *watch, const char *name, struct json_object *fields,
		const char *format, ...)
{
	_cleanup_json_ struct json_object *event = json_object_new_object(), *taken = fields;
	va_list args;

	if (!watch->ctl->json) {
		va_start(args, format);
		print_sentence(format, args);
		va_end(args);
		return;
	}
	json_set_time(event, "time", clock_realtime());
	json_set_text(event, "event", name);
	if (taken) {
		json_object_object_foreach(taken, key, value)
			json_set(event, key, json_object_get(value));
	}
	json_print_line(event);
}

static int read_manager(struct watch *watch)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	struct json_object *manager;
	int r = bus_new_call(watch->ctl, CAMWARD_PATH, PROPERTIES, "GetAll", &call);

	if (r)
		return r;
	r = sd_bus_message_append(call, "s", CAMWARD_INTERFACE_MANAGER);
	if (r < 0)
		return bus_call_failed(r);
	r = bus_send(watch->ctl, call, NULL, &reply);
	if (r)
		return r;
	r = json_from_message(reply, &manager);
	if (r < 0)
		return bus_reply_failed(r);
	json_object_put(watch->manager);
	watch->manager = manager;
	return 0;
}

/* Everything anew: at the start, and when the service has come back. */
static int read_all(struct watch *watch)
{
	struct json_object *tree;
	int r = read_manager(watch);

	if (!r)
		r = objects_fetch(watch->ctl, &tree);
	if (r)
		return r;
	json_object_put(watch->tree);
	watch->tree = tree;
	return 0;
}

/* The bus lets anybody send us signals that look like the service's. */
static bool from_service(const struct watch *watch, sd_bus_message *m)
{
	const char *sender = sd_bus_message_get_sender(m);

	return watch->owner && sender && strcmp(sender, watch->owner) == 0;
}

static int on_added(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	_cleanup_json_ struct json_object *interfaces = NULL;
	struct watch *watch = userdata;
	const char *path;
	int r;

	if (!from_service(watch, m))
		return 0;
	r = sd_bus_message_read(m, "o", &path);
	if (r >= 0)
		r = json_from_message(m, &interfaces);
	if (r < 0)
		return r;
	json_set(watch->tree, path, json_object_get(interfaces));
	json_object_object_foreach(interfaces, interface, properties)
		events_added(watch, interface, properties);
	return 0;
}

static int on_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	_cleanup_json_ struct json_object *interfaces = NULL;
	struct watch *watch = userdata;
	const char *path;
	int r;

	if (!from_service(watch, m))
		return 0;
	r = sd_bus_message_read(m, "o", &path);
	if (r < 0)
		return r;
	interfaces = json_object_get(json_member(watch->tree, path));
	if (!interfaces)
		return 0;
	json_object_object_del(watch->tree, path);
	json_object_object_foreach(interfaces, interface, properties)
		events_removed(watch, interface, properties);
	return 0;
}

/* A copy that shares its values. */
static struct json_object *shallow_copy(const struct json_object *object)
{
	struct json_object *copy = json_object_new_object();

	json_object_object_foreach(object, key, value) json_set(copy, key, json_object_get(value));
	return copy;
}

static int on_properties(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	_cleanup_json_ struct json_object *changed = NULL, *before = NULL;
	struct watch *watch = userdata;
	const char *interface, *path = sd_bus_message_get_path(m);
	struct json_object *now;
	int r;

	if (!from_service(watch, m))
		return 0;
	r = sd_bus_message_read(m, "s", &interface);
	if (r >= 0)
		r = json_from_message(m, &changed);
	if (r < 0)
		return r;
	now = strcmp(interface, CAMWARD_INTERFACE_MANAGER) == 0
		      ? watch->manager
		      : objects_find(watch->tree, path, interface);
	if (!now)
		return 0;
	before = shallow_copy(now);
	json_object_object_foreach(changed, key, value) json_set(now, key, json_object_get(value));
	events_changed(watch, interface, before, now);
	return 0;
}

static int on_lease_ended(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return from_service(userdata, m) ? events_lease_ended(userdata, m) : 0;
}

static int on_denied(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return from_service(userdata, m) ? events_denied(userdata, m) : 0;
}

static int on_tripwire(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return from_service(userdata, m) ? events_tripwire(userdata, m) : 0;
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct watch *watch = userdata;
	const char *name, *before, *now;
	int r = sd_bus_message_read(m, "sss", &name, &before, &now);

	if (r < 0)
		return r;
	free(steal_pointer(&watch->owner));
	if (!*now) {
		watch_tell(watch, "service-stopped", NULL,
			   "camwardd has stopped: nobody can watch.");
		return 0;
	}
	watch->owner = strdup(now);
	watch->failed = watch->owner ? read_all(watch) : ctl_out_of_memory();
	if (!watch->failed)
		watch_tell(watch, "service-started", NULL, "camwardd has started.");
	return 0;
}

static int read_owner(struct watch *watch)
{
	_cleanup_(sd_bus_creds_unrefp) sd_bus_creds *creds = NULL;
	const char *owner;

	/* If nobody owns it, the first call of read_all() says so better. */
	if (sd_bus_get_name_creds(watch->ctl->bus, CAMWARD_BUS_NAME, SD_BUS_CREDS_UNIQUE_NAME,
				  &creds) < 0 ||
	    sd_bus_creds_get_unique_name(creds, &owner) < 0)
		return 0;
	watch->owner = strdup(owner);
	return watch->owner ? 0 : ctl_out_of_memory();
}

static int subscribe(struct watch *watch)
{
	static const struct {
		const char *interface, *member;
		sd_bus_message_handler_t handler;
	} signals[] = {
		{OBJECT_MANAGER, "InterfacesAdded", on_added},
		{OBJECT_MANAGER, "InterfacesRemoved", on_removed},
		{PROPERTIES, "PropertiesChanged", on_properties},
		{CAMWARD_INTERFACE_MANAGER, "LeaseEnded", on_lease_ended},
		{CAMWARD_INTERFACE_MANAGER, "Denied", on_denied},
		{CAMWARD_INTERFACE_CAMERA, "Tripwire", on_tripwire},
	};
	sd_bus *bus = watch->ctl->bus;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(signals); i++)
		r = sd_bus_match_signal(bus, NULL, CAMWARD_BUS_NAME, NULL, signals[i].interface,
					signals[i].member, signals[i].handler, watch);
	if (r >= 0)
		r = sd_bus_add_match(bus, NULL,
				     "type='signal',sender='org.freedesktop.DBus',"
				     "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
				     "arg0='" CAMWARD_BUS_NAME "'",
				     on_owner, watch);
	return r < 0 ? ctl_fail("The service's signals cannot be had: %s.", strerror(-r)) : 0;
}

static int follow(struct watch *watch)
{
	while (!watch->failed && !ferror(stdout)) {
		int r = sd_bus_process(watch->ctl->bus, NULL);

		if (r == 0)
			r = sd_bus_wait(watch->ctl->bus, UINT64_MAX);
		if (r < 0 && r != -EINTR)
			return ctl_fail("The bus is gone: %s.", strerror(-r));
	}
	return watch->failed;
}

int watch_run(struct ctl *ctl, const struct args *args)
{
	struct watch watch = {.ctl = ctl};
	int r = bus_open(ctl);

	if (!r)
		r = subscribe(&watch);
	if (!r)
		r = read_owner(&watch);
	if (!r)
		r = read_all(&watch);
	if (!r) {
		watch_tell(&watch, "watching", NULL, "Watching camward %s.",
			   json_text(watch.manager, "Version"));
		r = follow(&watch);
	}
	/* The signals' handlers hold on to watch: the bus goes first. */
	ctl->bus = sd_bus_flush_close_unref(ctl->bus);
	json_object_put(watch.tree);
	json_object_put(watch.manager);
	free(watch.owner);
	return r;
}
