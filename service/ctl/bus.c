// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/bus.h"

#include <stdio.h>

#include "ctl/check.h"
#include "ctl/verb.h"
#include "dbus/names.h"

/* Longer than camwardd waits for a person whom polkit asks for a password. */
#define BUS_REPLY_TIMEOUT (120 * UINT64_C(1000000))

/* As long as camwardd may take to copy or overwrite all that it keeps, and that. */
#define BUS_DISK_TIMEOUT (1800 * UINT64_C(1000000) + BUS_REPLY_TIMEOUT)

int bus_open(struct ctl *ctl)
{
	const char *address = getenv("DBUS_SYSTEM_BUS_ADDRESS");
	int r;

	if (ctl->bus)
		return 0;
	r = sd_bus_open_system(&ctl->bus);
	if (r >= 0)
		return 0;
	if (address)
		return ctl_fail("There is no bus at %s, which DBUS_SYSTEM_BUS_ADDRESS names: %s.",
				address, strerror(-r));
	return ctl_fail("The system bus cannot be reached: %s. Start it, or set "
			"DBUS_SYSTEM_BUS_ADDRESS.",
			strerror(-r));
}

int bus_new_call(struct ctl *ctl, const char *path, const char *interface, const char *method,
		 sd_bus_message **ret)
{
	int r = bus_open(ctl);

	if (r)
		return r;
	r = sd_bus_message_new_method_call(ctl->bus, ret, CAMWARD_BUS_NAME, path, interface,
					   method);
	if (r >= 0)
		r = sd_bus_message_set_allow_interactive_authorization(*ret, true);
	return r < 0 ? bus_call_failed(r) : 0;
}

static int send_call(struct ctl *ctl, sd_bus_message *call, uint64_t timeout, const char *missing,
		     sd_bus_message **ret_reply)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

	if (sd_bus_call(ctl->bus, call, timeout, &error, ret_reply) < 0)
		return bus_explain(ctl, &error, missing);
	return 0;
}

int bus_send(struct ctl *ctl, sd_bus_message *call, const char *missing, sd_bus_message **ret_reply)
{
	return send_call(ctl, call, BUS_REPLY_TIMEOUT, missing, ret_reply);
}

int bus_send_patiently(struct ctl *ctl, sd_bus_message *call, sd_bus_message **ret_reply)
{
	return send_call(ctl, call, BUS_DISK_TIMEOUT, NULL, ret_reply);
}

int bus_path(const char *prefix, const char *id, char **ret)
{
	int r = sd_bus_path_encode(prefix, id, ret);

	return r < 0 ? bus_call_failed(r) : 0;
}

const struct bus_kind bus_camera = {
	CAMWARD_PATH_CAMERAS,
	CAMWARD_INTERFACE_CAMERA,
	"camera",
	"cameras",
};
const struct bus_kind bus_client = {
	CAMWARD_PATH_CLIENTS,
	CAMWARD_INTERFACE_CLIENT,
	"client",
	"clients",
};
const struct bus_kind bus_integration = {
	CAMWARD_PATH_INTEGRATIONS,
	CAMWARD_INTERFACE_INTEGRATION,
	"integration",
	"integrations",
};

int bus_new_named_call(struct ctl *ctl, const struct bus_kind *kind, const char *name,
		       const char *method, char missing[BUS_SENTENCE_SIZE], sd_bus_message **ret)
{
	_cleanup_free_ char *path = NULL;
	int r = check_name(ctl, kind->noun, name);

	if (!r)
		r = bus_path(kind->prefix, name, &path);
	if (r)
		return r;
	snprintf(missing, BUS_SENTENCE_SIZE, "There is no %s '%s': 'camwardctl %s' lists them.",
		 kind->noun, name, kind->list);
	return bus_new_call(ctl, path, kind->interface, method, ret);
}

char *bus_path_id(const char *prefix, const char *path)
{
	char *id = NULL;

	return sd_bus_path_decode(path, prefix, &id) > 0 ? id : NULL;
}

int bus_append_time(sd_bus_message *m, const char *key, uint64_t t)
{
	return t ? sd_bus_message_append(m, "{sv}", key, "t", t) : 0;
}

int bus_call_failed(int error)
{
	return ctl_fail("The request cannot be put into a message: %s.", strerror(-error));
}

int bus_reply_failed(int error)
{
	return ctl_fail(
		"The answer of camwardd cannot be read (%s): camwardctl and camwardd are of "
		"different versions.",
		strerror(-error));
}
