// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Announces the service on the local network (RFC 6762, RFC 6763: _rtsps._tcp, _https._tcp) if
 * camward.conf asks for it (broker/settings-service.h): by Avahi or, without it, systemd-resolved,
 * whichever is on the bus. With the ports of the gate's sockets, but for those that only this
 * machine reaches, and while a gate is there. What can be read there names no camera.
 *
 * It never stops the service: what goes wrong is an event in the journal, and is tried again when
 * one of the two comes or is started again.
 */
#pragma once

struct bus;
struct mdns;

/* Reads the settings. Errors: -ENOMEM and those of the bus; bad settings are logged, and off. */
int mdns_open(struct bus *bus, struct mdns **ret);
/* Takes back what is announced, and waits a short while for that. NULL is fine. */
void mdns_close(struct mdns *mdns);

/* Viewers can connect, or not. */
void mdns_ready_changed(struct mdns *mdns);
/* Reads the settings again, of which the machine's name may be one; with bad ones it goes on as
 * before. */
void mdns_reload(struct mdns *mdns);
