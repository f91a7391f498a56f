// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The one door to every method. Root and the service's own user go through at once; for anybody
 * else polkit is asked (org.freedesktop.PolicyKit1.Authority.CheckAuthorization), without waiting
 * for it. Only a plain yes opens; no polkit, no answer in time and an answer that makes no sense
 * are a no. Then the method runs as it would have at once: it looks its object up itself.
 *
 * Who calls is the bus's word for the connection (its uid; for polkit its unique name), never what
 * is read from /proc about a process that may have become another.
 *
 * Nothing that root asks waits for a question. A caller that leaves the bus takes its questions
 * along, and polkit is told.
 */
#pragma once

#include "broker/list.h"
#include "dbus/details.h"

/* The actions of org.camward.Camward1.policy. */
#define AUTHORIZE_ACTION_MANAGE_CLIENTS "org.camward.Camward1.manage-clients"
#define AUTHORIZE_ACTION_MANAGE_GRANTS  "org.camward.Camward1.manage-grants"
#define AUTHORIZE_ACTION_MANAGE_CAMERAS "org.camward.Camward1.manage-cameras"
#define AUTHORIZE_ACTION_SUSPEND        "org.camward.Camward1.suspend"
#define AUTHORIZE_ACTION_ERASE          "org.camward.Camward1.erase"
#define AUTHORIZE_ACTION_END_LEASE      "org.camward.Camward1.end-lease"
#define AUTHORIZE_ACTION_READ_LEDGER    "org.camward.Camward1.read-ledger"
#define AUTHORIZE_ACTION_BE_AGENT       "org.camward.Camward1.be-agent"

/* Questions to which polkit has not answered; more are refused (LimitsExceeded). */
#define AUTHORIZE_QUESTIONS_MAX        64
#define AUTHORIZE_QUESTIONS_PER_CALLER 8 /* of one uid */

/* How long polkit may take; in the second case it may ask a person for a password. */
#define AUTHORIZE_TIMEOUT             (5 * UINT64_C(1000000))
#define AUTHORIZE_TIMEOUT_INTERACTIVE (90 * UINT64_C(1000000))

struct authorize {
	struct list questions; /* struct question */
	uint64_t serial;       /* of the last one */
};

/* run: as sd-bus calls a method, with the struct bus as userdata. */
struct authorize_method {
	const char *action;
	details_read details;
	sd_bus_message_handler_t run;
};

void authorize_init(struct authorize *authorize);
/* Forgets all questions; the callers get no answer, for the connection is about to end. */
void authorize_end(struct authorize *authorize);

/* A method's handler. Returns as one. */
int authorize_call(struct bus *bus, const struct authorize_method *method, sd_bus_message *call,
		   sd_bus_error *error);

/* Who calls, by the bus's word. Negative, with the error set, if it has none. */
int authorize_identify(sd_bus_message *call, uid_t *ret, sd_bus_error *error);

/* Stands before a vtable, once for each method: gives method_NAME() its door. */
#define AUTHORIZE(name, action_, details_)                                                   \
	static int authorized_##name(sd_bus_message *m, void *userdata, sd_bus_error *error) \
	{                                                                                    \
		static const struct authorize_method method = {(action_), (details_),        \
							       method_##name};               \
		struct bus *bus = object_bus(sd_bus_message_get_bus(m));                     \
		return authorize_call(bus, &method, m, error);                               \
	}

/* The other door: of a method that is for whoever the policy says, and decides itself by the
 * caller's uid; polkit has no say in it. */
#define IDENTIFY(name)                                                                       \
	static int identified_##name(sd_bus_message *m, void *userdata, sd_bus_error *error) \
	{                                                                                    \
		struct bus *bus = object_bus(sd_bus_message_get_bus(m));                     \
		uid_t uid;                                                                   \
		int r = authorize_identify(m, &uid, error);                                  \
		return r < 0 ? r : method_##name(m, bus, uid, error);                        \
	}

/* The only ways in which a method gets into a vtable: through a door. Names are written as
 * SD_BUS_PARAM(). The vtable is that of an object kind (objects.h). */
#define AUTHORIZED_METHOD(member, in, in_names, out, out_names, name, flags)              \
	SD_BUS_METHOD_WITH_NAMES(member, in, in_names, out, out_names, authorized_##name, \
				 (flags) | SD_BUS_VTABLE_UNPRIVILEGED)
#define IDENTIFIED_METHOD(member, in, in_names, out, out_names, name)                     \
	SD_BUS_METHOD_WITH_NAMES(member, in, in_names, out, out_names, identified_##name, \
				 SD_BUS_VTABLE_UNPRIVILEGED)
