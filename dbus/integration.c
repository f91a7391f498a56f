// SPDX-License-Identifier: LGPL-2.1-or-later
/* org.camward.Camward1.Integration */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "broker/control.h"
#include "dbus/errors.h"
#include "dbus/objects.h"
#include "dbus/reply.h"

static int method_rename(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	char name[NAME_SIZE];
	struct errors_about about = {.integration = name};
	int r = object_take_name(&integration_object, bus, m, name, error);

	if (r >= 0)
		r = sd_bus_message_read(m, "s", &about.name);
	if (r >= 0)
		r = reply_new(m, &about, &reply);
	if (r < 0)
		return r;
	r = control_rename_integration(bus->broker, name, about.name, reply_done, reply);
	return r ? errors_set(error, r, &about) : reply_promise(&reply, false, "");
}
AUTHORIZE(rename, AUTHORIZE_ACTION_MANAGE_CLIENTS, details_of_integration_object)

static int method_remove(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	char name[NAME_SIZE];
	struct errors_about about = {.integration = name};
	struct control_result result = {};
	int r = object_take_name(&integration_object, bus, m, name, error);

	if (r >= 0)
		r = reply_new(m, &about, &reply);
	if (r < 0)
		return r;
	r = control_remove_integration(bus->broker, name, &result, reply_done, reply);
	if (r)
		return errors_set(error, r, &about);
	return reply_promise(&reply, false, "u", result.grants_removed);
}
AUTHORIZE(remove, AUTHORIZE_ACTION_MANAGE_CLIENTS, details_of_integration_object)

static int get_clients(sd_bus *b, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct integration *integration = userdata;
	const struct policy *policy = object_bus(b)->broker->policy;
	int r = sd_bus_message_open_container(reply, 'a', "s");

	for (size_t i = 0; r >= 0 && i < policy->n_clients; i++) {
		const struct client *client = policy->clients[i];

		if (!client->pending && !strcmp(client->integration, integration->name))
			r = sd_bus_message_append(reply, "s", client->name);
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_suspended(sd_bus *b, const char *path, const char *interface, const char *property,
			 sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct integration *integration = userdata;
	const struct policy *policy = object_bus(b)->broker->policy;

	return sd_bus_message_append(
		reply, "b",
		policy_find_suspension(policy, SUSPENSION_ALL, "") ||
			policy_find_suspension(policy, SUSPENSION_INTEGRATION, integration->name));
}

static void *find(const struct bus *bus, const char *name)
{
	struct integration *integration = policy_find_integration(bus->broker->policy, name);

	return integration && !integration->pending ? integration : NULL;
}

static int list(const struct bus *bus, struct object_paths *paths)
{
	const struct policy *policy = bus->broker->policy;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < policy->n_integrations; i++)
		if (!policy->integrations[i]->pending)
			r = object_paths_add(paths, object_path(CAMWARD_PATH_INTEGRATIONS,
								policy->integrations[i]->name));
	return r;
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	AUTHORIZED_METHOD("Rename", "s", SD_BUS_PARAM(name), "", "", rename, 0),
	AUTHORIZED_METHOD("Remove", "", "", "u", SD_BUS_PARAM(grants_removed), remove, 0),
	OBJECT_TEXT("Name", struct integration, name, SD_BUS_VTABLE_PROPERTY_CONST),
	OBJECT_TEXT("Source", struct integration, source, SD_BUS_VTABLE_PROPERTY_CONST),
	OBJECT_U64("Created", struct integration, created, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Clients", "as", get_clients, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Suspended", "b", get_suspended, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_VTABLE_END,
};

const struct object_kind integration_object = {
	.path = CAMWARD_PATH_INTEGRATIONS,
	.interface = CAMWARD_INTERFACE_INTEGRATION,
	.vtable = vtable,
	.find = find,
	.list = list,
	.missing = CONTROL_NO_SUCH_INTEGRATION,
};
