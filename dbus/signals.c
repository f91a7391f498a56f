// SPDX-License-Identifier: LGPL-2.1-or-later
/* The broker's observer: what happens, as signals. A signal that cannot be sent is lost; who
 * watches can always ask. */
#include <string.h>

#include "base/cleanup.h"
#include "broker/camera.h"
#include "broker/lease.h"
#include "dbus/mdns.h"
#include "dbus/objects.h"
#include "dbus/subscribe.h"

static void emit_added(struct bus *bus, char *path)
{
	if (path)
		(void)sd_bus_emit_object_added(bus->bus, path);
	free(path);
}

static void emit_removed(struct bus *bus, char *path)
{
	if (path)
		(void)sd_bus_emit_object_removed(bus->bus, path);
	free(path);
}

static void on_ready_changed(void *userdata)
{
	struct bus *bus = userdata;

	(void)sd_bus_emit_properties_changed(bus->bus, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER,
					     "Ready", "Listeners", NULL);
	mdns_ready_changed(bus->mdns);
}

static void on_agent_changed(void *userdata)
{
	struct bus *bus = userdata;

	(void)sd_bus_emit_properties_changed(bus->bus, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER,
					     "HasAgent", NULL);
}

static void on_watching_changed(void *userdata)
{
	struct bus *bus = userdata;

	(void)sd_bus_emit_properties_changed(bus->bus, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER,
					     "Watching", NULL);
}

static void on_certificate_changed(void *userdata)
{
	struct bus *bus = userdata;

	(void)sd_bus_emit_properties_changed(bus->bus, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER,
					     "ServerCertificate", NULL);
}

static void on_host_renamed(void *userdata)
{
	struct bus *bus = userdata;

	mdns_reload(bus->mdns);
}

static void on_reloaded(void *userdata)
{
	struct bus *bus = userdata;

	mdns_reload(bus->mdns);
}

static void on_camera_added(void *userdata, const struct camera *camera)
{
	emit_added(userdata, object_path(CAMWARD_PATH_CAMERAS, camera->name));
}

static void on_camera_removed(void *userdata, const struct camera *camera)
{
	emit_removed(userdata, object_path(CAMWARD_PATH_CAMERAS, camera->name));
}

static void on_camera_changed(void *userdata, const struct camera *camera)
{
	struct bus *bus = userdata;
	_cleanup_free_ char *path = object_path(CAMWARD_PATH_CAMERAS, camera->name);

	if (path)
		(void)sd_bus_emit_properties_changed(
			bus->bus, path, CAMWARD_INTERFACE_CAMERA, "Condition", "Source", "Format",
			"Width", "Height", "FramesPerSecond", "Encoder", "Path", "Reason",
			"Hardware", "Refused", "Epoch", "Viewers", "Watching", NULL);
}

static void on_lease_added(void *userdata, const struct lease *lease)
{
	emit_added(userdata, object_path_id(CAMWARD_PATH_LEASES, lease->id));
}

static void on_lease_changed(void *userdata, const struct lease *lease)
{
	struct bus *bus = userdata;
	_cleanup_free_ char *path = object_path_id(CAMWARD_PATH_LEASES, lease->id);

	if (path)
		(void)sd_bus_emit_properties_changed(bus->bus, path, CAMWARD_INTERFACE_LEASE,
						     "State", "Stream", NULL);
	on_camera_changed(userdata, lease->camera);
}

static void on_lease_ended(void *userdata, const struct lease *lease, const char *reason,
			   uint64_t delivered)
{
	struct bus *bus = userdata;

	(void)sd_bus_emit_signal(bus->bus, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER, "LeaseEnded",
				 "tssst", lease->id, lease->client, lease->camera->name, reason,
				 delivered);
	emit_removed(bus, object_path_id(CAMWARD_PATH_LEASES, lease->id));
	subscribe_lease_ended(lease);
}

