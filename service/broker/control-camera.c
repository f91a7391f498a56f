// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>

#include "base/event.h"
#include "broker/broker.h"
#include "broker/camera-link.h"
#include "broker/control-job.h"
#include "broker/settings-record.h"

/* One that is still being made known is nobody's yet. */
static struct camera_record *find(const struct broker *broker, const char *name,
				  struct camera **ret)
{
	struct camera_record *record = policy_find_camera(broker->policy, name);

	*ret = camera_find(broker, name);
	return record && !record->pending && *ret ? record : NULL;
}

static int finish_adopt(struct control_job *job, int error)
{
	struct camera_record *record =
		policy_find_camera_uuid(job->broker->policy, job->camera.uuid);
	struct camera *camera = record ? camera_find(job->broker, record->name) : NULL;

	if (error < 0 && error != -ENOENT)
		return error;
	if (error < 0 || !camera)
		return CONTROL_NO_SUCH_CAMERA;
	snprintf(record->hardware, sizeof(record->hardware), "%s", job->camera.hardware);
	camera->trouble[0] = camera->refused[0] = '\0';
	/* What it was before may have come back meanwhile. */
	camera_link_drop(camera, "other hardware adopted");
	event_log(LOG_NOTICE, EVENT_CAMERA_ADOPTED, &(struct event_about){.camera = record->name},
		  "camera %s is from now on: %s", record->name, record->hardware);
	observe(job->broker, camera_changed, camera);
	return 0;
}

int control_adopt_camera(struct broker *broker, const char *name, const char *hardware,
			 control_done done, void *userdata)
{
	_cleanup_free_ struct control_job *job = NULL;
	struct camera *camera;
	const struct camera_record *record = find(broker, name, &camera);
	int r;

	if (!record)
		return CONTROL_NO_SUCH_CAMERA;
	if (!camera->refused[0])
		return CONTROL_NOTHING_TO_ADOPT;
	if (strcmp(camera->refused, hardware) != 0)
		return CONTROL_OTHER_HARDWARE;
	if (policy_find_camera_hardware(broker->policy, hardware))
		return CONTROL_HARDWARE_KNOWN;
	job = control_job_new(broker, done, userdata);
	if (!job)
		return -ENOMEM;
	job->finish = finish_adopt;
	job->camera = *record;
	snprintf(job->camera.hardware, sizeof(job->camera.hardware), "%s", hardware);
	r = store_set_hardware(broker->store, &job->camera, control_job_finish, job);
	if (r < 0)
		return r;
	steal_pointer(&job);
	return 0;
}

/* The viewers' ends are written with the name under which they came. */
static void rename_now(struct control_job *job, struct camera *camera)
{
	struct broker *broker = job->broker;

	camera_link_drop(camera, "camera renamed");
	observe(broker, camera_removed, camera);
	event_log(LOG_NOTICE, EVENT_CAMERA_RENAMED, &(struct event_about){.camera = camera->name},
		  "camera %s is called %s from now on", camera->name, job->camera.name);
	policy_rename_camera(broker->policy, job->camera.uuid, job->camera.name, job->camera.given);
	snprintf(camera->name, sizeof(camera->name), "%s", job->camera.name);
	camera->trouble[0] = camera->refused[0] = camera->comes_as[0] = '\0';
	observe(broker, camera_added, camera);
	declared_apply(broker);
	observe(broker, suspensions_changed, SUSPENSION_CAMERA, camera->name);
}

/* The names for udev follow what is on disk; only then is it done. */
static void on_renamed(void *userdata, int error)
{
	struct control_job *job = userdata;
	const struct camera_record *record =
		policy_find_camera_uuid(job->broker->policy, job->camera.uuid);
	struct camera *camera = record ? camera_find(job->broker, record->name) : NULL;

	if (error == 0 && !camera)
		error = CONTROL_NO_SUCH_CAMERA;
	if (error == -EEXIST)
		error = CONTROL_CAMERA_EXISTS;
	if (error == -ENOENT)
		error = CONTROL_NO_SUCH_CAMERA;
	if (error == 0) {
		rename_now(job, camera);
		error = store_write_names(job->broker->store, control_job_finish, job);
		if (error == 0)
			return;
	}
	control_job_finish(job, error);
}

