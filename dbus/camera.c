// SPDX-License-Identifier: LGPL-2.1-or-later
/* org.camward.Camward1.Camera */
#include "broker/camera.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "broker/control.h"
#include "broker/lease.h"
#include "dbus/camera-controls.h"
#include "dbus/errors.h"
#include "dbus/objects.h"
#include "dbus/reply.h"
#include "dbus/subscribe.h"

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

static int method_adopt(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	char name[NAME_SIZE];
	struct errors_about about = {.camera = name};
	const char *hardware;
	int r = object_take_name(&camera_object, bus, m, name, error);

	if (r >= 0)
		r = sd_bus_message_read(m, "s", &hardware);
	if (r >= 0)
		r = reply_new(m, &about, &reply);
	if (r < 0)
		return r;
	r = control_adopt_camera(bus->broker, name, hardware, reply_done, reply);
	return r ? errors_set(error, r, &about) : reply_promise(&reply, false, "");
}
AUTHORIZE(adopt, AUTHORIZE_ACTION_MANAGE_CAMERAS, details_of_camera_object)

static int method_rename(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	char name[NAME_SIZE];
	struct errors_about about = {.camera = name};
	int r = object_take_name(&camera_object, bus, m, name, error);

	if (r >= 0)
		r = sd_bus_message_read(m, "s", &about.name);
	if (r >= 0)
		r = reply_new(m, &about, &reply);
	if (r < 0)
		return r;
	r = control_rename_camera(bus->broker, name, about.name, reply_done, reply);
	return r ? errors_set(error, r, &about) : reply_promise(&reply, false, "");
}
AUTHORIZE(rename, AUTHORIZE_ACTION_MANAGE_CAMERAS, details_of_camera_object)

static int method_forget(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	struct control_result result = {};
	char name[NAME_SIZE];
	struct errors_about about = {.camera = name};
	int r = object_take_name(&camera_object, bus, m, name, error);

	if (r >= 0)
		r = reply_new(m, &about, &reply);
	if (r < 0)
		return r;
	r = control_forget_camera(bus->broker, name, &result, reply_done, reply);
	return r ? errors_set(error, r, &about)
		 : reply_promise(&reply, false, "u", result.grants_removed);
}
AUTHORIZE(forget, AUTHORIZE_ACTION_MANAGE_CAMERAS, details_of_camera_object)

static int method_configure(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	char name[NAME_SIZE];
	struct errors_about about = {.camera = name};
	struct camera_configuration configuration = {};
	uint32_t fields = 0;
	int r = object_take_name(&camera_object, bus, m, name, error);

	if (r >= 0)
		r = camera_read_configuration(m, &configuration, &fields, error);
	if (r >= 0)
		r = reply_new(m, &about, &reply);
	if (r < 0)
		return r;
	r = control_configure(bus->broker, name, &configuration, fields, reply_done, reply);
	return r ? errors_set(error, r, &about) : reply_promise(&reply, false, "");
}
AUTHORIZE(configure, AUTHORIZE_ACTION_MANAGE_CAMERAS, details_of_camera_object)

static int method_set_control(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	struct control_result result = {};
	char name[NAME_SIZE], range[CAMERA_CONTROLS_RANGE_SIZE];
	struct errors_about about = {.camera = name};
	int32_t value;
	int r = object_take_name(&camera_object, bus, m, name, error);

	if (r >= 0)
		r = sd_bus_message_read(m, "si", &about.control, &value);
	if (r >= 0)
		r = reply_new(m, &about, &reply);
	if (r < 0)
		return r;
	r = control_set_control(bus->broker, name, about.control, value, &result, reply_done,
				reply);
	if (r == CONTROL_OUT_OF_RANGE) {
		camera_controls_range(
			camera_controls_find(&camera_find(bus->broker, name)->controls,
					     about.control),
			value, range);
		about.range = range;
	}
	return r ? errors_set(error, r, &about)
		 : reply_promise(&reply, false, "b", (int)result.applied);
}
AUTHORIZE(set_control, AUTHORIZE_ACTION_MANAGE_CAMERAS, details_of_camera_object)

static int method_subscribe(sd_bus_message *m, void *userdata, uid_t uid, sd_bus_error *error)
{
	_cleanup_free_ char *name = NULL;
	int r = object_name(sd_bus_message_get_path(m), CAMWARD_PATH_CAMERAS, &name);

	return r < 0 ? r : subscribe(userdata, name, uid, m, error);
}
IDENTIFY(subscribe)

static int get_uuid(sd_bus *b, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera *camera = userdata;
	char text[UUID_STRING_SIZE];

	format_uuid(camera->uuid, text);
	return sd_bus_message_append(reply, "s", text);
}

/* What its process said last is nothing any more once it has gone. */
static int get_condition(sd_bus *b, const char *path, const char *interface, const char *property,
			 sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", camera_condition_text(userdata));
}

static int get_path(sd_bus *b, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera *camera = userdata;

	return sd_bus_message_append(reply, "s", path_texts[camera->state.path]);
}