static void on_denied(void *userdata, const char *client, const char *camera, const char *peer,
		      const char *reason)
{
	struct bus *bus = userdata;

	(void)sd_bus_emit_signal(bus->bus, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER, "Denied",
				 "ssss", client, camera, peer, reason);
}

static void on_tripwire(void *userdata, const struct camera *camera, uint64_t lease,
			const char *client)
{
	struct bus *bus = userdata;
	_cleanup_free_ char *path = object_path(CAMWARD_PATH_CAMERAS, camera->name);

	if (path)
		(void)sd_bus_emit_signal(bus->bus, path, CAMWARD_INTERFACE_CAMERA, "Tripwire", "ts",
					 lease, client);
}

static void on_client_added(void *userdata, const char *name)
{
	emit_added(userdata, object_path(CAMWARD_PATH_CLIENTS, name));
}

static void on_client_changed(void *userdata, const char *name)
{
	struct bus *bus = userdata;
	_cleanup_free_ char *path = object_path(CAMWARD_PATH_CLIENTS, name);

	if (path)
		(void)sd_bus_emit_properties_changed(bus->bus, path, CAMWARD_INTERFACE_CLIENT,
						     "Integration", "Tokens", "Certificates",
						     "User", "Suspended", NULL);
}

static void on_client_removed(void *userdata, const char *name)
{
	emit_removed(userdata, object_path(CAMWARD_PATH_CLIENTS, name));
}

static void on_integration_added(void *userdata, const char *name)
{
	emit_added(userdata, object_path(CAMWARD_PATH_INTEGRATIONS, name));
}

static void on_integration_changed(void *userdata, const char *name)
{
	struct bus *bus = userdata;
	_cleanup_free_ char *path = object_path(CAMWARD_PATH_INTEGRATIONS, name);

	if (path)
		(void)sd_bus_emit_properties_changed(bus->bus, path, CAMWARD_INTERFACE_INTEGRATION,
						     "Clients", NULL);
}

static void on_integration_removed(void *userdata, const char *name)
{
	emit_removed(userdata, object_path(CAMWARD_PATH_INTEGRATIONS, name));
}

/* Of what cannot be looked up any more. */
static void emit_gone(struct bus *bus, char *path, const char *interface)
{
	if (path)
		(void)sd_bus_emit_interfaces_removed(bus->bus, path, interface, NULL);
	free(path);
}

/* The grants that name it tell another name. */
static void emit_holder(struct bus *bus, const char *client, const char *integration)
{
	const struct policy *policy = bus->broker->policy;

	for (size_t i = 0; i < policy->n_grants; i++) {
		const struct grant *grant = policy->grants[i];
		_cleanup_free_ char *path = NULL;

		if (grant->pending || strcmp(grant->client, client) != 0 ||
		    strcmp(grant->integration, integration) != 0)
			continue;
		path = object_path_id(CAMWARD_PATH_GRANTS, grant->id);
		if (path)
			(void)sd_bus_emit_properties_changed(bus->bus, path,
							     CAMWARD_INTERFACE_GRANT, "Client",
							     "Integration", NULL);
	}
}

static void on_client_renamed(void *userdata, const char *from, const char *to)
{
	struct bus *bus = userdata;

	emit_gone(bus, object_path(CAMWARD_PATH_CLIENTS, from), CAMWARD_INTERFACE_CLIENT);
	emit_added(bus, object_path(CAMWARD_PATH_CLIENTS, to));
	emit_holder(bus, to, "");
	(void)sd_bus_emit_properties_changed(bus->bus, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER,
					     "Suspensions", NULL);
}

