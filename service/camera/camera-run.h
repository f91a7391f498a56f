// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a camera process is made of, and the life of its epochs: begun, watched, lost, looked for,
 * ended. Known to camera.c alone, which does what the broker says.
 *
 * Errors of calls that return int are the link's: the process cannot go on (camera_leave).
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "base/chan.h"
#include "camera/arrival.h"
#include "camera/backoff.h"
#include "camera/choices.h"
#include "camera/epoch.h"
#include "camera/wake.h"
#include "camera/watch.h"
#include "proto/camera-msg.h"

/* Of the link, for its permit table. */
enum link_state {
	LINK_NEW = 1 << 0,  /* HELLO said, WELCOME to come */
	LINK_IDLE = 1 << 1, /* no epoch */
	LINK_RUNNING = 1 << 2,
};

struct camera {
	const char *name;
	bool restarted; /* a process that ends is followed by another one */
	struct source *source;
	struct chan link;
	struct camera_welcome welcome; /* with the present configuration */
	struct epoch epoch;            /* sound only while the link's state is LINK_RUNNING */
	struct sealer *sealer;         /* NULL while it is not */
	uint64_t last_epoch;
	uint32_t turns[RING_N_STREAMS]; /* of the START or STREAMS that asked for each */
	bool had_epoch;
	struct wake_list wakes;
	struct subscriber_list subscribers;
	struct choices choices;
	bool tell_controls; /* with the next tick: many changes make one listing */
	sd_event *event;
	struct backoff backoff;  /* of the attempts since the last picture */
	struct watch watch;      /* frames wait until the key that seals them is certified */
	struct arrival *arrival; /* borrowed; NULL: nothing is awaited */
	bool hardware_came;
	sd_event_source *on_link, *on_tick, *on_stall, *on_retry, *on_arrival, *on_way;
};

static inline bool camera_is_running(const struct camera *c)
{
	return c->link.state == LINK_RUNNING;
}

/* The one way out. A broker that went away is no error of this process. */
void camera_leave(struct camera *c, int error);

int camera_report(struct camera *c, enum camera_condition condition);

/* The key goes out first: its certificate comes while the device is opened. */
int camera_begin_epoch(struct camera *c, const struct ring_description *description,
		       uint32_t streams);
/* Makes these streams and no others from now on. */
int camera_want(struct camera *c, uint32_t streams);
/* Closes the device, drops the ring and every wake. */
int camera_end_epoch(struct camera *c);
/* Ends it as lost, for the reason that stands in it, and looks for the source with back-off. */
int camera_lose_epoch(struct camera *c);
