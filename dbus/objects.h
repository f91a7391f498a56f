// SPDX-License-Identifier: LGPL-2.1-or-later
/* The objects on the bus, one file a kind: its vtable, how one is found and how all are listed.
 * Private to this room. */
#pragma once

#include <systemd/sd-bus.h>

#include "broker/broker.h"
#include "dbus/authorize.h"
#include "dbus/names.h"

struct agents;
struct mdns;

struct bus {
	sd_bus *bus;
	struct broker *broker;
	struct observer observer;
	struct authorize authorize;
	struct agents *agents;
	struct mdns *mdns;
	struct restoring {
		int fd;       /* a memfd that somebody fills, by BeginRestore; -EBADF: none */
		char *sender; /* who */
	} restoring;
};

int manager_object_register(struct bus *bus);
int camera_object_register(struct bus *bus);
int client_object_register(struct bus *bus);
int integration_object_register(struct bus *bus);
int grant_object_register(struct bus *bus);
int lease_object_register(struct bus *bus);
int ledger_object_register(struct bus *bus);

/* Makes the bus an observer of its broker: changes become signals. */
void signals_register(struct bus *bus);

/* PREFIX/ESCAPED-NAME; NULL without memory. The caller's. */
char *object_path(const char *prefix, const char *name);
char *object_path_id(const char *prefix, uint64_t id);

/* What stands behind the prefix in path: the caller's text. Returns 1, 0 (another path), -errno. */
int object_name(const char *path, const char *prefix, char **ret);
int object_id(const char *path, const char *prefix, uint64_t *ret);

/* The room for n paths and the NULL behind them: what an enumerator returns. Releases all when one
 * cannot be made. */
struct object_paths {
	char **paths;
	size_t n;
};
int object_paths_new(struct object_paths *paths, size_t max);
/* Takes path; NULL is an error. */
int object_paths_add(struct object_paths *paths, char *path);
void object_paths_free(struct object_paths *paths);