static void on_integration_renamed(void *userdata, const char *from, const char *to)
{
	struct bus *bus = userdata;
	const struct policy *policy = bus->broker->policy;

	emit_gone(bus, object_path(CAMWARD_PATH_INTEGRATIONS, from), CAMWARD_INTERFACE_INTEGRATION);
	emit_added(bus, object_path(CAMWARD_PATH_INTEGRATIONS, to));
	emit_holder(bus, "", to);
	for (size_t i = 0; i < policy->n_clients; i++)
		if (!policy->clients[i]->pending && !strcmp(policy->clients[i]->integration, to))
			on_client_changed(bus, policy->clients[i]->name);
	(void)sd_bus_emit_properties_changed(bus->bus, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER,
					     "Suspensions", NULL);
}

static void on_grant_added(void *userdata, uint64_t id)
{
	emit_added(userdata, object_path_id(CAMWARD_PATH_GRANTS, id));
}

static void on_grant_removed(void *userdata, uint64_t id)
{
	emit_removed(userdata, object_path_id(CAMWARD_PATH_GRANTS, id));
}

static void emit_suspended(struct bus *bus, char *path, const char *interface)
{
	if (path)
		(void)sd_bus_emit_properties_changed(bus->bus, path, interface, "Suspended", NULL);
	free(path);
}

static bool concerns(const struct client *client, enum suspension_kind kind, const char *name)
{
	return kind == SUSPENSION_ALL ||
	       (kind == SUSPENSION_CLIENT && !strcmp(client->name, name)) ||
	       (kind == SUSPENSION_INTEGRATION && !strcmp(client->integration, name));
}

static void on_suspensions_changed(void *userdata, enum suspension_kind kind, const char *name)
{
	struct bus *bus = userdata;
	const struct policy *policy = bus->broker->policy;
	const struct camera *camera;

	(void)sd_bus_emit_properties_changed(bus->bus, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER,
					     "Suspensions", NULL);
	list_for_each (camera, &bus->broker->cameras, list)
		if (kind == SUSPENSION_ALL ||
		    (kind == SUSPENSION_CAMERA && !strcmp(camera->name, name)))
			emit_suspended(bus, object_path(CAMWARD_PATH_CAMERAS, camera->name),
				       CAMWARD_INTERFACE_CAMERA);
	for (size_t i = 0; i < policy->n_integrations; i++) {
		const struct integration *integration = policy->integrations[i];

		if (!integration->pending &&
		    (kind == SUSPENSION_ALL ||
		     (kind == SUSPENSION_INTEGRATION && !strcmp(integration->name, name))))
			emit_suspended(bus,
				       object_path(CAMWARD_PATH_INTEGRATIONS, integration->name),
				       CAMWARD_INTERFACE_INTEGRATION);
	}
	for (size_t i = 0; i < policy->n_clients; i++)
		if (!policy->clients[i]->pending && concerns(policy->clients[i], kind, name))
			emit_suspended(bus,
				       object_path(CAMWARD_PATH_CLIENTS, policy->clients[i]->name),
				       CAMWARD_INTERFACE_CLIENT);
}

void signals_register(struct bus *bus)
{
	bus->observer = (struct observer){
		.userdata = bus,
		.ready_changed = on_ready_changed,
		.agent_changed = on_agent_changed,
		.watching_changed = on_watching_changed,
		.certificate_changed = on_certificate_changed,
		.host_renamed = on_host_renamed,
		.reloaded = on_reloaded,
		.camera_added = on_camera_added,
		.camera_removed = on_camera_removed,
		.camera_changed = on_camera_changed,
		.lease_added = on_lease_added,
		.lease_changed = on_lease_changed,
		.lease_ended = on_lease_ended,
		.denied = on_denied,
		.tripwire = on_tripwire,
		.client_added = on_client_added,
		.client_changed = on_client_changed,
		.client_removed = on_client_removed,
		.client_renamed = on_client_renamed,
		.integration_added = on_integration_added,
		.integration_changed = on_integration_changed,
		.integration_removed = on_integration_removed,
		.integration_renamed = on_integration_renamed,
		.grant_added = on_grant_added,
		.grant_removed = on_grant_removed,
		.suspensions_changed = on_suspensions_changed,
	};
	bus->broker->observer = &bus->observer;
}
