// SPDX-License-Identifier: LGPL-2.1-or-later
/* org.camward.Camward1.Integration */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "broker/control.h"
#include "dbus/errors.h"
#include "dbus/objects.h"
#include "dbus/reply.h"

/* NULL: none that takes part in anything. */
static const struct integration *find_by_path(const struct bus *bus, const char *path)
{
	_cleanup_free_ char *name = NULL;
	const struct integration *integration;

	if (object_name(path, CAMWARD_PATH_INTEGRATIONS, &name) <= 0)
		return NULL;
	integration = policy_find_integration(bus->broker->policy, name);
	return integration && !integration->pending ? integration : NULL;
}

static int find(sd_bus *b, const char *path, const char *interface, void *userdata, void **ret,
		sd_bus_error *error)
{
	if (!find_by_path(userdata, path))
		return 0;
	*ret = userdata;
	return 1;
}

/* For a call: the name survives what the call does to the integration. */
static int take_name(sd_bus_message *m, const struct bus *bus, char name[NAME_SIZE],
		     sd_bus_error *error)
{
	_cleanup_free_ char *asked = NULL;
	const char *path = sd_bus_message_get_path(m);
	const struct integration *integration = find_by_path(bus, path);
	int r = object_name(path, CAMWARD_PATH_INTEGRATIONS, &asked);

	if (r < 0)
		return r;
	if (!integration)
		return errors_set(error, CONTROL_NO_SUCH_INTEGRATION,
				  &(struct errors_about){.integration = asked});
	memcpy(name, integration->name, NAME_SIZE);
	return 0;
}

static int method_rename(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	char name[NAME_SIZE];
	struct errors_about about = {.integration = name};
	int r = take_name(m, bus, name, error);

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
	int r = take_name(m, bus, name, error);

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

static int get_name(sd_bus *b, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct integration *integration = find_by_path(userdata, path);

	return integration ? sd_bus_message_append(reply, "s", integration->name) : -ENOENT;
}

static int get_created(sd_bus *b, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct integration *integration = find_by_path(userdata, path);

	return integration ? sd_bus_message_append(reply, "t", integration->created) : -ENOENT;
}

static int get_clients(sd_bus *b, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct integration *integration = find_by_path(userdata, path);
	const struct policy *policy = ((struct bus *)userdata)->broker->policy;
	int r = integration ? sd_bus_message_open_container(reply, 'a', "s") : -ENOENT;

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
	const struct integration *integration = find_by_path(userdata, path);
	const struct policy *policy = ((struct bus *)userdata)->broker->policy;

	if (!integration)
		return -ENOENT;
	return sd_bus_message_append(
		reply, "b",
		policy_find_suspension(policy, SUSPENSION_ALL, "") ||
			policy_find_suspension(policy, SUSPENSION_INTEGRATION, integration->name));
}

static int enumerate(sd_bus *b, const char *prefix, void *userdata, char ***ret,
		     sd_bus_error *error)
{
	const struct policy *policy = ((struct bus *)userdata)->broker->policy;
	struct object_paths paths;
	int r = object_paths_new(&paths, policy->n_integrations);

	for (size_t i = 0; r >= 0 && i < policy->n_integrations; i++)
		if (!policy->integrations[i]->pending)
			r = object_paths_add(&paths, object_path(CAMWARD_PATH_INTEGRATIONS,
								 policy->integrations[i]->name));
	*ret = paths.paths;
	return r;
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	AUTHORIZED_METHOD("Rename", "s", SD_BUS_PARAM(name), "", "", rename, 0),
	AUTHORIZED_METHOD("Remove", "", "", "u", SD_BUS_PARAM(grants_removed), remove, 0),
	SD_BUS_PROPERTY("Name", "s", get_name, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Created", "t", get_created, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Clients", "as", get_clients, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Suspended", "b", get_suspended, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_VTABLE_END,
};

int integration_object_register(struct bus *bus)
{
	int r = sd_bus_add_fallback_vtable(bus->bus, NULL, CAMWARD_PATH_INTEGRATIONS,
					   CAMWARD_INTERFACE_INTEGRATION, vtable, find, bus);

	return r < 0 ? r
		     : sd_bus_add_node_enumerator(bus->bus, NULL, CAMWARD_PATH_INTEGRATIONS,
						  enumerate, bus);
}
