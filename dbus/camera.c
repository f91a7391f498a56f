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
#include "dbus/options.h"
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

/* NULL: there is none. */
static struct camera *find_by_path(const struct bus *bus, const char *path)
{
	_cleanup_free_ char *name = NULL;

	if (object_name(path, CAMWARD_PATH_CAMERAS, &name) <= 0)
		return NULL;
	return camera_find(bus->broker, name);
}

static int find(sd_bus *b, const char *path, const char *interface, void *userdata, void **ret,
		sd_bus_error *error)
{
	_cleanup_free_ char *name = NULL;

	if (!find_by_path(userdata, path) &&
	    (!subscribe_is_called(b) || object_name(path, CAMWARD_PATH_CAMERAS, &name) <= 0))
		return 0;
	*ret = userdata;
	return 1;
}

/* For a call: the name survives what the call does to the camera. */
static int take_name(sd_bus_message *m, const struct bus *bus, char name[NAME_SIZE],
		     sd_bus_error *error)
{
	_cleanup_free_ char *asked = NULL;
	const char *path = sd_bus_message_get_path(m);
	const struct camera *camera = find_by_path(bus, path);
	int r = object_name(path, CAMWARD_PATH_CAMERAS, &asked);

	if (r < 0)
		return r;
	if (!camera)
		return errors_set(error, CONTROL_NO_SUCH_CAMERA,
				  &(struct errors_about){.camera = asked});
	memcpy(name, camera->name, NAME_SIZE);
	return 0;
}

static int method_adopt(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	char name[NAME_SIZE];
	struct errors_about about = {.camera = name};
	const char *hardware;
	int r = take_name(m, bus, name, error);

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
	int r = take_name(m, bus, name, error);

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
	int r = take_name(m, bus, name, error);

	if (r >= 0)
		r = reply_new(m, &about, &reply);
	if (r < 0)
		return r;
	r = control_forget_camera(bus->broker, name, &result, reply_done, reply);
	return r ? errors_set(error, r, &about)
		 : reply_promise(&reply, false, "u", result.grants_removed);
}
AUTHORIZE(forget, AUTHORIZE_ACTION_MANAGE_CAMERAS, details_of_camera_object)

/* What is not given stays as it is. */
static int read_configuration(sd_bus_message *m, struct camera_configuration *ret,
			      uint32_t *ret_fields, sd_bus_error *error)
{
	enum {
		WIDTH,
		HEIGHT,
		FPS,
		BITRATE,
		GOP,
		SUB_WIDTH,
		SUB_HEIGHT,
		SUB_FPS,
		SUB_BITRATE,
		N
	};
	static const struct {
		const char *name;
		uint32_t field;
	} settings[N] = {
		[WIDTH] = {CAMWARD_SETTING_WIDTH, CONTROL_CONFIGURE_SIZE},
		[HEIGHT] = {CAMWARD_SETTING_HEIGHT, CONTROL_CONFIGURE_SIZE},
		[FPS] = {CAMWARD_SETTING_FPS, CONTROL_CONFIGURE_FPS},
		[BITRATE] = {CAMWARD_SETTING_BITRATE, CONTROL_CONFIGURE_BITRATE},
		[GOP] = {CAMWARD_SETTING_GOP, CONTROL_CONFIGURE_GOP},
		[SUB_WIDTH] = {CAMWARD_SETTING_SUB_WIDTH, CONTROL_CONFIGURE_SUB_SIZE},
		[SUB_HEIGHT] = {CAMWARD_SETTING_SUB_HEIGHT, CONTROL_CONFIGURE_SUB_SIZE},
		[SUB_FPS] = {CAMWARD_SETTING_SUB_FPS, CONTROL_CONFIGURE_SUB_FPS},
		[SUB_BITRATE] = {CAMWARD_SETTING_SUB_BITRATE, CONTROL_CONFIGURE_SUB_BITRATE},
	};
	struct options_key keys[N];
	uint64_t values[N];
	int r;

	for (size_t i = 0; i < N; i++) {
		values[i] = UINT64_MAX;
		keys[i] = (struct options_key){settings[i].name, 't', .number = &values[i]};
	}
	r = options_read(m, keys, N, error);
	if (r < 0)
		return r;
	*ret_fields = 0;
	for (size_t i = 0; i < N; i++) {
		if (values[i] == UINT64_MAX)
			continue;
		if (values[i] > UINT32_MAX)
			return errors_set(error, CONTROL_INVALID_SETTINGS,
					  &(struct errors_about){});
		*ret_fields |= settings[i].field;
	}
	*ret = (struct camera_configuration){
		.width = (uint32_t)values[WIDTH],
		.height = (uint32_t)values[HEIGHT],
		.fps = (uint32_t)values[FPS],
		.bitrate = (uint32_t)values[BITRATE],
		.gop = (uint32_t)values[GOP],
		.sub_width = (uint32_t)values[SUB_WIDTH],
		.sub_height = (uint32_t)values[SUB_HEIGHT],
		.sub_fps = (uint32_t)values[SUB_FPS],
		.sub_bitrate = (uint32_t)values[SUB_BITRATE],
	};
	return 0;
}

static int method_configure(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	char name[NAME_SIZE];
	struct errors_about about = {.camera = name};
	struct camera_configuration configuration = {};
	uint32_t fields = 0;
	int r = take_name(m, bus, name, error);

	if (r >= 0)
		r = read_configuration(m, &configuration, &fields, error);
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
	int r = take_name(m, bus, name, error);

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
	if (!strcmp(property, "Refused"))
		return camera->refused;
	return camera->trouble[0] ? camera->trouble : camera->state.reason;
}

