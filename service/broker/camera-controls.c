// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/camera-controls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "broker/broker.h"
#include "broker/camera.h"

#define TIMER_ACCURACY (50 * USEC_PER_MSEC)

struct request {
	struct list list;
	uint64_t id, until; /* monotonic */
	char control[PROTO_CONTROL_SIZE];
	camera_controls_done done; /* NULL: told that there was no answer in time */
	void *userdata;
};

void camera_controls_init(struct camera_controls *controls)
{
	*controls = (struct camera_controls){};
	list_init(&controls->requests);
}

void camera_controls_release(struct camera_controls *controls)
{
	controls->timer = sd_event_source_disable_unref(controls->timer);
	free(steal_pointer(&controls->told));
	free(steal_pointer(&controls->coming));
}

static struct camera_control *find(const struct camera_controls *controls, const char *control)
{
	for (size_t i = 0; i < controls->n; i++)
		if (!strcmp(controls->told[i].control, control))
			return &controls->told[i];
	return NULL;
}

const struct camera_control *camera_controls_find(const struct camera_controls *controls,
						  const char *control)
{
	return find(controls, control);
}

int32_t camera_controls_nearest(const struct camera_control *control, int32_t value)
{
	int64_t v = value;

	if (control->type == CAMERA_CONTROL_BUTTON)
		return value;
	if (control->type == CAMERA_CONTROL_BITMASK)
		return value & control->maximum;
	if (v > control->maximum)
		v = control->maximum;
	if (v < control->minimum)
		v = control->minimum;
	if (control->step > 1)
		v -= (v - control->minimum) % (int64_t)control->step;
	return (int32_t)v;
}

static int complete(struct camera_controls *controls)
{
	free(controls->told);
	controls->told = steal_pointer(&controls->coming);
	controls->n = controls->n_expected;
	controls->known = true;
	return 1;
}

int camera_controls_take(struct camera_controls *controls, const struct camera_control *control)
{
	if (control->index == 0) {
		free(controls->coming);
		controls->n_coming = 0;
		controls->n_expected = control->count;
		controls->coming =
			calloc(control->count ? control->count : 1, sizeof(*controls->coming));
		if (!controls->coming)
			return -ENOMEM;
		if (control->count == 0)
			return complete(controls);
	}
	if (!controls->coming || control->index != controls->n_coming ||
	    control->count != controls->n_expected)
		return -EPROTO;
	controls->coming[controls->n_coming++] = *control;
	return controls->n_coming == controls->n_expected ? complete(controls) : 0;
}

/* To the first that is still waited for: they were asked one after the other. */
static int arm(struct camera_controls *controls)
{
	struct request *request;
	int r;

	list_for_each (request, &controls->requests, list) {
		if (!request->done)
			continue;
		r = sd_event_source_set_time(controls->timer, request->until);
		return r < 0 ? r : sd_event_source_set_enabled(controls->timer, SD_EVENT_ONESHOT);
	}
	return 0;
}

static void tell(struct request *request, int error)
{
	camera_controls_done done = request->done;

	request->done = NULL;
	if (done)
		done(request->userdata, error);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct camera_controls *controls = userdata;
	uint64_t now = clock_monotonic();
	struct request *request;

	list_for_each (request, &controls->requests, list)
		if (request->until <= now)
			tell(request, -ETIMEDOUT);
	return arm(controls);
}

static int add_timer(struct camera *camera)
{
	if (camera->controls.timer)
		return 0;
	return sd_event_add_time(camera->broker->event, &camera->controls.timer, CLOCK_MONOTONIC, 0,
				 TIMER_ACCURACY, on_timer, &camera->controls);
}

int camera_controls_ask(struct camera *camera, const char *control, int32_t value,
			camera_controls_done done, void *userdata)
{
	struct camera_controls *controls = &camera->controls;
	struct camera_set set = {.value = value};
	struct request *request;
	int r;

	if (controls->n_requests == CAMERA_CONTROLS_REQUESTS_MAX)
		return -ENOBUFS;
	r = add_timer(camera);
	if (r < 0)
		return r;
	request = calloc(1, sizeof(*request));
	if (!request)
		return -ENOMEM;
	request->id = set.request = ++controls->last_request;
	request->until = clock_monotonic() + CAMERA_CONTROLS_TIMEOUT;
	request->done = done;
	request->userdata = userdata;
	snprintf(request->control, sizeof(request->control), "%s", control);
	snprintf(set.control, sizeof(set.control), "%s", control);
	list_append(&controls->requests, &request->list);
	controls->n_requests++;
	/* It exists, and what it is given is sound: nothing can fail here. */
	(void)arm(controls);
	link_send_message(&camera->link, CAMERA_SET, &set);
	return 0;
}

static void finish(struct camera_controls *controls, struct request *request, int error)
{
	list_remove(&request->list);
	controls->n_requests--;
	tell(request, error);
	free(request);
}

int camera_controls_answer(struct camera *camera, const struct camera_set_done *answer)
{
	struct request *request;

	list_for_each (request, &camera->controls.requests, list) {
		struct camera_control *control = find(&camera->controls, request->control);

		if (request->id != answer->request)
			continue;
		if (answer->error == 0 && control)
			control->value = answer->value;
		finish(&camera->controls, request, answer->error);
		return 0;
	}
	return -EPROTO;
}

void camera_controls_fail(struct camera *camera)
{
	struct request *request, *tmp;

	list_for_each_safe (request, tmp, &camera->controls.requests, list)
		finish(&camera->controls, request, -ECONNRESET);
}
