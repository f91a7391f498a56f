// SPDX-License-Identifier: LGPL-2.1-or-later
/* Calls to camwardd on the system bus, and sentences for what can go wrong with them. */
#pragma once

#include "base/cleanup.h"
#include "ctl/ctl.h"

#define _cleanup_message_ _cleanup_(sd_bus_message_unrefp)

/* Connects, unless that has been done. DBUS_SYSTEM_BUS_ADDRESS chooses the bus. */
int bus_open(struct ctl *ctl);

/* A call of a method of camwardd, to be filled and sent; opens the bus. polkit may ask the person
 * who calls for a password. */
int bus_new_call(struct ctl *ctl, const char *path, const char *interface, const char *method,
		 sd_bus_message **ret);

#define BUS_SENTENCE_SIZE 256

/* A kind of object that is called upon by its name. */
struct bus_kind {
	const char *prefix, *interface; /* dbus/names.h */
	const char *noun, *list;        /* for people: "camera", and the verb that lists them */
};
extern const struct bus_kind bus_camera, bus_client, bus_integration;

/* The same upon the object of this name, which may be no name at all; missing: gets the sentence
 * for one that is not there (bus_send()). */
int bus_new_named_call(struct ctl *ctl, const struct bus_kind *kind, const char *name,
		       const char *method, char missing[BUS_SENTENCE_SIZE], sd_bus_message **ret);

/*
 * Sends the call and waits for its reply; ret_reply may be NULL. `missing` says, in a sentence,
 * that the object called upon does not exist; NULL: it always does.
 */
int bus_send(struct ctl *ctl, sd_bus_message *call, const char *missing,
	     sd_bus_message **ret_reply);

/* Of a method of the manager's that copies or overwrites all that is kept: it may take long. */
int bus_send_patiently(struct ctl *ctl, sd_bus_message *call, sd_bus_message **ret_reply);

/* The path of an object: prefix as in dbus/names.h, id its name or number. */
int bus_path(const char *prefix, const char *id, char **ret);
/* The last element of such a path; NULL if it does not begin with the prefix. The caller frees. */
char *bus_path_id(const char *prefix, const char *path);

/* Appends {key: time} to an open a{sv}; nothing if the time is 0. Returns -errno. */
int bus_append_time(sd_bus_message *m, const char *key, uint64_t t);

/* Says that a message could not be made (-errno), or that a reply could not be read. */
int bus_call_failed(int error);
int bus_reply_failed(int error);

/* Whether whoever called was not allowed to. */
bool bus_is_refused(const sd_bus_error *error);

/* Says what a failed call means. */
int bus_explain(struct ctl *ctl, const sd_bus_error *error, const char *missing);
