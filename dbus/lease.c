// SPDX-License-Identifier: LGPL-2.1-or-later
/* org.camward.Camward1.Lease */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "broker/camera.h"
#include "broker/control.h"
#include "broker/lease-count.h"
#include "dbus/errors.h"
#include "dbus/objects.h"
#include "dbus/rights.h"

#define ID_TEXT_SIZE 24

static const char *const protocol_texts[] = {
	[0] = "local",
	[SESSION_PROTOCOL_RTSP] = "rtsp",
	[SESSION_PROTOCOL_HTTP] = "http",
	[SESSION_PROTOCOL_WEBSOCKET] = "websocket",
};

static const char *const stream_texts[RING_N_STREAMS] = {
	[RING_STREAM_MAIN] = "main",
	[RING_STREAM_SUB] = "sub",
};

static const char *const skip_texts[SESSION_N_SKIP_REASONS] = {
	[SESSION_SKIP_LATE] = "late",
	[SESSION_SKIP_OVERRUN] = "overrun",
	[SESSION_SKIP_JOIN] = "join",
	[SESSION_SKIP_SWITCH] = "switch",
};

static struct lease *find_by_path(const struct bus *bus, const char *path)
{
	uint64_t id;

	if (object_id(path, CAMWARD_PATH_LEASES, &id) <= 0)
		return NULL;
	return lease_find(bus->broker, id);
}

static int find(sd_bus *b, const char *path, const char *interface, void *userdata, void **ret,
		sd_bus_error *error)
{
	if (!find_by_path(userdata, path))
		return 0;
	*ret = userdata;
	return 1;
}

static int method_end(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	char text[ID_TEXT_SIZE];
	const struct errors_about about = {.id = text};
	const char *reason;
	uint64_t id = 0;
	int r = sd_bus_message_read(m, "s", &reason);

	if (r >= 0)
		r = object_id(sd_bus_message_get_path(m), CAMWARD_PATH_LEASES, &id);
	if (r < 0)
		return r;
	snprintf(text, sizeof(text), "%" PRIu64, id);
	r = control_end_lease(bus->broker, id, reason);
	return r ? errors_set(error, r, &about) : sd_bus_reply_method_return(m, "");
}
AUTHORIZE(end, AUTHORIZE_ACTION_END_LEASE, details_of_lease_object)

static const char *text_of(const struct lease *lease, const char *property)
{
	if (!strcmp(property, "Client"))
		return lease->client;
	if (!strcmp(property, "Camera"))
		return lease->camera->name;
	if (!strcmp(property, "Right"))
		return rights_text(lease->right);
	if (!strcmp(property, "Stream"))
		return stream_texts[lease->stream];
	if (!strcmp(property, "Protocol"))
		return protocol_texts[lease->protocol];
	if (!strcmp(property, "Peer"))
		return lease->peer_text;
	if (lease->state == LEASE_ASKING)
		return "asking";
	return lease_is_opening(lease) ? "opening" : "running";
}

static int get_text(sd_bus *b, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct lease *lease = find_by_path(userdata, path);

	return lease ? sd_bus_message_append(reply, "s", text_of(lease, property)) : -ENOENT;
}

static int get_number(sd_bus *b, const char *path, const char *interface, const char *property,
		      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct lease *lease = find_by_path(userdata, path);

	if (!lease)
		return -ENOENT;
	return sd_bus_message_append(reply, "t",
				     strcmp(property, "Id") == 0 ? lease->id : lease->since);
}

static int get_frames(sd_bus *b, const char *path, const char *interface, const char *property,
		      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct lease *lease = find_by_path(userdata, path);
	struct lease_counts counts;

	if (!lease)
		return -ENOENT;
	lease_count(lease, &counts);
	return sd_bus_message_append(
		reply, "t", strcmp(property, "Offered") == 0 ? counts.offered : counts.done);
}

static int get_skipped(sd_bus *b, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct lease *lease = find_by_path(userdata, path);
	struct lease_counts counts;
	int r = lease ? sd_bus_message_open_container(reply, 'a', "{st}") : -ENOENT;

	if (r < 0)
		return r;
	lease_count(lease, &counts);
	for (size_t i = 0; r >= 0 && i < SESSION_N_SKIP_REASONS; i++)
		r = sd_bus_message_append(reply, "{st}", skip_texts[i], counts.skipped[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_bytes(sd_bus *b, const char *path, const char *interface, const char *property,
		     sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct lease *lease = find_by_path(userdata, path);
	struct tcp_bytes bytes;

	if (!lease)
		return -ENOENT;
	(void)lease_count_bytes(lease, &bytes);
	return sd_bus_message_append(reply, "t", bytes.sent);
}

static int enumerate(sd_bus *b, const char *prefix, void *userdata, char ***ret,
		     sd_bus_error *error)
{
	const struct broker *broker = ((struct bus *)userdata)->broker;
	struct object_paths paths;
	const struct lease *lease;
	size_t n = 0;
	int r;

	list_for_each (lease, &broker->leases, list)
		n++;
	r = object_paths_new(&paths, n);
	if (r < 0)
		return r;
	list_for_each (lease, &broker->leases, list) {
		r = object_paths_add(&paths, object_path_id(CAMWARD_PATH_LEASES, lease->id));
		if (r < 0)
			return r;
	}
	*ret = paths.paths;
	return 0;
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	AUTHORIZED_METHOD("End", "s", SD_BUS_PARAM(reason), "", "", end, 0),
	SD_BUS_PROPERTY("Id", "t", get_number, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Client", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Camera", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Right", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Stream", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Protocol", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Peer", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Since", "t", get_number, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("State", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Offered", "t", get_frames, 0, 0),
	SD_BUS_PROPERTY("Delivered", "t", get_frames, 0, 0),
	SD_BUS_PROPERTY("Skipped", "a{st}", get_skipped, 0, 0),
	SD_BUS_PROPERTY("Bytes", "t", get_bytes, 0, 0),
	SD_BUS_VTABLE_END,
};

int lease_object_register(struct bus *bus)
{
	int r = sd_bus_add_fallback_vtable(bus->bus, NULL, CAMWARD_PATH_LEASES,
					   CAMWARD_INTERFACE_LEASE, vtable, find, bus);

	return r < 0 ? r
		     : sd_bus_add_node_enumerator(bus->bus, NULL, CAMWARD_PATH_LEASES, enumerate,
						  bus);
}
