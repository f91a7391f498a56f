// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdbool.h>

#include "ctl/bus.h"
#include "ctl/verb.h"
#include "dbus/names.h"

#define ERROR_PREFIX CAMWARD_BUS_NAME ".Error."

static bool is_any(const sd_bus_error *error, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (sd_bus_error_has_name(error, names[i]))
			return true;
	return false;
}

static bool not_running(const sd_bus_error *error)
{
	static const char *const names[] = {
		SD_BUS_ERROR_SERVICE_UNKNOWN,
		SD_BUS_ERROR_NAME_HAS_NO_OWNER,
		"org.freedesktop.systemd1.NoSuchUnit",
	};

	return is_any(error, names, ARRAY_SIZE(names)) ||
	       (error->name && strncmp(error->name, "org.freedesktop.DBus.Error.Spawn.", 33) == 0);
}

bool bus_is_refused(const sd_bus_error *error)
{
	static const char *const names[] = {
		SD_BUS_ERROR_ACCESS_DENIED,
		SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
	};

	return is_any(error, names, ARRAY_SIZE(names));
}

static bool no_object(const sd_bus_error *error)
{
	static const char *const names[] = {
		SD_BUS_ERROR_UNKNOWN_OBJECT,
		SD_BUS_ERROR_UNKNOWN_METHOD,
		SD_BUS_ERROR_UNKNOWN_INTERFACE,
	};

	return is_any(error, names, ARRAY_SIZE(names));
}

static int explain_not_running(struct ctl *ctl)
{
	const char *address = NULL;

	if (sd_bus_get_address(ctl->bus, &address) < 0)
		address = "the system bus";
	return ctl_fail("camwardd is not running on this bus (%s): start it by 'systemctl start "
			"camward', or set DBUS_SYSTEM_BUS_ADDRESS.",
			address);
}

static int explain_not_permitted(struct ctl *ctl)
{
	return ctl_fail("You are not allowed to run 'camwardctl %s': ask an administrator, or join "
			"the group camward.",
			ctl->verb->name);
}

static bool ends_sentence(const char *text)
{
	size_t n = strlen(text);

	return n > 0 && strchr(".?!", text[n - 1]);
}

int bus_explain(struct ctl *ctl, const sd_bus_error *error, const char *missing)
{
	const char *message = error->message ? error->message : "";

	if (not_running(error))
		return explain_not_running(ctl);
	if (bus_is_refused(error))
		return explain_not_permitted(ctl);
	if (missing && no_object(error))
		return ctl_fail("%s", missing);
	if (error->name && strncmp(error->name, ERROR_PREFIX, strlen(ERROR_PREFIX)) == 0)
		return ctl_fail("%s%s", message, ends_sentence(message) ? "" : ".");
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY) ||
	    sd_bus_error_has_name(error, SD_BUS_ERROR_TIMEOUT))
		return ctl_fail("camwardd did not answer. Whether it did what was asked is not "
				"known: look again.");
	return ctl_fail("The call to camwardd failed: %s (%s).", message,
			error->name ? error->name : "no name");
}
