// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>

#include "ctl/bus.h"
#include "ctl/check.h"
#include "ctl/json.h"
#include "ctl/verbs.h"
#include "dbus/names.h"

static int send_text(struct ctl *ctl, const char *name, const char *method, const char *text)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	char missing[BUS_SENTENCE_SIZE];
	int r = bus_new_named_call(ctl, &bus_camera, name, method, missing, &call);

	if (r)
		return r;
	r = sd_bus_message_append(call, "s", text);
	return r < 0 ? bus_call_failed(r) : bus_send(ctl, call, missing, NULL);
}

static const struct bus_kind properties = {
	CAMWARD_PATH_CAMERAS,
	"org.freedesktop.DBus.Properties",
	"camera",
	"cameras",
};

/* What asked to be the camera and was refused: a text of *reply. */
static int get_refused(struct ctl *ctl, const char *name, sd_bus_message **reply, const char **ret)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	char missing[BUS_SENTENCE_SIZE];
	int r = bus_new_named_call(ctl, &properties, name, "Get", missing, &call);

	if (r)
		return r;
	r = sd_bus_message_append(call, "ss", CAMWARD_INTERFACE_CAMERA, "Refused");
	if (r < 0)
		return bus_call_failed(r);
	r = bus_send(ctl, call, missing, reply);
	if (r)
		return r;
	r = sd_bus_message_read(*reply, "v", "s", ret);
	return r < 0 ? bus_reply_failed(r) : 0;
}

int camera_adopt(struct ctl *ctl, const struct args *args)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_json_ struct json_object *record = NULL;
	const char *name = args->operand[0], *hardware;
	int r = get_refused(ctl, name, &reply, &hardware);

	if (!r)
		r = send_text(ctl, name, "Adopt", hardware);
	if (r)
		return r;
	if (!ctl->json) {
		printf("Camera %s is from now on: %s\nIt is let in within a few seconds; who may "
		       "watch it has not changed.\n",
		       name, hardware);
		return 0;
	}
	record = json_object_new_object();
	json_set_text(record, "camera", name);
	json_set_text(record, "hardware", hardware);
	return json_print(record);
}

int camera_rename(struct ctl *ctl, const struct args *args)
{
	_cleanup_json_ struct json_object *record = NULL;
	const char *name = args->operand[0], *new_name = args->operand[1];
	int r = check_name(ctl, "camera", new_name);

	if (!r)
		r = send_text(ctl, name, "Rename", new_name);
	if (r)
		return r;
	if (!ctl->json) {
		printf("Camera %s is called %s from now on; its viewers were cut off, who may "
		       "watch it has not\nchanged. It is there again within a few seconds; if "
		       "not, plug it in again.\n",
		       name, new_name);
		return 0;
	}
	record = json_object_new_object();
	json_set_text(record, "camera", new_name);
	json_set_text(record, "before", name);
	return json_print(record);
}

int camera_forget(struct ctl *ctl, const struct args *args)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	_cleanup_json_ struct json_object *record = NULL;
	const char *name = args->operand[0];
	char missing[BUS_SENTENCE_SIZE];
	uint32_t grants;
	int r = bus_new_named_call(ctl, &bus_camera, name, "Forget", missing, &call);

	if (!r)
		r = bus_send(ctl, call, missing, &reply);
	if (r)
		return r;
	r = sd_bus_message_read(reply, "u", &grants);
	if (r < 0)
		return bus_reply_failed(r);
	if (!ctl->json) {
		printf("Camera %s is forgotten, with %u grant%s; what the ledger says of it "
		       "stays.\n",
		       name, grants, grants == 1 ? "" : "s");
		return 0;
	}
	record = json_object_new_object();
	json_set_text(record, "camera", name);
	json_set_number(record, "grants_removed", grants);
	return json_print(record);
}
