// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/admission.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/event.h"
#include "broker/broker.h"
#include "broker/camera-link.h"
#include "broker/hardware.h"

/* Between the camera's first sight and the disk's answer. */
struct newcomer {
	struct broker *broker;
	struct camera_record record;
	int fd;
};

static void tell_refused(const char *name, const char *why)
{
	event_log(LOG_ERR, EVENT_CAMERA_REFUSED,
		  &(struct event_about){.camera = name, .reason = why}, "camera %s is kept out: %s",
		  name, why);
}

static void let_in(struct newcomer *n, struct camera_record *known)
{
	struct camera *camera = camera_find(n->broker, n->record.name);
	int r = 0;

	snprintf(known->hardware, sizeof(known->hardware), "%s", n->record.hardware);
	if (!camera) {
		r = policy_commit_camera(n->broker->policy, n->record.uuid);
		if (r >= 0)
			r = camera_new(n->broker, &n->record, &camera);
		if (r >= 0)
			observe(n->broker, camera_added, camera);
	}
	if (r < 0) {
		tell_refused(n->record.name, strerror(-r));
		return;
	}
	event_log(LOG_NOTICE, EVENT_CAMERA_NEW, &(struct event_about){.camera = camera->name},
		  "camera %s is now: %s", camera->name, known->hardware);
	if (!n->broker->stopping)
		camera_link_adopt(camera, steal_fd(&n->fd));
}

static void on_stored(void *userdata, int error)
{
	struct newcomer *n = userdata;
	struct camera_record *known = policy_find_camera_uuid(n->broker->policy, n->record.uuid);

	if (error < 0) {
		tell_refused(n->record.name, strerror(-error));
		if (known && known->pending)
			policy_remove_camera(n->broker->policy, n->record.uuid);
	} else if (known && !strcmp(known->name, n->record.name)) {
		/* Renamed meanwhile, it would come again under that name. */
		let_in(n, known);
	}
	close_fd(n->fd);
	free(n);
}

static int make_record(struct broker *broker, const char *name, struct camera_record *ret)
{
	int r;

	ret->created = clock_realtime();
	ret->pending = true;
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	r = camera_record_make_uuid(ret->uuid);
	return r < 0 ? r : policy_add_camera(broker->policy, ret);
}

/* known: NULL, or of a time when no hardware was told. */
static int introduce(struct broker *broker, const char *name, const struct camera_record *known,
		     const char *hardware, int fd)
{
	struct newcomer *n = calloc(1, sizeof(*n));
	int r = 0;

	if (!n)
		return -ENOMEM;
	n->broker = broker;
	n->fd = fd;
	if (known)
		n->record = *known;
	else
		r = make_record(broker, name, &n->record);
	snprintf(n->record.hardware, sizeof(n->record.hardware), "%s", hardware);
	if (r >= 0 && known)
		r = store_set_hardware(broker->store, &n->record, on_stored, n);
	else if (r >= 0)
		r = store_add_camera(broker->store, &n->record, on_stored, n);
	if (r >= 0)
		return 0;
	if (!known)
		policy_remove_camera(broker->policy, n->record.uuid);
	free(n);
	return r;
}

/* refused: hardware that might be adopted; comes_as: the name under which its own asks; or "". */
static void set_trouble(struct camera *camera, const char *refused, const char *comes_as,
			const char *why)
{
	char trouble[PROTO_REASON_SIZE];

	snprintf(trouble, sizeof(trouble), "%.*s", PROTO_REASON_SIZE - 1, why);
	if (!strcmp(camera->trouble, trouble) && !strcmp(camera->refused, refused))
		return;
	memcpy(camera->trouble, trouble, sizeof(trouble));
	snprintf(camera->refused, sizeof(camera->refused), "%s", refused);
	snprintf(camera->comes_as, sizeof(camera->comes_as), "%s", comes_as);
	observe(camera->broker, camera_changed, camera);
}

static void tell_once(struct admission *a, const char *why)
{
	if (strcmp(a->told, why) != 0)
		tell_refused(a->name, why);
	snprintf(a->told, sizeof(a->told), "%s", why);
}

static void keep_out(struct broker *broker, struct admission *a, const char *refused,
		     const char *why)
{
	struct camera *camera = camera_find(broker, a->name);

	tell_once(a, why);
	if (camera)
		set_trouble(camera, refused, "", why);
}

/*
 * The same hardware cannot be two cameras: it would be seen by a name that nobody has looked at, or
 * stay unseen because its grants are the other's. What is wrong is told at the camera that it is.
 */
static void keep_out_twin(struct broker *broker, struct admission *a,
			  const struct camera_record *known)
{
	struct camera *camera = camera_find(broker, known->name);
	char why[ADMISSION_WHY_SIZE];

	snprintf(why, sizeof(why), "its hardware is camera %s", known->name);
	tell_once(a, why);
	if (!camera || camera_link_is_up(camera))
		return;
	if (!strcmp(known->given, a->name))
		snprintf(why, sizeof(why),
			 "it comes as %s still, not by its new name: plug it in again", a->name);
	else
		snprintf(why, sizeof(why),
			 "its hardware comes as %s now: rename the camera to that, or forget it",
			 a->name);
	set_trouble(camera, "", a->name, why);
}

/* 0: let in; 1: not yet known with hardware; negative: kept out, -EEXIST: because of its hardware.
 */
static int judge(const struct camera_record *known, const char *hardware, int error,
		 char why[ADMISSION_WHY_SIZE])
{
	if (!hardware) {
		snprintf(why, ADMISSION_WHY_SIZE, "%s", hardware_error_text(error));
		return -EPERM;
	}
	if (!known || !known->hardware[0])
		return 1;
	if (!strcmp(known->hardware, hardware))
		return 0;
	snprintf(why, ADMISSION_WHY_SIZE, "other hardware at a known place: it is %s, it was %s",
		 hardware, known->hardware);
	return -EEXIST;
}

int admission_camera(struct broker *broker, struct admission *a, const char *hardware, int error)
{
	const struct camera_record *known = policy_find_camera(broker->policy, a->name);
	const struct camera_record *twin =
		hardware ? policy_find_camera_hardware(broker->policy, hardware) : NULL;
	char why[ADMISSION_WHY_SIZE] = "";
	int r;

	if (broker->stopping) {
		close_fd(a->fd);
		return 0;
	}
	/* On its way to the disk. */
	if (known && known->pending)
		return -EAGAIN;
	r = judge(known, hardware, error, why);
	if (r == 0) {
		camera_link_adopt(camera_find(broker, a->name), a->fd);
		return 0;
	}
	if (r > 0 && twin) {
		keep_out_twin(broker, a, twin);
		return -EPERM;
	}
	if (r > 0 && forgotten_has(&broker->forgotten, a->name)) {
		tell_once(a, "its name went with a camera that was forgotten: udev names it anew, "
			     "or restart camward");
		return -EPERM;
	}
	if (r > 0) {
		r = introduce(broker, a->name, known, hardware, a->fd);
		if (r == 0)
			return 0;
		snprintf(why, sizeof(why), "it cannot be made known: %s", strerror(-r));
		r = -EPERM;
	}
	keep_out(broker, a, r == -EEXIST ? hardware : "", why);
	return -EPERM;
}

void admission_gone(struct broker *broker, const char *name)
{
	struct camera *camera;

	list_for_each (camera, &broker->cameras, list)
		if (!strcmp(camera->name, name) || !strcmp(camera->comes_as, name))
			set_trouble(camera, "", "", "");
}
