// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dbus/mdns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/event.h"
#include "base/log.h"
#include "broker/gate-link.h"
#include "dbus/mdns-backend.h"
#include "dbus/objects.h"

#define CONFLICTS_MAX 20

static const struct mdns_backend *const backends[MDNS_BACKENDS] = {&mdns_avahi, &mdns_resolved};

void mdns_announced(struct mdns *mdns)
{
	if (mdns->announced)
		return;
	mdns->announced = true;
	mdns->trouble[0] = '\0';
	event_log(LOG_INFO, EVENT_ANNOUNCED, NULL, "announced as '%s' by %s", mdns->name,
		  mdns->backend->title);
}

/* The same trouble again is no news. */
static void tell_trouble(struct mdns *mdns, const char *title, const char *why)
{
	char trouble[MDNS_TROUBLE_SIZE];

	snprintf(trouble, sizeof(trouble), "%s: %s", title, why);
	if (!strcmp(mdns->trouble, trouble))
		return;
	memcpy(mdns->trouble, trouble, sizeof(trouble));
	event_log(LOG_WARNING, EVENT_ANNOUNCE_FAILED, &(struct event_about){.reason = trouble},
		  "the service is not announced on the network: %s", trouble);
}

static void withdraw(struct mdns *mdns, bool last)
{
	if (!mdns->backend)
		return;
	mdns->call = sd_bus_slot_unref(mdns->call);
	mdns->backend->withdraw(mdns, last);
	mdns->announced = false;
}

void mdns_failed(struct mdns *mdns, const char *why)
{
	tell_trouble(mdns, mdns->backend->title, why);
	withdraw(mdns, false);
}

/* The first name, or the one after so many conflicts (RFC 6763 appendix D). */
static void set_name(struct mdns *mdns)
{
	char number[16] = "";

	if (mdns->conflicts)
		snprintf(number, sizeof(number), " #%u", mdns->conflicts + 1);
	snprintf(mdns->name, sizeof(mdns->name), "%.*s%s",
		 (int)(sizeof(mdns->name) - 1 - strlen(number)), mdns->settings.name, number);
}

void mdns_conflict(struct mdns *mdns)
{
	if (++mdns->conflicts >= CONFLICTS_MAX) {
		mdns_failed(mdns, "other machines have this name, and all that were tried next");
		return;
	}
	withdraw(mdns, false);
	set_name(mdns);
	mdns->backend->publish(mdns);
}

static const struct mdns_backend *choose(const struct mdns *mdns)
{
	for (int i = 0; i < MDNS_BACKENDS; i++)
		if (mdns->peers[i].owner[0])
			return mdns->peers[i].backend;
	return NULL;
}

static bool is_asked_for(const struct mdns *mdns)
{
	return mdns->settings.announce && mdns->n_services;
}

/* Whether both have been looked for. */
static bool all_known(const struct mdns *mdns)
{
	for (int i = 0; i < MDNS_BACKENDS; i++)
		if (!mdns->peers[i].known)
			return false;
	return true;
}

static void update(struct mdns *mdns)
{
	const struct mdns_backend *backend = is_asked_for(mdns) ? choose(mdns) : NULL;

	if (!all_known(mdns))
		return;
	if (is_asked_for(mdns) && !backend)
		tell_trouble(mdns, "mDNS", "neither Avahi nor systemd-resolved is running");
	if (backend == mdns->backend)
		return;
	withdraw(mdns, false);
	mdns->backend = backend;
	if (!backend)
		return;
	mdns->conflicts = 0;
	set_name(mdns);
	backend->publish(mdns);
}

/* --- the daemons come and go --- */

static void set_owner(struct mdns_peer *peer, const char *owner)
{
	struct mdns *mdns = peer->mdns;

	/* What the former one knew has gone with it. */
	if (mdns->backend == peer->backend) {
		withdraw(mdns, false);
		mdns->backend = NULL;
	}
	peer->known = true;
	snprintf(peer->owner, sizeof(peer->owner), "%s", owner);
	update(mdns);
}

static int on_asked(sd_bus_message *answer, void *userdata, sd_bus_error *error)
{
	struct mdns_peer *peer = userdata;
	const char *owner = "";

	peer->asked = sd_bus_slot_unref(peer->asked);
	if (!sd_bus_message_is_method_error(answer, NULL))
		(void)sd_bus_message_read(answer, "s", &owner);
	/* It may have come meanwhile. */
	if (!peer->known)
		set_owner(peer, owner);
	return 1;
}

static int on_owner_changed(sd_bus_message *signal, void *userdata, sd_bus_error *error)
{
	const char *name, *before, *now;

	if (sd_bus_message_read(signal, "sss", &name, &before, &now) > 0)
		set_owner(userdata, now);
	return 0;
}

static int on_signal(sd_bus_message *signal, void *userdata, sd_bus_error *error)
{
	struct mdns_peer *peer = userdata;

	const char *sender = sd_bus_message_get_sender(signal);

	/* The bus lets others send a signal to us alone, whatever the match says. */
	if (peer->mdns->backend == peer->backend && sender && !strcmp(sender, peer->owner))
		peer->backend->signal(peer->mdns, signal);
	return 0;
}

