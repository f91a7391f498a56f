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

static int method_revoke(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	const struct grant *grant = object_find(&grant_object, bus, sd_bus_message_get_path(m));
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

static int get_max_leases(sd_bus *b, const char *path, const char *interface, const char *property,
			  sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct grant *grant = userdata;

	return sd_bus_message_append(reply, "t", (uint64_t)grant->max_leases);
}

static int get_camera(sd_bus *b, const char *path, const char *interface, const char *property,
		      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct grant *grant = userdata;
	const struct camera_record *camera =
		policy_find_camera_uuid(object_bus(b)->broker->policy, grant->camera);

	return sd_bus_message_append(reply, "s", camera ? camera->name : "");
}

static int get_rights(sd_bus *b, const char *path, const char *interface, const char *property,
		      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct grant *grant = userdata;

	return rights_append(reply, grant->rights);
}

static void *find(const struct bus *bus, const char *name)
{
	struct grant *grant;
	uint64_t id;

	if (parse_u64(name, UINT64_MAX, &id) < 0)
		return NULL;
	grant = policy_find_grant(bus->broker->policy, id);
	return grant && !grant->pending ? grant : NULL;
}

static int list(const struct bus *bus, struct object_paths *paths)
{
	const struct policy *policy = bus->broker->policy;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < policy->n_grants; i++)
		if (!policy->grants[i]->pending)
			r = object_paths_add(
				paths, object_path_id(CAMWARD_PATH_GRANTS, policy->grants[i]->id));
	return r;
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	AUTHORIZED_METHOD("Revoke", "", "", "u", SD_BUS_PARAM(leases_ended), revoke, 0),
	OBJECT_U64("Id", struct grant, id, SD_BUS_VTABLE_PROPERTY_CONST),
	OBJECT_TEXT("Client", struct grant, client, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	OBJECT_TEXT("Integration", struct grant, integration, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Camera", "s", get_camera, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Rights", "as", get_rights, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	OBJECT_U64("NotBefore", struct grant, not_before, SD_BUS_VTABLE_PROPERTY_CONST),
	OBJECT_U64("NotAfter", struct grant, not_after, SD_BUS_VTABLE_PROPERTY_CONST),
	OBJECT_TEXT("Hours", struct grant, hours, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("MaxLeases", "t", get_max_leases, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	OBJECT_FLAG("OnlySub", struct grant, only_sub, SD_BUS_VTABLE_PROPERTY_CONST),
	OBJECT_FLAG("AskFirst", struct grant, ask_first, SD_BUS_VTABLE_PROPERTY_CONST),
	OBJECT_U64("Created", struct grant, created, SD_BUS_VTABLE_PROPERTY_CONST),
	OBJECT_TEXT("Source", struct grant, source, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_VTABLE_END,
};

const struct object_kind grant_object = {
	.path = CAMWARD_PATH_GRANTS,
	.interface = CAMWARD_INTERFACE_GRANT,
	.vtable = vtable,
	.find = find,
	.list = list,
	.missing = CONTROL_NO_SUCH_GRANT,
};
