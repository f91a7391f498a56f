// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the broker tells the outside (D-Bus) about itself. It knows nobody who listens; each call is
 * made from the main loop, when the change has taken effect. Pointers are good during the call.
 */
#pragma once

#include <stdint.h>

#include "broker/suspension.h"

struct camera;
struct lease;

struct observer {
	void *userdata;

	void (*ready_changed)(void *userdata);
	/* It has come or gone. */
	void (*agent_changed)(void *userdata);
	/* Whether anybody watches anything. */
	void (*watching_changed)(void *userdata);
	/* The server's certificate was issued anew. */
	void (*certificate_changed)(void *userdata);
	/* The machine has another name. */
	void (*host_renamed)(void *userdata);
	/* The configuration is to be read again. */
	void (*reloaded)(void *userdata);
	void (*camera_added)(void *userdata, const struct camera *camera);
	/* While it can still be looked up. */
	void (*camera_removed)(void *userdata, const struct camera *camera);
	/* Anything but its counters. */
	void (*camera_changed)(void *userdata, const struct camera *camera);

	void (*lease_added)(void *userdata, const struct lease *lease);
	void (*lease_changed)(void *userdata, const struct lease *lease);
	/* While it can still be looked up. */
	void (*lease_ended)(void *userdata, const struct lease *lease, const char *reason,
			    uint64_t delivered);
	void (*denied)(void *userdata, const char *client, const char *camera, const char *peer,
		       const char *reason);

	/* A session was handed frames that are not this camera's; the camera is suspended. */
	void (*tripwire)(void *userdata, const struct camera *camera, uint64_t lease,
			 const char *client);

	void (*client_added)(void *userdata, const char *name);
	void (*client_changed)(void *userdata, const char *name);
	/* _removed: while it can still be looked up. */
	void (*client_removed)(void *userdata, const char *name);
	/* It is called otherwise from now on; its grants and its suspension went along. */
	void (*client_renamed)(void *userdata, const char *from, const char *to);
	void (*integration_added)(void *userdata, const char *name);
	void (*integration_changed)(void *userdata, const char *name);
	void (*integration_removed)(void *userdata, const char *name);
	void (*integration_renamed)(void *userdata, const char *from, const char *to);
	void (*grant_added)(void *userdata, uint64_t id);
	void (*grant_removed)(void *userdata, uint64_t id);
	void (*suspensions_changed)(void *userdata, enum suspension_kind kind, const char *name);
};

/* observe(broker, lease_changed, lease); nobody need listen. */
#define observe(broker, event, ...)                                           \
	do {                                                                  \
		const struct observer *observer_ = (broker)->observer;        \
		if (observer_)                                                \
			observer_->event(observer_->userdata, ##__VA_ARGS__); \
	} while (0)
