// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/reload.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/event.h"
#include "base/log.h"
#include "broker/broker.h"
#include "broker/camera-link.h"
#include "broker/settings-reader.h"
#include "broker/settings-record.h"

#define TIMER_ACCURACY (10 * USEC_PER_MSEC)

static void reload_camera(struct camera *camera)
{
	char error[SETTINGS_ERROR_SIZE];

	if (camera_link_configure(camera, error) < 0)
		log_error("camera %s goes on as it was: %s", camera->name, error);
}

/* Whoever may watch no more does not wait for the rest. */
static void apply(struct broker *broker)
{
	struct settings_record *record = broker->reload.record;
	struct camera *camera;

	declared_take(broker, &record->declared);
	light_set(broker, record->light, record->light_outcome.error, record->light_outcome.why);
	list_for_each (camera, &broker->cameras, list)
		if (camera->welcomed)
			reload_camera(camera);
	observe(broker, reloaded);
}

static void tell(const struct reload *reload, int error)
{
	if (reload->done)
		reload->done(reload->userdata, error);
}

static void finish(struct broker *broker, int error)
{
	broker->reload.wanted = 0;
	if (error == 0)
		apply(broker);
	else
		log_error("the settings stay as they were: %s", strerror(-error));
	tell(&broker->reload, error);
}

void reload_say_overdue(const struct broker *broker, char *text, size_t size)
{
	snprintf(text, size, "settings cannot be read: %.160s does not answer",
		 broker->config_directory);
}

static void tell_overdue(struct broker *broker)
{
	char why[SETTINGS_ERROR_SIZE];

	reload_say_overdue(broker, why, sizeof(why));
	event_log(LOG_ERR, EVENT_SETTINGS_OVERDUE, &(struct event_about){.reason = why},
		  "%s; what was read last stays in force", why);
	if (broker->reload.wanted)
		tell(&broker->reload, -ETIMEDOUT);
}

/* Of those who wait for this reading, or one before it. */
static void end_waits(struct reload *reload, uint64_t number, bool read)
{
	struct reload_waiter *waiter, *next;

	list_for_each_safe (waiter, next, &reload->waiters, list)
		if (waiter->reading <= number) {
			list_remove(&waiter->list);
			waiter->done(waiter, read);
		}
}

static int on_overdue(sd_event_source *source, uint64_t when, void *userdata)
{
	struct broker *broker = userdata;
	struct camera *camera;

	broker->reload.overdue = true;
	tell_overdue(broker);
	list_for_each (camera, &broker->cameras, list)
		camera_link_tell_overdue(camera);
	end_waits(&broker->reload, UINT64_MAX, false);
	return 0;
}

static void arm(struct reload *reload)
{
	(void)sd_event_source_set_time(reload->timer, clock_monotonic() + RELOAD_PATIENCE);
	(void)sd_event_source_set_enabled(reload->timer, SD_EVENT_ONESHOT);
}

uint64_t reload_ask(struct broker *broker)
{
	struct reload *reload = &broker->reload;

	if (!reload->overdue && sd_event_source_get_enabled(reload->timer, NULL) <= 0)
		arm(reload);
	reload->asked = settings_reader_ask(reload->reader);
	return reload->asked;
}

/* What was asked for after this reading had begun is still to come. */
static void calm_down(struct broker *broker, uint64_t number)
{
	struct reload *reload = &broker->reload;

	if (reload->overdue)
		log_notice("%s answers again", broker->config_directory);
	reload->overdue = false;
	if (reload->asked > number)
		arm(reload);
	else
		(void)sd_event_source_set_enabled(reload->timer, SD_EVENT_OFF);
}

static int on_read(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct broker *broker = userdata;
	struct reload *reload = &broker->reload;
	struct settings_record *record;
	uint64_t number = settings_reader_take(reload->reader, &record);
	struct camera *camera;

	if (!number)
		return 0;
	calm_down(broker, number);
	if (record) {
		settings_record_free(reload->record);
		reload->record = record;
	}
	/* One that began before the reload was asked for says nothing about it. */
	if (reload->wanted && number >= reload->wanted)
		finish(broker, record ? 0 : -ENOMEM);
	list_for_each (camera, &broker->cameras, list)
		camera_link_greet_again(camera, number);
	end_waits(reload, number, record != NULL);
	return 0;
}

int reload_wait(struct broker *broker, struct reload_waiter *waiter)
{
	if (broker->reload.overdue)
		return -EAGAIN;
	waiter->reading = reload_ask(broker);
	list_append(&broker->reload.waiters, &waiter->list);
	return 0;
}

void reload_begin(struct broker *broker, reload_done done, void *userdata)
{
	struct reload *reload = &broker->reload;

	reload->done = done;
	reload->userdata = userdata;
	reload->wanted = reload_ask(broker);
	if (reload->overdue)
		tell_overdue(broker);
}

int reload_service(const struct broker *broker, struct service_settings *ret)
{
	const struct settings_record *record = broker->reload.record;
	int r = record->service_outcome.error;

	if (r < 0)
		log_error("%s", record->service_outcome.why);
	else
		*ret = record->service;
	return r;
}

int reload_open(struct broker *broker)
{
	struct reload *reload = &broker->reload;
	int r;

	reload->record = settings_record_read(broker->config_directory);
	if (!reload->record)
		return -ENOMEM;
	r = settings_reader_open(broker->config_directory, &reload->reader);
	if (r >= 0)
		r = sd_event_add_io(broker->event, &reload->source,
				    settings_reader_fd(reload->reader), EPOLLIN, on_read, broker);
	if (r >= 0)
		r = sd_event_source_set_priority(reload->source, BROKER_PRIORITY_CONTROL);
	if (r >= 0)
		r = sd_event_add_time(broker->event, &reload->timer, CLOCK_MONOTONIC, 0,
				      TIMER_ACCURACY, on_overdue, broker);
	if (r >= 0)
		r = sd_event_source_set_enabled(reload->timer, SD_EVENT_OFF);
	if (r >= 0)
		apply(broker);
	return r;
}

void reload_close(struct broker *broker)
{
	struct reload *reload = &broker->reload;

	end_waits(reload, UINT64_MAX, false);
	reload->source = sd_event_source_disable_unref(reload->source);
	reload->timer = sd_event_source_disable_unref(reload->timer);
	if (reload->reader)
		settings_reader_close(reload->reader);
	reload->reader = NULL;
	reload->record = settings_record_free(reload->record);
}
