// SPDX-License-Identifier: LGPL-2.1-or-later
/* What an administrator can choose for a camera: its configuration, and its device's controls. */
#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "broker/broker.h"
#include "broker/camera-link.h"
#include "broker/control-job.h"

static struct camera_record *find(const struct broker *broker, const char *name,
				  struct camera **ret)
{
	struct camera_record *record = policy_find_camera(broker->policy, name);

	*ret = camera_find(broker, name);
	return record && !record->pending && *ret ? record : NULL;
}

/* Of a job; NULL: it has been forgotten meanwhile. */
static struct camera_record *find_again(const struct control_job *job, struct camera **ret)
{
	struct camera_record *record =
		policy_find_camera_uuid(job->broker->policy, job->camera.uuid);

	*ret = record ? camera_find(job->broker, record->name) : NULL;
	return *ret ? record : NULL;
}

static void merge(struct camera_configuration *to, const struct camera_configuration *from,
		  uint32_t fields)
{
	if (fields & CONTROL_CONFIGURE_SIZE) {
		to->width = from->width;
		to->height = from->height;
	}
	if (fields & CONTROL_CONFIGURE_FPS)
		to->fps = from->fps;
	if (fields & CONTROL_CONFIGURE_BITRATE)
		to->bitrate = from->bitrate;
	if (fields & CONTROL_CONFIGURE_GOP)
		to->gop = from->gop;
	if (fields & CONTROL_CONFIGURE_SUB_SIZE) {
		to->sub_width = from->sub_width;
		to->sub_height = from->sub_height;
	}
	if (fields & CONTROL_CONFIGURE_SUB_FPS)
		to->sub_fps = from->sub_fps;
	if (fields & CONTROL_CONFIGURE_SUB_BITRATE)
		to->sub_bitrate = from->sub_bitrate;
}

static int finish_configure(struct control_job *job, int error)
{
	char why[SETTINGS_ERROR_SIZE];
	struct camera *camera;
	struct camera_record *record = find_again(job, &camera);

	if (!record)
		return CONTROL_NO_SUCH_CAMERA;
	if (error < 0) {
		/* Unless there is a later one already. */
		if (!memcmp(&record->chosen, &job->camera.chosen, sizeof(record->chosen)))
			record->chosen = record->stored;
		return error;
	}
	record->stored = job->camera.chosen;
	if (camera_link_configure(camera, why) < 0)
		log_error("camera %s goes on as it was: %s", camera->name, why);
	return 0;
}

int control_configure(struct broker *broker, const char *camera,
		      const struct camera_configuration *configuration, uint32_t fields,
		      control_done done, void *userdata)
{
	_cleanup_free_ struct control_job *job = NULL;
	struct camera_configuration chosen;
	struct camera *object;
	struct camera_record *record = find(broker, camera, &object);
	int r;

	if (!record)
		return CONTROL_NO_SUCH_CAMERA;
	chosen = record->chosen;
	merge(&chosen, configuration, fields);
	if (!fields || !settings_valid(&chosen))
		return CONTROL_INVALID_SETTINGS;
	job = control_job_new(broker, done, userdata);
	if (!job)
		return -ENOMEM;
	job->finish = finish_configure;
	job->camera = *record;
	job->camera.chosen = chosen;
	r = store_set_configuration(broker->store, &job->camera, control_job_finish, job);
	if (r < 0)
		return r;
	/* So that one that follows at once does not undo it. */
	record->chosen = chosen;
	steal_pointer(&job);
	return 0;
}

static int device_error(int error)
{
	switch (error) {
	case -ERANGE:
		return CONTROL_OUT_OF_RANGE;
	case -EACCES:
		return CONTROL_READ_ONLY;
	case -EBUSY:
		return CONTROL_DEVICE_BUSY;
	case -ENODEV:
		return CONTROL_DEVICE_CLOSED;
	case -ENOTTY:
		return CONTROL_NO_SUCH_CONTROL;
	case -ECONNRESET:
		return CONTROL_CAMERA_GONE;
	case -ETIMEDOUT:
		return CONTROL_NO_ANSWER;
	default:
		return CONTROL_DEVICE - error;
	}
}

static int finish_choice(struct control_job *job, int error)
{
	const struct camera_choice *choice = &job->camera.choices[0];
	struct camera *camera;
	struct camera_record *record = find_again(job, &camera);

	if (!record || error == -ENOENT)
		return CONTROL_NO_SUCH_CAMERA;
	if (error == 0)
		error = camera_record_choose(record, choice->control, choice->value);
	if (error < 0)
		return control_error_of(error);
	camera_link_choose(camera, choice->control, choice->value);
	return 0;
}

static int keep(struct control_job *job)
{
	const struct camera_choice *choice = &job->camera.choices[0];

	job->finish = finish_choice;
	return store_set_choice(job->broker->store, job->camera.uuid, choice->control,
				choice->value, control_job_finish, job);
}

static void on_pressed(void *userdata, int error)
{
	control_job_finish(userdata, error < 0 ? device_error(error) : 0);
}

static void on_set(void *userdata, int error)
{
	struct control_job *job = userdata;
	int r = error < 0 ? device_error(error) : keep(job);

	if (r)
		control_job_finish(job, r);
}

/* As far as can be told before the device is asked. */
static int check(const struct camera *camera, const struct camera_record *record,
		 const char *control, int32_t value)
{
	const struct camera_control *known = camera_controls_find(&camera->controls, control);

	if (camera->controls.known && !camera->controls.n)
		return CONTROL_NO_CONTROLS;
	if (!camera_control_name_valid(control) || (camera->controls.known && !known))
		return CONTROL_NO_SUCH_CONTROL;
	if (known && known->flags & CAMERA_CONTROL_READ_ONLY)
		return CONTROL_READ_ONLY;
	if (known && camera_controls_nearest(known, value) != value)
		return CONTROL_OUT_OF_RANGE;
	if (known && known->type == CAMERA_CONTROL_BUTTON)
		return camera->epoch ? 0 : CONTROL_DEVICE_CLOSED;
	return record->n_choices == CAMERA_CHOICES_MAX && !camera_record_choice(record, control)
		       ? CONTROL_LIMIT_REACHED
		       : 0;
}

static int begin(struct control_job *job, struct camera *camera, bool *ret_applied)
{
	const struct camera_choice *choice = &job->camera.choices[0];
	const struct camera_control *known =
		camera_controls_find(&camera->controls, choice->control);
	bool button = known && known->type == CAMERA_CONTROL_BUTTON;

	*ret_applied = camera->epoch != 0;
	if (!camera->epoch)
		return keep(job);
	return camera_controls_ask(camera, choice->control, choice->value,
				   button ? on_pressed : on_set, job);
}

int control_set_control(struct broker *broker, const char *camera, const char *control,
			int32_t value, struct control_result *ret, control_done done,
			void *userdata)
{
	_cleanup_free_ struct control_job *job = NULL;
	struct camera *object;
	const struct camera_record *record = find(broker, camera, &object);
	int r;

	if (!record)
		return CONTROL_NO_SUCH_CAMERA;
	r = check(object, record, control, value);
	if (r)
		return r;
	job = control_job_new(broker, done, userdata);
	if (!job)
		return -ENOMEM;
	memcpy(job->camera.uuid, record->uuid, UUID_SIZE);
	(void)camera_record_choose(&job->camera, control, value);
	r = begin(job, object, &ret->applied);
	if (r < 0)
		return control_error_of(r);
	steal_pointer(&job);
	return 0;
}
