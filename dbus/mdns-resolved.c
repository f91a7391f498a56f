// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * systemd-resolved (org.freedesktop.resolve1(5)): one object a service, which stays when we leave
 * the bus without a word. So one that a former run has left is taken back before its id is used
 * again. polkit has to let us: 50-camward.rules does.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "dbus/mdns-backend.h"

#define NAME      "org.freedesktop.resolve1"
#define PATH      "/org/freedesktop/resolve1"
#define INTERFACE NAME ".Manager"

#define EXISTS_ERROR NAME ".DnssdServiceExists"

static void go_on(struct mdns *mdns);

/* Ids are ours, and so are the objects of that name. NULL without memory. */
static char *path_of(const struct mdns_service *service)
{
	char *path;

	return sd_bus_path_encode(PATH "/dnssd", service->id, &path) < 0 ? NULL : path;
}

static int new_unregister(struct mdns *mdns, const struct mdns_service *service,
			  sd_bus_message **ret)
{
	_cleanup_free_ char *path = path_of(service);
	int r = path ? mdns_new_call(mdns, ret, PATH, INTERFACE, "UnregisterService") : -ENOMEM;

	return r < 0 ? r : sd_bus_message_append(*ret, "o", path);
}

static int on_taken_back(sd_bus_message *answer, void *userdata, sd_bus_error *error)
{
	struct mdns *mdns = userdata;
	const sd_bus_error *failure = sd_bus_message_get_error(answer);

	mdns->call = sd_bus_slot_unref(mdns->call);
	if (sd_bus_message_is_method_error(answer, NULL))
		mdns_failed(mdns, failure->message ? failure->message : failure->name);
	else
		go_on(mdns);
	return 1;
}

static void take_back_former(struct mdns *mdns)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
	int r = new_unregister(mdns, &mdns->services[mdns->step], &call);

	if (r < 0)
		mdns_failed(mdns, strerror(-r));
	else
		mdns_call(mdns, call, on_taken_back);
}

static int on_registered(sd_bus_message *answer, void *userdata, sd_bus_error *error)
{
	struct mdns *mdns = userdata;
	const sd_bus_error *failure = sd_bus_message_get_error(answer);

	mdns->call = sd_bus_slot_unref(mdns->call);
	if (sd_bus_error_has_name(failure, EXISTS_ERROR)) {
		take_back_former(mdns);
		return 1;
	}
	if (sd_bus_message_is_method_error(answer, NULL)) {
		mdns_failed(mdns, failure->message ? failure->message : failure->name);
		return 1;
	}
	if (++mdns->step == mdns->n_services)
		mdns_announced(mdns);
	else
		go_on(mdns);
	return 1;
}

/* A name is a template there, in which % begins something. */
static void escape(const char *name, char ret[2 * MDNS_NAME_SIZE])
{
	for (; *name; name++) {
		if (*name == '%')
			*ret++ = '%';
		*ret++ = *name;
	}
	*ret = '\0';
}

static int append_service(struct mdns *mdns, sd_bus_message *call)
{
	const struct mdns_service *service = &mdns->services[mdns->step];
	char name[2 * MDNS_NAME_SIZE];
	int r;

	escape(mdns->name, name);
	r = sd_bus_message_append(call, "sssqqq", service->id, name, service->type, service->port,
				  0, 0);
	if (r >= 0)
		r = sd_bus_message_open_container(call, 'a', "a{say}");
	if (r >= 0)
		r = sd_bus_message_open_container(call, 'a', "{say}");
	if (r >= 0)
		r = sd_bus_message_open_container(call, 'e', "say");
	if (r >= 0)
		r = sd_bus_message_append(call, "s", MDNS_TXT_KEY);
	if (r >= 0)
		r = sd_bus_message_append_array(call, 'y', MDNS_TXT_VALUE,
						sizeof(MDNS_TXT_VALUE) - 1);
	for (int depth = 0; r >= 0 && depth < 3; depth++)
		r = sd_bus_message_close_container(call);
	return r;
}

static void go_on(struct mdns *mdns)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
	int r = mdns_new_call(mdns, &call, PATH, INTERFACE, "RegisterService");

	if (r >= 0)
		r = append_service(mdns, call);
	if (r < 0)
		mdns_failed(mdns, strerror(-r));
	else
		mdns_call(mdns, call, on_registered);
}

static void publish(struct mdns *mdns)
{
	mdns->step = 0;
	go_on(mdns);
}

/* Also one whose answer has not come yet; that another one never was is no harm. */
static void withdraw(struct mdns *mdns, bool last)
{
	for (unsigned i = 0; i < mdns->n_services; i++) {
		_cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;

		if (new_unregister(mdns, &mdns->services[i], &call) >= 0)
			mdns_call_off(mdns, call, last);
	}
}

static void on_signal(struct mdns *mdns, sd_bus_message *signal)
{
	const char *path = sd_bus_message_get_path(signal);

	for (unsigned i = 0; i < mdns->n_services; i++) {
		_cleanup_free_ char *own = path_of(&mdns->services[i]);

		if (own && !strcmp(path, own)) {
			mdns_conflict(mdns);
			return;
		}
	}
}

const struct mdns_backend mdns_resolved = {
	.title = "systemd-resolved",
	.bus_name = NAME,
	.matches = {"type='signal',sender='" NAME "',interface='" NAME
		    ".DnssdService',member='Conflicted'"},
	.publish = publish,
	.withdraw = withdraw,
	.signal = on_signal,
};
