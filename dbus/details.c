// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dbus/details.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "broker/camera.h"
#include "broker/lease.h"
#include "dbus/objects.h"

static void set_client(struct details *details, const struct bus *bus, const char *name)
{
	const struct client *client = policy_find_client(bus->broker->policy, name);

	if (!name_valid(name))
		return;
	snprintf(details->client, sizeof(details->client), "%s", name);
	details->client_created = client ? client->created : 0;
}

static void set_integration(struct details *details, const struct bus *bus, const char *name)
{
	const struct integration *integration = policy_find_integration(bus->broker->policy, name);

	if (!name_valid(name))
		return;
	snprintf(details->integration, sizeof(details->integration), "%s", name);
	details->integration_created = integration ? integration->created : 0;
}

static void set_camera(struct details *details, const struct camera_record *camera)
{
	memcpy(details->camera, camera->name, sizeof(details->camera));
	memcpy(details->camera_uuid, camera->uuid, sizeof(details->camera_uuid));
}

static void set_camera_name(struct details *details, const struct bus *bus, const char *name)
{
	const struct camera_record *camera = policy_find_camera(bus->broker->policy, name);

	if (camera)
		set_camera(details, camera);
	else if (name_valid(name))
		snprintf(details->camera, sizeof(details->camera), "%s", name);
}

/* Arguments that are read here are read again by the method. */
static int rewound(sd_bus_message *call, int r)
{
	int back = sd_bus_message_rewind(call, true);

	return r < 0 ? r : back;
}

int details_of_nothing(const struct bus *bus, sd_bus_message *call, struct details *ret)
{
	return 0;
}

int details_of_client(const struct bus *bus, sd_bus_message *call, struct details *ret)
{
	const char *client;
	int r = sd_bus_message_read(call, "s", &client);

	if (r >= 0)
		set_client(ret, bus, client);
	return rewound(call, r);
}

int details_of_integration(const struct bus *bus, sd_bus_message *call, struct details *ret)
{
	const char *name;
	int r = sd_bus_message_read(call, "s", &name);

	if (r >= 0)
		set_integration(ret, bus, name);
	return rewound(call, r);
}

int details_of_integration_object(const struct bus *bus, sd_bus_message *call, struct details *ret)
{
	_cleanup_free_ char *name = NULL;
	int r = object_name(sd_bus_message_get_path(call), CAMWARD_PATH_INTEGRATIONS, &name);

	if (r > 0)
		set_integration(ret, bus, name);
	return r;
}

int details_of_move(const struct bus *bus, sd_bus_message *call, struct details *ret)
{
	int r = details_of_client_object(bus, call, ret);

	return r < 0 ? r : details_of_integration(bus, call, ret);
}

int details_of_client_and_camera(const struct bus *bus, sd_bus_message *call, struct details *ret)
{
	const char *client, *camera;
	int r = sd_bus_message_read(call, "ss", &client, &camera);

	if (r >= 0) {
		set_client(ret, bus, client);
		set_camera_name(ret, bus, camera);
	}
	return rewound(call, r);
}

int details_of_scope(const struct bus *bus, sd_bus_message *call, struct details *ret)
{
	const char *kind, *name;
	int r = sd_bus_message_read(call, "ss", &kind, &name);

	if (r >= 0 && !strcmp(kind, CAMWARD_SUSPEND_CLIENT))
		set_client(ret, bus, name);
	else if (r >= 0 && !strcmp(kind, CAMWARD_SUSPEND_INTEGRATION))
		set_integration(ret, bus, name);
	else if (r >= 0 && !strcmp(kind, CAMWARD_SUSPEND_CAMERA))
		set_camera_name(ret, bus, name);
	return rewound(call, r);
}

int details_of_camera_object(const struct bus *bus, sd_bus_message *call, struct details *ret)
{
	_cleanup_free_ char *name = NULL;
	int r = object_name(sd_bus_message_get_path(call), CAMWARD_PATH_CAMERAS, &name);

	if (r > 0)
		set_camera_name(ret, bus, name);
	return r;
}

int details_of_client_object(const struct bus *bus, sd_bus_message *call, struct details *ret)
{
	_cleanup_free_ char *name = NULL;
	int r = object_name(sd_bus_message_get_path(call), CAMWARD_PATH_CLIENTS, &name);

	if (r > 0)
		set_client(ret, bus, name);
	return r;
}

int details_of_grant_object(const struct bus *bus, sd_bus_message *call, struct details *ret)
{
	const struct camera_record *camera;
	const struct grant *grant;
	uint64_t id;
	int r = object_id(sd_bus_message_get_path(call), CAMWARD_PATH_GRANTS, &id);

	grant = r > 0 ? policy_find_grant(bus->broker->policy, id) : NULL;
	if (!grant)
		return r;
	set_client(ret, bus, grant->client);
	set_integration(ret, bus, grant->integration);
	camera = policy_find_camera_uuid(bus->broker->policy, grant->camera);
	if (camera)
		set_camera(ret, camera);
	return r;
}

int details_of_lease_object(const struct bus *bus, sd_bus_message *call, struct details *ret)
{
	const struct lease *lease;
	uint64_t id;
	int r = object_id(sd_bus_message_get_path(call), CAMWARD_PATH_LEASES, &id);

	lease = r > 0 ? lease_find(bus->broker, id) : NULL;
	if (!lease)
		return r;
	set_client(ret, bus, lease->client);
	set_camera_name(ret, bus, lease->camera->name);
	return r;
}

bool details_changed(const struct details *then, const struct details *now)
{
	return (now->client_created && now->client_created != then->client_created) ||
	       (now->integration_created &&
		now->integration_created != then->integration_created) ||
	       (!uuid_is_null(now->camera_uuid) &&
		memcmp(now->camera_uuid, then->camera_uuid, UUID_SIZE) != 0);
}
