// SPDX-License-Identifier: LGPL-2.1-or-later
/* org.camward.Camward1.Grant */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "broker/control.h"
#include "dbus/errors.h"
#include "dbus/objects.h"
#include "dbus/reply.h"
#include "dbus/rights.h"

static const struct grant *find_by_path(const struct bus *bus, const char *path)
{
	const struct grant *grant;
	uint64_t id;

	if (object_id(path, CAMWARD_PATH_GRANTS, &id) <= 0)
		return NULL;
	grant = policy_find_grant(bus->broker->policy, id);
	return grant && !grant->pending ? grant : NULL;
}

static int find(sd_bus *b, const char *path, const char *interface, void *userdata, void **ret,
		sd_bus_error *error)
{
	if (!find_by_path(userdata, path))
		return 0;
	*ret = userdata;
	return 1;
}

static int method_revoke(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	const struct grant *grant = find_by_path(bus, sd_bus_message_get_path(m));
	const struct errors_about about = {};
	struct control_result result = {};
	int r;

	if (!grant)
		return errors_set(error, CONTROL_NO_SUCH_GRANT, &about);
	r = reply_new(m, &about, &reply);
	if (r < 0)
		return r;
	r = control_remove_grant(bus->broker, grant->id, &result, reply_done, reply);
	if (r)
		return errors_set(error, r, &about);
	return reply_promise(&reply, false, "u", result.leases_ended);
}
AUTHORIZE(revoke, AUTHORIZE_ACTION_MANAGE_GRANTS, details_of_grant_object)

static int get_number(sd_bus *b, const char *path, const char *interface, const char *property,
		      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct grant *grant = find_by_path(userdata, path);
	uint64_t value;

	if (!grant)
		return -ENOENT;
	if (!strcmp(property, "Id"))
		value = grant->id;
	else if (!strcmp(property, "NotBefore"))
		value = grant->not_before;
	else if (!strcmp(property, "NotAfter"))
		value = grant->not_after;
	else if (!strcmp(property, "MaxLeases"))
		value = grant->max_leases;
	else
		value = grant->created;
	return sd_bus_message_append(reply, "t", value);
}

static int get_flag(sd_bus *b, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct grant *grant = find_by_path(userdata, path);

	if (!grant)
		return -ENOENT;
	return sd_bus_message_append(
		reply, "b", !strcmp(property, "OnlySub") ? grant->only_sub : grant->ask_first);
}

static int get_text(sd_bus *b, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct grant *grant = find_by_path(userdata, path);
	const char *value;

	if (!grant)
		return -ENOENT;
	if (!strcmp(property, "Client"))
		value = grant->client;
	else if (!strcmp(property, "Integration"))
		value = grant->integration;
	else if (!strcmp(property, "Source"))
		value = grant->source;
	else
		value = grant->hours;
	return sd_bus_message_append(reply, "s", value);
}

static int get_camera(sd_bus *b, const char *path, const char *interface, const char *property,
		      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct grant *grant = find_by_path(userdata, path);
	const struct camera_record *camera;

	if (!grant)
		return -ENOENT;
	camera = policy_find_camera_uuid(((struct bus *)userdata)->broker->policy, grant->camera);
	return sd_bus_message_append(reply, "s", camera ? camera->name : "");
}

static int get_rights(sd_bus *b, const char *path, const char *interface, const char *property,
		      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct grant *grant = find_by_path(userdata, path);

	return grant ? rights_append(reply, grant->rights) : -ENOENT;
}

static int enumerate(sd_bus *b, const char *prefix, void *userdata, char ***ret,
		     sd_bus_error *error)
{
	const struct policy *policy = ((struct bus *)userdata)->broker->policy;
	struct object_paths paths;
	int r = object_paths_new(&paths, policy->n_grants);

	for (size_t i = 0; r >= 0 && i < policy->n_grants; i++)
		if (!policy->grants[i]->pending)
			r = object_paths_add(
				&paths, object_path_id(CAMWARD_PATH_GRANTS, policy->grants[i]->id));
	*ret = paths.paths;
	return r;
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	AUTHORIZED_METHOD("Revoke", "", "", "u", SD_BUS_PARAM(leases_ended), revoke, 0),
	SD_BUS_PROPERTY("Id", "t", get_number, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Client", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Integration", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Camera", "s", get_camera, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Rights", "as", get_rights, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("NotBefore", "t", get_number, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("NotAfter", "t", get_number, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Hours", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("MaxLeases", "t", get_number, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("OnlySub", "b", get_flag, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("AskFirst", "b", get_flag, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Created", "t", get_number, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Source", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_VTABLE_END,
};

int grant_object_register(struct bus *bus)
{
	int r = sd_bus_add_fallback_vtable(bus->bus, NULL, CAMWARD_PATH_GRANTS,
					   CAMWARD_INTERFACE_GRANT, vtable, find, bus);

	return r < 0 ? r
		     : sd_bus_add_node_enumerator(bus->bus, NULL, CAMWARD_PATH_GRANTS, enumerate,
						  bus);
}
