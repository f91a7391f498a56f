// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/camera-register.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "base/clock.h"
#include "broker/broker.h"

struct registration {
	bool done;
	int error;
};

static void on_stored(void *userdata, int error)
{
	struct registration *registration = userdata;

	*registration = (struct registration){.done = true, .error = error};
}

static int store_and_wait(struct broker *broker, const struct camera_record *record)
{
	struct registration registration = {};
	int r = store_add_camera(broker->store, record, on_stored, &registration);

	if (r < 0)
		return r;
	while (!registration.done) {
		struct pollfd p = {.fd = store_fd(broker->store), .events = POLLIN};

		/* The store answers every job: there is no time limit to choose. */
		if (poll(&p, 1, -1) > 0)
			store_dispatch(broker->store);
	}
	return registration.error;
}

int camera_register(struct broker *broker, const char *name, struct camera **ret)
{
	struct camera_record record = {.created = clock_realtime(), .pending = true};
	int r;

	*ret = camera_find(broker, name);
	if (*ret)
		return 0;
	snprintf(record.name, sizeof(record.name), "%s", name);
	r = camera_record_make_uuid(record.uuid);
	if (r < 0)
		return r;
	r = policy_add_camera(broker->policy, &record);
	if (r < 0)
		return r;
	r = store_and_wait(broker, &record);
	if (r < 0) {
		policy_remove_camera(broker->policy, record.uuid);
		return r;
	}
	r = policy_commit_camera(broker->policy, record.uuid);
	if (r < 0)
		return r;
	r = camera_new(broker, &record, ret);
	if (r >= 0)
		observe(broker, camera_added, *ret);
	if (r >= 0)
		declared_apply(broker);
	return r;
}
