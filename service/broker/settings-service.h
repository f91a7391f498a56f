// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The service's own configuration, CONFIG-DIRECTORY/camward.conf:
 *
 *	[mdns]
 *	; whether the service is announced on the local network; no is the default
 *	announce=yes
 *	; under which name; the machine's is the default
 *	name=Camera server
 *	; where viewers come to, if not to the gate's own sockets: behind a port forwarding
 *	rtsps-port=322
 *	https-port=8443
 *
 *	[ledger]
 *	; how long events are kept, and viewers' addresses; 0: for ever
 *	events-days=365
 *	addresses-days=90
 *
 * An unknown section or key, a value out of bounds and a key given twice are errors.
 */
#pragma once

#include <stdint.h>

#include "broker/settings-file.h"

#define SETTINGS_EVENTS_DAYS    365
#define SETTINGS_ADDRESSES_DAYS 90
#define SETTINGS_DAYS_MAX       36500
#define SETTINGS_MDNS_NAME_SIZE 64 /* a DNS label, and its NUL */

struct service_settings {
	bool announce;
	char name[SETTINGS_MDNS_NAME_SIZE];   /* printable ASCII; "": settings_service_name() */
	uint16_t rtsps_port, https_port;      /* 0: the gate's own */
	uint32_t events_days, addresses_days; /* 0: for ever */
};

/* The machine's own name now, as far as it fits, never "". */
void settings_service_name(char name[SETTINGS_MDNS_NAME_SIZE]);

/* Errors: as settings_file_read(). */
int settings_load_service(const char *directory, struct service_settings *ret,
			  char error[SETTINGS_ERROR_SIZE]);