static int watch(struct mdns *mdns, struct mdns_peer *peer, const struct mdns_backend *backend)
{
	char match[256];
	int r;

	*peer = (struct mdns_peer){.mdns = mdns, .backend = backend};
	snprintf(match, sizeof(match),
		 "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
		 "member='NameOwnerChanged',arg0='%s'",
		 backend->bus_name);
	r = sd_bus_add_match_async(mdns->bus, &peer->owner_changed, match, on_owner_changed, NULL,
				   peer);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(backend->matches) && backend->matches[i]; i++)
		r = sd_bus_add_match_async(mdns->bus, &peer->signals[i], backend->matches[i],
					   on_signal, NULL, peer);
	if (r >= 0)
		r = sd_bus_call_method_async(mdns->bus, &peer->asked, "org.freedesktop.DBus",
					     "/org/freedesktop/DBus", "org.freedesktop.DBus",
					     "GetNameOwner", on_asked, peer, "s",
					     backend->bus_name);
	return r;
}

static void stop_watching(struct mdns_peer *peer)
{
	sd_bus_slot_unref(peer->owner_changed);
	for (size_t i = 0; i < ARRAY_SIZE(peer->signals); i++)
		sd_bus_slot_unref(peer->signals[i]);
	sd_bus_slot_unref(peer->asked);
}

/* --- calls of the backends --- */

int mdns_new_call(struct mdns *mdns, sd_bus_message **ret, const char *path, const char *interface,
		  const char *member)
{
	int r = sd_bus_message_new_method_call(mdns->bus, ret, mdns->backend->bus_name, path,
					       interface, member);

	return r < 0 ? r : sd_bus_message_set_auto_start(*ret, false);
}

void mdns_call(struct mdns *mdns, sd_bus_message *call, sd_bus_message_handler_t on_answer)
{
	int r;

	mdns->call = sd_bus_slot_unref(mdns->call);
	r = sd_bus_call_async(mdns->bus, &mdns->call, call, on_answer, mdns, MDNS_TIMEOUT);
	if (r < 0)
		mdns_failed(mdns, strerror(-r));
}

void mdns_call_off(struct mdns *mdns, sd_bus_message *call, bool last)
{
	if (last)
		(void)sd_bus_call(mdns->bus, call, MDNS_LAST_TIMEOUT, NULL, NULL);
	else if (sd_bus_message_set_expect_reply(call, false) >= 0)
		(void)sd_bus_send(mdns->bus, call, NULL);
}

/* --- life --- */

static int load(struct mdns *mdns)
{
	struct service_settings settings;
	int r = reload_service(mdns->owner->broker, &settings);

	if (r < 0)
		return r;
	if (!settings.name[0])
		settings_service_name(settings.name);
	mdns->settings = settings;
	return 0;
}

/* What is set in the file stands: something may be between the network and the gate. */
static void add_service(struct mdns *mdns, const char *type, const char *id,
			enum gate_service service, uint16_t set)
{
	const struct gate_peer *listener = gate_reachable(mdns->owner->broker, service);
	uint16_t port = set ? set : listener ? listener->port : 0;

	if (port)
		mdns->services[mdns->n_services++] = (struct mdns_service){type, id, port};
}

/* Takes back what was announced, by the services as they were, and begins anew. */
static void renew(struct mdns *mdns)
{
	const struct service_settings *s = &mdns->settings;

	withdraw(mdns, false);
	mdns->backend = NULL;
	mdns->trouble[0] = '\0';
	mdns->n_services = 0;
	if (broker_is_ready(mdns->owner->broker)) {
		add_service(mdns, "_rtsps._tcp", "camward-rtsps", GATE_SERVICE_RTSPS,
			    s->rtsps_port);
		add_service(mdns, "_https._tcp", "camward-https", GATE_SERVICE_HTTPS,
			    s->https_port);
		if (s->announce && !mdns->n_services)
			tell_trouble(mdns, "mDNS", "the gate listens on this machine only");
	}
	update(mdns);
}

void mdns_ready_changed(struct mdns *mdns)
{
	if (mdns)
		renew(mdns);
}

void mdns_reload(struct mdns *mdns)
{
	if (mdns && load(mdns) >= 0)
		renew(mdns);
}

int mdns_open(struct bus *bus, struct mdns **ret)
{
	struct mdns *mdns = calloc(1, sizeof(*mdns));
	int r = 0;

	if (!mdns)
		return -ENOMEM;
	mdns->owner = bus;
	mdns->bus = bus->bus;
	(void)load(mdns);
	for (int i = 0; r >= 0 && i < MDNS_BACKENDS; i++)
		r = watch(mdns, &mdns->peers[i], backends[i]);
	if (r < 0) {
		mdns_close(mdns);
		return r;
	}
	*ret = mdns;
	return 0;
}

void mdns_close(struct mdns *mdns)
{
	if (!mdns)
		return;
	withdraw(mdns, true);
	for (int i = 0; i < MDNS_BACKENDS; i++)
		stop_watching(&mdns->peers[i]);
	free(mdns);
}
