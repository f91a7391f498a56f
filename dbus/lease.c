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
	if (!strcmp(property, "Camera"))
		return lease->camera->name;
	if (!strcmp(property, "Right"))
		return rights_text(lease->right);
	if (!strcmp(property, "Stream"))
		return stream_texts[lease->stream];
	if (!strcmp(property, "Protocol"))
		return protocol_texts[lease->protocol];
	if (lease->state == LEASE_ASKING)
		return "asking";
	return lease_is_opening(lease) ? "opening" : "running";
}

static int get_text(sd_bus *b, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", text_of(userdata, property));
}

static int get_frames(sd_bus *b, const char *path, const char *interface, const char *property,
		      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct lease_counts counts;

	lease_count(userdata, &counts);
	return sd_bus_message_append(
		reply, "t", strcmp(property, "Offered") == 0 ? counts.offered : counts.done);
}

static int get_skipped(sd_bus *b, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct lease_counts counts;
	int r = sd_bus_message_open_container(reply, 'a', "{st}");

	lease_count(userdata, &counts);
	for (size_t i = 0; r >= 0 && i < SESSION_N_SKIP_REASONS; i++)
		r = sd_bus_message_append(reply, "{st}", skip_texts[i], counts.skipped[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_bytes(sd_bus *b, const char *path, const char *interface, const char *property,
		     sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct tcp_bytes bytes;

	(void)lease_count_bytes(userdata, &bytes);
	return sd_bus_message_append(reply, "t", bytes.sent);
}

static void *find(const struct bus *bus, const char *name)
{
	uint64_t id;

	return parse_u64(name, UINT64_MAX, &id) < 0 ? NULL : lease_find(bus->broker, id);
}

static int list(const struct bus *bus, struct object_paths *paths)
{
	const struct lease *lease;
	int r = 0;

	list_for_each (lease, &bus->broker->leases, list) {
		r = object_paths_add(paths, object_path_id(CAMWARD_PATH_LEASES, lease->id));
		if (r < 0)
			break;
	}
	return r;
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	AUTHORIZED_METHOD("End", "s", SD_BUS_PARAM(reason), "", "", end, 0),
	OBJECT_U64("Id", struct lease, id, SD_BUS_VTABLE_PROPERTY_CONST),
	OBJECT_TEXT("Client", struct lease, client, SD_BUS_VTABLE_PROPERTY_CONST),
	OBJECT_TEXT("Integration", struct lease, integration, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Camera", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Right", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Stream", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Protocol", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	OBJECT_TEXT("Peer", struct lease, peer_text, SD_BUS_VTABLE_PROPERTY_CONST),
	OBJECT_U64("Since", struct lease, since, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("State", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Offered", "t", get_frames, 0, 0),
	SD_BUS_PROPERTY("Delivered", "t", get_frames, 0, 0),
	SD_BUS_PROPERTY("Skipped", "a{st}", get_skipped, 0, 0),
	SD_BUS_PROPERTY("Bytes", "t", get_bytes, 0, 0),
	SD_BUS_VTABLE_END,
};

const struct object_kind lease_object = {
	.path = CAMWARD_PATH_LEASES,
	.interface = CAMWARD_INTERFACE_LEASE,
	.vtable = vtable,
	.find = find,
	.list = list,
	.missing = CONTROL_NO_SUCH_LEASE,
};