static int get_text(sd_bus *b, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera *camera = find_by_path(userdata, path);

	return camera ? sd_bus_message_append(reply, "s", text_of(camera, property)) : -ENOENT;
}

static int get_uuid(sd_bus *b, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera *camera = find_by_path(userdata, path);
	char text[UUID_STRING_SIZE];

	if (!camera)
		return -ENOENT;
	format_uuid(camera->uuid, text);
	return sd_bus_message_append(reply, "s", text);
}

/* linux/videodev2.h, v4l2_fourcc(): the first character is the lowest byte. */
static int get_format(sd_bus *b, const char *path, const char *interface, const char *property,
		      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera *camera = find_by_path(userdata, path);
	char text[5] = "";

	if (!camera)
		return -ENOENT;
	for (size_t i = 0; camera->state.fourcc && i < 4; i++) {
		char c = (char)(camera->state.fourcc >> (8 * i) & 0x7f);

		text[i] = c >= ' ' && c <= '~' ? c : '?';
	}
	return sd_bus_message_append(reply, "s", text);
}

static int get_u32(sd_bus *b, const char *path, const char *interface, const char *property,
		   sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera *camera = find_by_path(userdata, path);

	if (!camera)
		return -ENOENT;
	return sd_bus_message_append(reply, "u",
				     strcmp(property, "Width") == 0 ? camera->state.width
								    : camera->state.height);
}

static int get_fps(sd_bus *b, const char *path, const char *interface, const char *property,
		   sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera *camera = find_by_path(userdata, path);
	const struct camera_state *state = camera ? &camera->state : NULL;

	if (!camera)
		return -ENOENT;
	return sd_bus_message_append(reply, "d",
				     state->fps_denominator
					     ? (double)state->fps_numerator / state->fps_denominator
					     : 0.0);
}

static int get_u64(sd_bus *b, const char *path, const char *interface, const char *property,
		   sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera *camera = find_by_path(userdata, path);
	uint64_t value;

	if (!camera)
		return -ENOENT;
	value = camera->epoch;
	if (!strcmp(property, "Captured"))
		value = camera->state.captured;
	else if (!strcmp(property, "Encoded"))
		value = camera->state.encoded;
	return sd_bus_message_append(reply, "t", value);
}

static int get_dropped(sd_bus *b, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera *camera = find_by_path(userdata, path);
	int r = camera ? sd_bus_message_open_container(reply, 'a', "{st}") : -ENOENT;

	for (size_t i = 0; r >= 0 && i < CAMERA_N_DROP_REASONS; i++)
		r = sd_bus_message_append(reply, "{st}", drop_texts[i], camera->state.dropped[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_viewers(sd_bus *b, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera *camera = find_by_path(userdata, path);
	const struct lease *lease;
	uint32_t n = 0;

	if (!camera)
		return -ENOENT;
	list_for_each (lease, &camera->broker->leases, list)
		n += lease->camera == camera && lease->state == LEASE_RUNNING;
	return sd_bus_message_append(reply, "u", n);
}

static int get_watching(sd_bus *b, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera *camera = find_by_path(userdata, path);

	return camera ? sd_bus_message_append(reply, "b", camera->n_watching > 0) : -ENOENT;
}

static int get_suspended(sd_bus *b, const char *path, const char *interface, const char *property,
			 sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct camera *camera = find_by_path(userdata, path);
	const struct policy *policy = ((struct bus *)userdata)->broker->policy;

	if (!camera)
		return -ENOENT;
	return sd_bus_message_append(
		reply, "b",
		policy_find_suspension(policy, SUSPENSION_ALL, "") ||
			policy_find_suspension(policy, SUSPENSION_CAMERA, camera->name));
}

/* Of the record: what stays, whatever stands in its place just now. */
static int get_recorded(sd_bus *b, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct bus *bus = userdata;
	const struct camera *camera = find_by_path(bus, path);
	const struct camera_record *record =
		camera ? policy_find_camera_uuid(bus->broker->policy, camera->uuid) : NULL;

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
	const struct camera *camera = find_by_path(userdata, path);

	return camera ? camera_append_controls(reply, camera) : -ENOENT;
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
	AUTHORIZED_METHOD("Adopt", "s", SD_BUS_PARAM(hardware), "", "", adopt, 0),
	AUTHORIZED_METHOD("Rename", "s", SD_BUS_PARAM(name), "", "", rename, 0),
	AUTHORIZED_METHOD("Forget", "", "", "u", SD_BUS_PARAM(grants_removed), forget, 0),
	AUTHORIZED_METHOD("Configure", "a{sv}", SD_BUS_PARAM(settings), "", "", configure, 0),
	AUTHORIZED_METHOD("SetControl", "si", SD_BUS_PARAM(control) SD_BUS_PARAM(value), "b",
			  SD_BUS_PARAM(applied), set_control, 0),
	IDENTIFIED_METHOD("Subscribe", "a{sv}", SD_BUS_PARAM(options), "oh",
			  SD_BUS_PARAM(lease) SD_BUS_PARAM(socket), subscribe),
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
	SD_BUS_PROPERTY("Hardware", "s", get_recorded, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Refused", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Epoch", "t", get_u64, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Captured", "t", get_u64, 0, 0),
	SD_BUS_PROPERTY("Encoded", "t", get_u64, 0, 0),
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

int camera_object_register(struct bus *bus)
{
	int r = sd_bus_add_fallback_vtable(bus->bus, NULL, CAMWARD_PATH_CAMERAS,
					   CAMWARD_INTERFACE_CAMERA, vtable, find, bus);

	return r < 0 ? r
		     : sd_bus_add_node_enumerator(bus->bus, NULL, CAMWARD_PATH_CAMERAS, enumerate,
						  bus);
}
