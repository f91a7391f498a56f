// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/events.h"

#include "ctl/objects.h"
#include "ctl/suspend.h"
#include "ctl/text.h"
#include "dbus/names.h"

#define UNSIGNED(object, key) ((unsigned long long)json_number(object, key))

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* {key: the property's value} for each pair; ended by NULL. */
static struct json_object *fields_from(const struct json_object *properties,
				       const char *const *pairs)
{
	struct json_object *fields = json_object_new_object();

	for (; fields && pairs[0]; pairs += 2)
		json_set(fields, pairs[0], json_object_get(json_member(properties, pairs[1])));
	return fields;
}

static struct json_object *lease_fields(const struct json_object *lease)
{
	static const char *const pairs[] = {"lease",    "Id",       "client", "Client", "camera",
					    "Camera",   "right",    "Right",  "stream", "Stream",
					    "protocol", "Protocol", "peer",   "Peer",   NULL};

	return fields_from(lease, pairs);
}

static struct json_object *grant_fields(const struct json_object *grant)
{
	struct json_object *record = objects_record(grant), *fields = json_object_new_object();

	if (record && fields) {
		json_set_number(fields, "grant", json_number(record, "id"));
		json_object_object_del(record, "id");
		json_object_object_foreach(record, key, value)
			json_set(fields, key, json_object_get(value));
	}
	json_object_put(record);
	return fields;
}

static struct json_object *name_field(const char *key, const struct json_object *properties)
{
	struct json_object *fields = json_object_new_object();

	json_set_text(fields, key, json_text(properties, "Name"));
	return fields;
}

static struct json_object *camera_fields(const struct json_object *camera)
{
	static const char *const pairs[] = {"camera", "Name",   "condition", "Condition",
					    "reason", "Reason", NULL};

	return fields_from(camera, pairs);
}

static void lease_running(struct watch *watch, const struct json_object *lease)
{
	watch_tell(watch, "lease-running", lease_fields(lease),
		   "%s watches %s from %s (lease %llu).", json_text(lease, "Client"),
		   json_text(lease, "Camera"), json_text(lease, "Peer"), UNSIGNED(lease, "Id"));
}

static void lease_added(struct watch *watch, const struct json_object *lease)
{
	if (is(json_text(lease, "State"), "running")) {
		lease_running(watch, lease);
		return;
	}
	watch_tell(watch, "lease-opening", lease_fields(lease), "%s opens %s from %s (lease %llu).",
		   json_text(lease, "Client"), json_text(lease, "Camera"), json_text(lease, "Peer"),
		   UNSIGNED(lease, "Id"));
}

void events_added(struct watch *watch, const char *interface, const struct json_object *properties)
{
	const char *name = json_text(properties, "Name");

	if (is(interface, CAMWARD_INTERFACE_LEASE))
		lease_added(watch, properties);
	else if (is(interface, CAMWARD_INTERFACE_GRANT))
		watch_tell(watch, "grant-added", grant_fields(properties),
			   "%s may watch %s (grant %llu).", json_text(properties, "Client"),
			   json_text(properties, "Camera"), UNSIGNED(properties, "Id"));
	else if (is(interface, CAMWARD_INTERFACE_INTEGRATION))
		watch_tell(watch, "integration-added", name_field("integration", properties),
			   "Integration %s is added.", name);
	else if (is(interface, CAMWARD_INTERFACE_CLIENT))
		watch_tell(watch, "client-added", name_field("client", properties),
			   "Client %s is added.", name);
	else if (is(interface, CAMWARD_INTERFACE_CAMERA))
		watch_tell(watch, "camera-added", camera_fields(properties),
			   "Camera %s is new: %s.", name, json_text(properties, "Condition"));
}

/* A lease's end is told by its signal, which says why. */
void events_removed(struct watch *watch, const char *interface,
		    const struct json_object *properties)
{
	const char *name = json_text(properties, "Name");

	if (is(interface, CAMWARD_INTERFACE_GRANT))
		watch_tell(watch, "grant-removed", grant_fields(properties),
			   "Grant %llu, of %s for %s, is revoked.", UNSIGNED(properties, "Id"),
			   json_text(properties, "Client"), json_text(properties, "Camera"));
	else if (is(interface, CAMWARD_INTERFACE_INTEGRATION))
		watch_tell(watch, "integration-removed", name_field("integration", properties),
			   "Integration %s is removed.", name);
	else if (is(interface, CAMWARD_INTERFACE_CLIENT))
		watch_tell(watch, "client-removed", name_field("client", properties),
			   "Client %s is removed.", name);
	else if (is(interface, CAMWARD_INTERFACE_CAMERA))
		watch_tell(watch, "camera-removed", name_field("camera", properties),
			   "Camera %s is gone.", name);
}

static bool differs(const struct json_object *before, const struct json_object *now,
		    const char *property)
{
	return !json_object_equal(json_member(before, property), json_member(now, property));
}

static void camera_changed(struct watch *watch, const struct json_object *before,
			   const struct json_object *now)
{
	const char *reason = json_text(now, "Reason");
	struct json_object *fields;

	if (differs(before, now, "Watching"))
		watch_tell(watch,
			   json_true(now, "Watching") ? "camera-watched" : "camera-unwatched",
			   name_field("camera", now),
			   json_true(now, "Watching") ? "Somebody watches %s."
						      : "Nobody watches %s any more.",
			   json_text(now, "Name"));
	if (!differs(before, now, "Condition"))
		return;
	fields = camera_fields(now);
	json_set_text(fields, "before", json_text(before, "Condition"));
	watch_tell(watch, "camera-condition", fields, "Camera %s is %s, after %s%s%s.",
		   json_text(now, "Name"), json_text(now, "Condition"),
		   json_text(before, "Condition"), *reason ? ": " : "", reason);
}

static void lease_changed(struct watch *watch, const struct json_object *before,
			  const struct json_object *now)
{
	if (differs(before, now, "State") && is(json_text(now, "State"), "running"))
		lease_running(watch, now);
	if (differs(before, now, "Stream"))
		watch_tell(watch, "lease-stream", lease_fields(now),
			   "%s now gets the stream %s of %s (lease %llu).",
			   json_text(now, "Client"), json_text(now, "Stream"),
			   json_text(now, "Camera"), UNSIGNED(now, "Id"));
}

static void client_changed(struct watch *watch, const struct json_object *before,
			   const struct json_object *now)
{
	unsigned long long n = json_count(json_member(now, "Tokens"));
	const char *integration = json_text(now, "Integration");
	struct json_object *fields;

	if (differs(before, now, "Integration")) {
		fields = name_field("client", now);
		json_set_text(fields, "integration", integration);
		watch_tell(watch, "client-moved", fields, "Client %s is of %s now.",
			   json_text(now, "Name"), *integration ? integration : "no integration");
	}
	if (!differs(before, now, "Tokens"))
		return;
	fields = name_field("client", now);
	json_set_number(fields, "tokens", n);
	watch_tell(watch, "client-tokens", fields, "Client %s has %llu token%s now, after %llu.",
		   json_text(now, "Name"), n, TEXT_PLURAL(n),
		   (unsigned long long)json_count(json_member(before, "Tokens")));
}

static bool contains(const struct json_object *list, struct json_object *element)
{
	for (size_t i = 0; i < json_count(list); i++)
		if (json_object_equal(json_at(list, i), element))
			return true;
	return false;
}

static const char *string_at(const struct json_object *suspension, size_t i)
{
	const char *text = json_object_get_string(json_at(suspension, i));

	return text ? text : "";
}

/* Tells of each suspension (kind, name, reason, since) that is in `some` and not in `others`. */
static void tell_suspensions(struct watch *watch, const struct json_object *some,
			     const struct json_object *others, bool suspended)
{
	for (size_t i = 0; i < json_count(some); i++) {
		struct json_object *one = json_at(some, i), *fields;
		const char *kind = string_at(one, 0), *name = string_at(one, 1);
		const char *space = *name ? " " : "", *reason = string_at(one, 2);

		if (contains(others, one))
			continue;
		fields = json_object_new_object();
		json_set_text(fields, "kind", kind);
		json_set_text(fields, "name", name);
		if (suspended)
			json_set_text(fields, "reason", reason);
		if (suspended)
			watch_tell(watch, "suspended", fields, "Suspended: %s%s%s: %s.",
				   suspend_noun(kind), space, name, reason);
		else
			watch_tell(watch, "resumed", fields, "Resumed: %s%s%s.", suspend_noun(kind),
				   space, name);
	}
}

static void manager_changed(struct watch *watch, const struct json_object *before,
			    const struct json_object *now)
{
	const struct json_object *old = json_member(before, "Suspensions");
	const struct json_object *new = json_member(now, "Suspensions");

	tell_suspensions(watch, new, old, true);
	tell_suspensions(watch, old, new, false);
	if (differs(before, now, "HasAgent"))
		watch_tell(watch, json_true(now, "HasAgent") ? "agent-came" : "agent-went", NULL,
			   json_true(now, "HasAgent")
				   ? "Somebody is asked who may watch from now on."
				   : "The agent has gone: nobody is asked.");
	if (!differs(before, now, "Ready"))
		return;
	if (json_true(now, "Ready"))
		watch_tell(watch, "ready", NULL, "Viewers can connect.");
	else
		watch_tell(watch, "not-ready", NULL, "No gate is there: nobody can connect.");
}

void events_changed(struct watch *watch, const char *interface, const struct json_object *before,
		    const struct json_object *now)
{
	if (is(interface, CAMWARD_INTERFACE_CAMERA))
		camera_changed(watch, before, now);
	else if (is(interface, CAMWARD_INTERFACE_LEASE))
		lease_changed(watch, before, now);
	else if (is(interface, CAMWARD_INTERFACE_CLIENT))
		client_changed(watch, before, now);
	else if (is(interface, CAMWARD_INTERFACE_MANAGER))
		manager_changed(watch, before, now);
}

int events_lease_ended(struct watch *watch, sd_bus_message *m)
{
	const char *client, *camera, *reason;
	struct json_object *fields;
	uint64_t id, delivered;
	int r = sd_bus_message_read(m, "tssst", &id, &client, &camera, &reason, &delivered);

	if (r < 0)
		return r;
	fields = json_object_new_object();
	json_set_number(fields, "lease", id);
	json_set_text(fields, "client", client);
	json_set_text(fields, "camera", camera);
	json_set_text(fields, "reason", reason);
	json_set_number(fields, "delivered", delivered);
	watch_tell(watch, "lease-ended", fields,
		   "%s no longer watches %s: %s, after %llu frame%s (lease %llu).", client, camera,
		   reason, (unsigned long long)delivered, TEXT_PLURAL(delivered),
		   (unsigned long long)id);
	return 0;
}

int events_denied(struct watch *watch, sd_bus_message *m)
{
	const char *client, *camera, *peer, *reason;
	struct json_object *fields;
	int r = sd_bus_message_read(m, "ssss", &client, &camera, &peer, &reason);

	if (r < 0)
		return r;
	fields = json_object_new_object();
	json_set_text(fields, "client", client);
	json_set_text(fields, "camera", camera);
	json_set_text(fields, "peer", peer);
	json_set_text(fields, "reason", reason);
	watch_tell(watch, "denied", fields, "%s was refused %s from %s: %s.", client, camera, peer,
		   reason);
	return 0;
}

int events_tripwire(struct watch *watch, sd_bus_message *m)
{
	const struct json_object *camera =
		objects_find(watch->tree, sd_bus_message_get_path(m), CAMWARD_INTERFACE_CAMERA);
	const char *client, *name = json_text(camera, "Name");
	struct json_object *fields;
	uint64_t lease;
	int r = sd_bus_message_read(m, "ts", &lease, &client);

	if (r < 0)
		return r;
	fields = json_object_new_object();
	json_set_text(fields, "camera", name);
	json_set_number(fields, "lease", lease);
	json_set_text(fields, "client", client);
	watch_tell(watch, "tripwire", fields,
		   "TRIPWIRE: %s was nearly shown frames that are not %s's (lease %llu); the "
		   "camera is suspended. Please report this.",
		   client, name, (unsigned long long)lease);
	return 0;
}