/* given: what udev calls it by itself, once it is called new_name. */
static int check_rename(const struct broker *broker, const struct camera *camera,
			const struct camera_record *record, const char *new_name,
			char given[NAME_SIZE])
{
	const char *by_itself = record->given[0] ? record->given : record->name;

	if (policy_find_camera(broker->policy, new_name))
		return CONTROL_CAMERA_EXISTS;
	if (camera->inherited)
		return CONTROL_NAME_INHERITED;
	given[0] = '\0';
	if (!strcmp(camera->comes_as, new_name) || !strcmp(by_itself, new_name))
		return 0;
	snprintf(given, NAME_SIZE, "%s", by_itself);
	return settings_record_has_camera(broker->reload.record, record->name)
		       ? CONTROL_NAME_BY_FILE
		       : 0;
}

/* What it is to be on disk. Errors: control_error, -errno. */
static int begin_rename(struct control_job *job)
{
	struct camera *camera;
	const struct camera_record *record = find(job->broker, job->name, &camera);
	int r;

	if (!record)
		return CONTROL_NO_SUCH_CAMERA;
	job->camera = *record;
	snprintf(job->camera.name, sizeof(job->camera.name), "%s", job->other);
	r = check_rename(job->broker, camera, record, job->other, job->camera.given);
	return r ? r : store_rename_camera(job->broker->store, &job->camera, on_renamed, job);
}

/* Much may have changed meanwhile. */
static void rename_again(struct reload_waiter *waiter, bool read)
{
	struct control_job *job = list_entry(waiter, struct control_job, waiter);
	int r = read ? begin_rename(job) : CONTROL_NAME_BY_FILE;

	if (r)
		control_job_finish(job, r);
}

int control_rename_camera(struct broker *broker, const char *name, const char *new_name,
			  control_done done, void *userdata)
{
	_cleanup_free_ struct control_job *job = NULL;
	int r;

	if (!name_valid(new_name))
		return CONTROL_INVALID_NAME;
	job = control_job_new(broker, done, userdata);
	if (!job)
		return -ENOMEM;
	snprintf(job->name, sizeof(job->name), "%s", name);
	snprintf(job->other, sizeof(job->other), "%s", new_name);
	job->waiter.done = rename_again;
	r = begin_rename(job);
	/* The file may have gone since it was read. */
	if (r == CONTROL_NAME_BY_FILE && reload_wait(broker, &job->waiter) == 0)
		r = 0;
	if (r)
		return r;
	steal_pointer(&job);
	return 0;
}

static unsigned tell_grants_removed(struct broker *broker, const uint8_t camera[UUID_SIZE])
{
	unsigned n = 0;

	for (size_t i = 0; i < broker->policy->n_grants; i++) {
		const struct grant *grant = broker->policy->grants[i];

		if (grant->pending || memcmp(grant->camera, camera, UUID_SIZE) != 0)
			continue;
		observe(broker, grant_removed, grant->id);
		n++;
	}
	return n;
}

static int finish_forget(struct control_job *job, int error)
{
	return error == -ENOENT ? CONTROL_NO_SUCH_CAMERA : error;
}

/* On disk both or neither need be: the file is made anew at each start. */
static int store_forget(struct store *store, struct control_job *job)
{
	int r = store_remove_camera(store, job->camera.uuid, control_job_finish, job);

	if (r == 0)
		(void)store_write_names(store, NULL, NULL);
	return r;
}

int control_forget_camera(struct broker *broker, const char *name, struct control_result *ret,
			  control_done done, void *userdata)
{
	_cleanup_free_ struct control_job *job = NULL;
	struct camera *camera;
	const struct camera_record *record = find(broker, name, &camera);

	if (!record)
		return CONTROL_NO_SUCH_CAMERA;
	if (camera->inherited)
		return CONTROL_NAME_INHERITED;
	if (camera_link_is_up(camera))
		return CONTROL_CAMERA_CONNECTED;
	job = control_job_new(broker, done, userdata);
	if (!job)
		return -ENOMEM;
	job->finish = finish_forget;
	job->camera = *record;
	if (record->given[0])
		forgotten_add(&broker->forgotten, record->name);
	/* Those whose viewers take leave. */
	camera_link_drop(camera, "camera forgotten");
	ret->grants_removed = tell_grants_removed(broker, record->uuid);
	observe(broker, camera_removed, camera);
	event_log(LOG_NOTICE, EVENT_CAMERA_FORGOTTEN, &(struct event_about){.camera = camera->name},
		  "camera %s is forgotten, with %u grants", camera->name, ret->grants_removed);
	camera_free(camera);
	policy_remove_camera(broker->policy, job->camera.uuid);
	return control_job_deny(&job, store_forget(broker->store, job));
}
