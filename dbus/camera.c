// SPDX-License-Identifier: LGPL-2.1-or-later
/* org.camward.Camward1.Camera */
#include "broker/camera.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "broker/lease.h"
#include "dbus/objects.h"

static const char *const path_texts[] = {
	[CAMERA_PATH_NONE] = "none",           [CAMERA_PATH_PASSTHROUGH] = "passthrough",
	[CAMERA_PATH_ZERO_COPY] = "zero-copy", [CAMERA_PATH_CONVERTER] = "converter",
	[CAMERA_PATH_COPY] = "copy",           [CAMERA_PATH_SOFTWARE] = "software",
};

static const char *const drop_texts[CAMERA_N_DROP_REASONS] = {
	[CAMERA_DROP_DRIVER] = "driver",   [CAMERA_DROP_ERROR] = "error",
	[CAMERA_DROP_ENCODER] = "encoder", [CAMERA_DROP_STALE] = "stale",
	[CAMERA_DROP_SIZE] = "size",
};

static int find(sd_bus *b, const char *path, const char *interface, void *userdata, void **ret,
		sd_bus_error *error)
{
	_cleanup_free_ char *name = NULL;
	int r = object_name(path, CAMWARD_PATH_CAMERAS, &name);

	if (r <= 0)
		return r;
	*ret = camera_find(((struct bus *)userdata)->broker, name);
	return *ret ? 1 : 0;
}

/* What its process said last is nothing any more once it has gone. */
static const char *text_of(const struct camera *camera, const char *property)
{
	if (!strcmp(property, "Name"))
		return camera->name;
	if (!strcmp(property, "Condition"))
		return camera_condition_text(camera);
	if (!strcmp(property, "Source"))
		return camera->state.source;
	if (!strcmp(property, "Encoder"))
		return camera->state.encoder;
	if (!strcmp(property, "Path"))
		return path_texts[camera->state.path];
	return camera->trouble[0] ? camera->trouble : camera->state.reason;
}

static int get_text(sd_bus *b, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", text_of(userdata, property));
}

static int get_uuid(sd_bus *b, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera *camera = userdata;
	char text[UUID_STRING_SIZE];

	format_uuid(camera->uuid, text);
	return sd_bus_message_append(reply, "s", text);
}

/* linux/videodev2.h, v4l2_fourcc(): the first character is the lowest byte. */
static int get_format(sd_bus *b, const char *path, const char *interface, const char *property,
		      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera *camera = userdata;
	char text[5] = "";

	for (size_t i = 0; camera->state.fourcc && i < 4; i++) {
		char c = (char)(camera->state.fourcc >> (8 * i) & 0x7f);

		text[i] = c >= ' ' && c <= '~' ? c : '?';
	}
	return sd_bus_message_append(reply, "s", text);
}

static int get_u32(sd_bus *b, const char *path, const char *interface, const char *property,
		   sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera *camera = userdata;

	return sd_bus_message_append(reply, "u",
				     strcmp(property, "Width") == 0 ? camera->state.width
								    : camera->state.height);
}

static int get_fps(sd_bus *b, const char *path, const char *interface, const char *property,
		   sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera_state *state = &((struct camera *)userdata)->state;

	return sd_bus_message_append(reply, "d",
				     state->fps_denominator
					     ? (double)state->fps_numerator / state->fps_denominator
					     : 0.0);
}

static int get_u64(sd_bus *b, const char *path, const char *interface, const char *property,
		   sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera *camera = userdata;
	uint64_t value = camera->epoch;

	if (!strcmp(property, "Captured"))
		value = camera->state.captured;
	else if (!strcmp(property, "Encoded"))
		value = camera->state.encoded;
	return sd_bus_message_append(reply, "t", value);
}

static int get_dropped(sd_bus *b, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera *camera = userdata;
	int r = sd_bus_message_open_container(reply, 'a', "{st}");

	for (size_t i = 0; r >= 0 && i < CAMERA_N_DROP_REASONS; i++)
		r = sd_bus_message_append(reply, "{st}", drop_texts[i], camera->state.dropped[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_viewers(sd_bus *b, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera *camera = userdata;
	const struct lease *lease;
	uint32_t n = 0;

	list_for_each (lease, &camera->broker->leases, list)
		n += lease->camera == camera && lease->state == LEASE_RUNNING;
	return sd_bus_message_append(reply, "u", n);
}

static int get_suspended(sd_bus *b, const char *path, const char *interface, const char *property,
			 sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera *camera = userdata;
	const struct policy *policy = camera->broker->policy;

	return sd_bus_message_append(
		reply, "b",
		policy_find_suspension(policy, SUSPENSION_ALL, "") ||
			policy_find_suspension(policy, SUSPENSION_CAMERA, camera->name));
}

static int enumerate(sd_bus *b, const char *prefix, void *userdata, char ***ret,
		     sd_bus_error *error)
{
	const struct broker *broker = ((struct bus *)userdata)->broker;
	struct object_paths paths;
	const struct camera *camera;
	int r = object_paths_new(&paths, broker->policy->n_cameras);

	if (r < 0)
		return r;
	list_for_each (camera, &broker->cameras, list) {
		r = object_paths_add(&paths, object_path(CAMWARD_PATH_CAMERAS, camera->name));
		if (r < 0)
			return r;
	}
	*ret = paths.paths;
	return 0;
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Name", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Uuid", "s", get_uuid, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Condition", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Source", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Format", "s", get_format, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Width", "u", get_u32, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Height", "u", get_u32, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("FramesPerSecond", "d", get_fps, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Encoder", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Path", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Reason", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Epoch", "t", get_u64, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Captured", "t", get_u64, 0, 0),
	SD_BUS_PROPERTY("Encoded", "t", get_u64, 0, 0),
	SD_BUS_PROPERTY("Dropped", "a{st}", get_dropped, 0, 0),
	SD_BUS_PROPERTY("Viewers", "u", get_viewers, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Suspended", "b", get_suspended, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_VTABLE_END,
};

int camera_object_register(struct bus *bus)
{
	int r = sd_bus_add_fallback_vtable(bus->bus, NULL, CAMWARD_PATH_CAMERAS,
					   CAMWARD_INTERFACE_CAMERA, vtable, find, bus);

	return r < 0 ? r
		     : sd_bus_add_node_enumerator(bus->bus, NULL, CAMWARD_PATH_CAMERAS, enumerate,
						  bus);
}