static int get_reason(sd_bus *b, const char *path, const char *interface, const char *property,
		      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera *camera = userdata;

	return sd_bus_message_append(reply, "s",
				     camera->trouble[0] ? camera->trouble : camera->state.reason);
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

static int get_fps(sd_bus *b, const char *path, const char *interface, const char *property,
		   sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera_state *state = &((const struct camera *)userdata)->state;

	return sd_bus_message_append(reply, "d",
				     state->fps_denominator
					     ? (double)state->fps_numerator / state->fps_denominator
					     : 0.0);
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

static int append_stream(sd_bus_message *reply, const struct camera *camera, uint32_t which)
{
	static const char *const names[RING_N_STREAMS] = {"main", "sub"};
	static const char *const codecs[] = {"", "H264", "JPEG"};
	const struct camera_stream *s = &camera->streams[which];

	return sd_bus_message_append(reply, "(ssuub)", names[which],
				     s->codec < ARRAY_SIZE(codecs) ? codecs[s->codec] : "",
				     s->width, s->height, s->ring >= 0);
}

static int get_streams(sd_bus *b, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera *camera = userdata;
	uint32_t possible = camera_possible_streams(camera);
	int r = sd_bus_message_open_container(reply, 'a', "(ssuub)");

	for (uint32_t i = 0; r >= 0 && i < RING_N_STREAMS; i++)
		if (possible & 1U << i)
			r = append_stream(reply, camera, i);
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

static int get_watching(sd_bus *b, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera *camera = userdata;

	return sd_bus_message_append(reply, "b", camera->n_watching > 0);
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

/* Of the record: what stays, whatever stands in its place just now. */
static int get_recorded(sd_bus *b, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera *camera = userdata;
	const struct camera_record *record =
		policy_find_camera_uuid(camera->broker->policy, camera->uuid);

	if (!record)
		return -ENOENT;
	if (!strcmp(property, "Configuration"))
		return camera_append_configuration(reply, record);
	if (!strcmp(property, "ChosenControls"))
		return camera_append_choices(reply, record);
	return sd_bus_message_append(reply, "s", record->hardware);
}

static int get_controls(sd_bus *b, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return camera_append_controls(reply, userdata);
}

static void *find(const struct bus *bus, const char *name)
{
	return camera_find(bus->broker, name);
}

static int list(const struct bus *bus, struct object_paths *paths)
{
	const struct camera *camera;
	int r = 0;

	list_for_each (camera, &bus->broker->cameras, list) {
		r = object_paths_add(paths, object_path(CAMWARD_PATH_CAMERAS, camera->name));
		if (r < 0)
			break;
	}
	return r;
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	AUTHORIZED_METHOD("Adopt", "s", SD_BUS_PARAM(hardware), "", "", adopt, 0),
	AUTHORIZED_METHOD("Rename", "s", SD_BUS_PARAM(name), "", "", rename, 0),
	AUTHORIZED_METHOD("Forget", "", "", "u", SD_BUS_PARAM(grants_removed), forget, 0),
	AUTHORIZED_METHOD("Configure", "a{sv}", SD_BUS_PARAM(settings), "", "", configure, 0),
	AUTHORIZED_METHOD("SetControl", "si", SD_BUS_PARAM(control) SD_BUS_PARAM(value), "b",
			  SD_BUS_PARAM(applied), set_control, 0),
	IDENTIFIED_METHOD("Subscribe", "a{sv}", SD_BUS_PARAM(options), "oh",
			  SD_BUS_PARAM(lease) SD_BUS_PARAM(socket), subscribe),
	OBJECT_TEXT("Name", struct camera, name, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Uuid", "s", get_uuid, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Condition", "s", get_condition, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	OBJECT_TEXT("Source", struct camera, state.source, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Format", "s", get_format, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	OBJECT_U32("Width", struct camera, state.width, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	OBJECT_U32("Height", struct camera, state.height, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("FramesPerSecond", "d", get_fps, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	OBJECT_TEXT("Encoder", struct camera, state.encoder, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Path", "s", get_path, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Reason", "s", get_reason, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Streams", "a(ssuub)", get_streams, 0, 0),
	SD_BUS_PROPERTY("Hardware", "s", get_recorded, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	OBJECT_TEXT("Refused", struct camera, refused, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	OBJECT_U64("Epoch", struct camera, epoch, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	OBJECT_U64("Captured", struct camera, state.captured, 0),
	OBJECT_U64("Encoded", struct camera, state.encoded, 0),
	SD_BUS_PROPERTY("Dropped", "a{st}", get_dropped, 0, 0),
	SD_BUS_PROPERTY("Viewers", "u", get_viewers, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Watching", "b", get_watching, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Suspended", "b", get_suspended, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Configuration", "a{st}", get_recorded, 0, 0),
	SD_BUS_PROPERTY("ChosenControls", "a{si}", get_recorded, 0, 0),
	SD_BUS_PROPERTY("Controls", "a(sssasiiuiia(is))", get_controls, 0, 0),
	SD_BUS_SIGNAL_WITH_ARGS("Tripwire", SD_BUS_ARGS("t", lease, "s", client), 0),
	SD_BUS_VTABLE_END,
};

const struct object_kind camera_object = {
	.path = CAMWARD_PATH_CAMERAS,
	.interface = CAMWARD_INTERFACE_CAMERA,
	.vtable = vtable,
	.find = find,
	.list = list,
	.hides = subscribe_is_called,
	.missing = CONTROL_NO_SUCH_CAMERA,
};
