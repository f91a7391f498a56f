// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dbus/bus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "dbus/agents.h"
#include "dbus/mdns.h"
#include "dbus/objects.h"

#define WAIT_FOR_BUS (1 * USEC_PER_SEC)

static int connect_bus(struct bus *bus)
{
	int r = sd_bus_open_system(&bus->bus);

	if (r >= 0)
		r = sd_bus_attach_event(bus->bus, bus->broker->event, BROKER_PRIORITY_CONTROL);
	/* Without the bus nobody could revoke: fail closed, and be started again. */
	if (r >= 0)
		r = sd_bus_set_exit_on_disconnect(bus->bus, true);
	/* When the loop has ended there are replies to send and announcements to take back. */
	if (r >= 0)
		r = sd_bus_set_close_on_exit(bus->bus, false);
	return r;
}

int bus_open(struct broker *broker, struct bus **ret)
{
	_cleanup_(bus_closep) struct bus *bus = calloc(1, sizeof(*bus));
	int r;

	if (!bus)
		return -ENOMEM;
	bus->broker = broker;
	bus->restoring.fd = -EBADF;
	authorize_init(&bus->authorize);
	r = connect_bus(bus);
	if (r >= 0)
		r = objects_register(bus);
	if (r < 0)
		return r;
	r = agents_open(bus, &bus->agents);
	if (r < 0)
		return r;
	r = mdns_open(bus, &bus->mdns);
	if (r < 0)
		return r;
	signals_register(bus);
	r = sd_bus_request_name(bus->bus, CAMWARD_BUS_NAME, 0);
	/* sd-bus waits for the bus when it is asked who sent something. */
	if (r >= 0)
		r = sd_bus_set_method_call_timeout(bus->bus, WAIT_FOR_BUS);
	if (r < 0)
		return r;
	*ret = steal_pointer(&bus);
	return 0;
}

void bus_close(struct bus *bus)
{
	bus->broker->observer = NULL;
	authorize_end(&bus->authorize);
	agents_close(bus->agents);
	mdns_close(bus->mdns);
	state_forget_restore(bus);
	sd_bus_flush_close_unref(bus->bus);
	free(bus);
}

const char *bus_open_error_text(int error)
{
	switch (error) {
	case -EEXIST:
	case -EALREADY:
		return "another camwardd is on this bus: stop it first";
	case -ENOENT:
	case -ECONNREFUSED:
	case -ENOTCONN:
		return "there is no system bus: start dbus, or set DBUS_SYSTEM_BUS_ADDRESS";
	case -EACCES:
	case -EPERM:
		return "the bus does not let this user be org.camward.Camward1: install "
		       "org.camward.Camward1.conf, and run as the user camward";
	default:
		return strerror(-error);
	}
}
