// SPDX-License-Identifier: LGPL-2.1-or-later
/* Between mdns.c, which knows what is to be announced, and the two that do it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "broker/settings-service.h"

/* A DNS label, and its NUL (RFC 6763 4.1.1). */
#define MDNS_NAME_SIZE    64
#define MDNS_TROUBLE_SIZE 256
#define MDNS_OWNER_SIZE   256 /* names on a bus have at most 255 */

/* The same for everybody: nothing about cameras, clients or the device. */
#define MDNS_TXT_KEY   "txtvers"
#define MDNS_TXT_VALUE "1"

struct mdns;

struct mdns_backend {
	const char *title;    /* for people */
	const char *bus_name; /* that of its daemon */
	const char *matches[3];
	/* Begins to announce the services of mdns under mdns->name. mdns_announced() or
	 * mdns_failed() follows, and mdns_conflict() whenever another machine has that name. */
	void (*publish)(struct mdns *mdns);
	/* Takes it back. last: waits for the answer, for at most MDNS_LAST_TIMEOUT. */
	void (*withdraw)(struct mdns *mdns, bool last);
	/* A signal by one of the matches; when mdns->backend is this one. */
	void (*signal)(struct mdns *mdns, sd_bus_message *signal);
};

#define MDNS_TIMEOUT      UINT64_C(25000000) /* us */
#define MDNS_LAST_TIMEOUT UINT64_C(500000)

extern const struct mdns_backend mdns_avahi, mdns_resolved;

#define MDNS_BACKENDS 2
#define MDNS_SERVICES 2

struct mdns_service {
	const char *type, *id;
	uint16_t port; /* never 0 */
};

struct mdns {
	struct bus *owner;
	sd_bus *bus;
	struct service_settings settings;
	char name[MDNS_NAME_SIZE];
	unsigned conflicts; /* of the name */
	struct mdns_service services[MDNS_SERVICES];
	unsigned n_services; /* that viewers on the network can reach */

	struct mdns_peer {
		struct mdns *mdns;
		const struct mdns_backend *backend;
		sd_bus_slot *owner_changed, *signals[3], *asked;
		bool known;
		char owner[MDNS_OWNER_SIZE]; /* its daemon's unique name; "": it is not there */
	} peers[MDNS_BACKENDS];
	const struct mdns_backend *backend; /* that announces it, or tries to; NULL: nothing is */

	/* The backend's own. */
	sd_bus_slot *call; /* waits for its answer */
	char *group;       /* Avahi's entry group; NULL: none */
	unsigned step;     /* services that are through */

	bool announced;
	char trouble[MDNS_TROUBLE_SIZE]; /* that was told last */
};

/* For the backends. */
void mdns_announced(struct mdns *mdns);
void mdns_failed(struct mdns *mdns, const char *why);
/* Takes all back and begins anew under another name. */
void mdns_conflict(struct mdns *mdns);

/* A call that starts nobody. on_answer: mdns->call is over, userdata is mdns. */
int mdns_new_call(struct mdns *mdns, sd_bus_message **ret, const char *path, const char *interface,
		  const char *member);
void mdns_call(struct mdns *mdns, sd_bus_message *call, sd_bus_message_handler_t on_answer);
/* One whose answer does not matter, but that it has come, with last. */
void mdns_call_off(struct mdns *mdns, sd_bus_message *call, bool last);
