// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The controls of a camera's device: as its process told them when the device was open last, and
 * what it has been asked to set. While nobody watches, the device is closed: then the list is of
 * the last time, and nothing can be asked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "base/clock.h"
#include "broker/list.h"
#include "proto/camera-msg.h"

#define CAMERA_CONTROLS_REQUESTS_MAX 32 /* of a camera, unanswered */
/* A USB device has five seconds to answer (USB 2.0, 9.2.6.1), and its own error says more. */
#define CAMERA_CONTROLS_TIMEOUT (8 * USEC_PER_SEC)

struct camera;

/* error: 0 or the device's -errno; -ECONNRESET: its process is gone; -ETIMEDOUT: it has not
 * answered within CAMERA_CONTROLS_TIMEOUT. */
typedef void (*camera_controls_done)(void *userdata, int error);

struct camera_controls {
	bool known;                  /* all of them have been told once */
	struct camera_control *told; /* n */
	size_t n;
	struct camera_control *coming; /* n_coming of n_expected */
	size_t n_coming, n_expected;
	struct list requests;
	unsigned n_requests;
	sd_event_source *timer; /* NULL: nothing was asked yet */
	uint64_t last_request;
};

void camera_controls_init(struct camera_controls *controls);
/* The requests must have been failed. */
void camera_controls_release(struct camera_controls *controls);

/* NULL: none has this name, or they are not known. */
const struct camera_control *camera_controls_find(const struct camera_controls *controls,
						  const char *control);

/* In the control's range, down to a whole step. */
int32_t camera_controls_nearest(const struct camera_control *control, int32_t value);

/* One of the listing. 1: it is complete; 0: more to come; -EPROTO: out of order. -ENOMEM. */
int camera_controls_take(struct camera_controls *controls, const struct camera_control *control);

/* Has the process set it now, of a camera with an epoch; done follows. One that nobody waits for
 * any more counts until its answer: a device that hangs is not asked without end. -ENOBUFS,
 * -ENOMEM. */
int camera_controls_ask(struct camera *camera, const char *control, int32_t value,
			camera_controls_done done, void *userdata);
/* -EPROTO: nobody asked for this. */
int camera_controls_answer(struct camera *camera, const struct camera_set_done *answer);
/* The link is over. */
void camera_controls_fail(struct camera *camera);
