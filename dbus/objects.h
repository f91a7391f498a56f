// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The objects on the bus, one file a kind: its vtable, how one is found and how all are listed.
 *
 * A property that stands in the object as it is, is a line of the vtable (OBJECT_TEXT() and so on);
 * any other has a getter, whose userdata is the object. A method's is the struct bus: its object
 * may go while polkit is asked (authorize.h). Private to this room.
 */
#pragma once

#include <stddef.h>
#include <systemd/sd-bus.h>

#include "broker/broker.h"
#include "dbus/authorize.h"
#include "dbus/names.h"

struct agents;
struct mdns;
struct bus;

/* What an enumerator returns: the paths and a NULL behind them. */
struct object_paths {
	char **paths;
	size_t n;
};

struct object_kind {
	const char *path; /* under which they stand; without find: of the only one */
	const char *interface;
	const sd_bus_vtable *vtable;
	/* That of this name or id; NULL: none that takes part in anything. */
	void *(*find)(const struct bus *bus, const char *name);
	/* Adds all to paths; -errno. */
	int (*list)(const struct bus *bus, struct object_paths *paths);
	/* Whether the call that runs now must not learn which there are: then it reaches its method
	 * by any name, with no object. NULL: none must not. */
	bool (*hides)(sd_bus *b);
	int missing; /* enum control_error: there is none of the name that was asked for */
};

extern const struct object_kind manager_object, state_object, ledger_object;
extern const struct object_kind camera_object, client_object, integration_object;
extern const struct object_kind grant_object, lease_object;

#define OBJECT_N_KINDS 8

/* A kind on this bus: what the vtable's callbacks know. */
struct object_place {
	struct bus *bus;
	const struct object_kind *kind;
};

struct bus {
	sd_bus *bus;
	struct broker *broker;
	struct observer observer;
	struct authorize authorize;
	struct agents *agents;
	struct mdns *mdns;
	struct object_place places[OBJECT_N_KINDS];
	struct restoring {
		int fd;       /* a memfd that somebody fills, by BeginRestore; -EBADF: none */
		char *sender; /* who */
		sd_bus_track *track; /* until that one has left */
	} restoring;
};

/* Puts all kinds on the bus, each in its place of the struct, which must stay where it is. Errors:
 * sd-bus's. */
int objects_register(struct bus *bus);

/* For a method or getter that runs now, before it has a signal sent: whose bus it is. */
struct bus *object_bus(sd_bus *b);

/* The one at this path, as its kind finds it: the broker's, good until the loop goes on. NULL: none
 * is there. */
void *object_find(const struct object_kind *kind, const struct bus *bus, const char *path);

/* For a method: the name of its object, which survives what the call does to that. Negative, with
 * the error set (kind->missing), if there is none; else 0. */
int object_take_name(const struct object_kind *kind, const struct bus *bus, sd_bus_message *m,
		     char name[NAME_SIZE], sd_bus_error *error);

/* Properties that stand in a field of TYPE: char[], uint64_t, uint32_t, bool. */
#define OBJECT_TEXT(name, type, field, flags) \
	SD_BUS_PROPERTY(name, "s", object_get_text, offsetof(type, field), flags)
#define OBJECT_U64(name, type, field, flags) \
	SD_BUS_PROPERTY(name, "t", NULL, offsetof(type, field), flags)
#define OBJECT_U32(name, type, field, flags) \
	SD_BUS_PROPERTY(name, "u", NULL, offsetof(type, field), flags)
#define OBJECT_FLAG(name, type, field, flags) \
	SD_BUS_PROPERTY(name, "b", object_get_flag, offsetof(type, field), flags)

int object_get_text(sd_bus *b, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error);
int object_get_flag(sd_bus *b, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error);

/* What BeginRestore has given out is nobody's any more. */
void state_forget_restore(struct bus *bus);

/* Makes the bus an observer of its broker: changes become signals. */
void signals_register(struct bus *bus);

/* PREFIX/ESCAPED-NAME; NULL without memory. The caller's. */
char *object_path(const char *prefix, const char *name);
char *object_path_id(const char *prefix, uint64_t id);

/* What stands behind the prefix in path: the caller's text. Returns 1, 0 (another path), -errno. */
int object_name(const char *path, const char *prefix, char **ret);
int object_id(const char *path, const char *prefix, uint64_t *ret);

/* Takes path; NULL is an error. */
int object_paths_add(struct object_paths *paths, char *path);
