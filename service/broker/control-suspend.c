// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/event.h"
#include "broker/broker.h"
#include "broker/camera.h"
#include "broker/control-job.h"

/* What is misspelt would go on: names must be known, but an integration exists only by its
 * clients, and may be shut off before it has any. */
static int check_name(const struct broker *broker, enum suspension_kind kind, const char *name)
{
	switch (kind) {
	case SUSPENSION_ALL:
		return name[0] ? CONTROL_INVALID_NAME : 0;
	case SUSPENSION_CAMERA:
		return policy_find_camera(broker->policy, name) ? 0 : CONTROL_NO_SUCH_CAMERA;
	case SUSPENSION_CLIENT:
		return policy_find_client(broker->policy, name) ? 0 : CONTROL_NO_SUCH_CLIENT;
	default:
		return name_valid(name) ? 0 : CONTROL_INVALID_NAME;
	}
}

static void tell(enum event event, enum suspension_kind kind, const char *name, const char *reason)
{
	event_log(LOG_NOTICE, event,
		  &(struct event_about){
			  .camera = kind == SUSPENSION_CAMERA ? name : NULL,
			  .client = kind == SUSPENSION_CLIENT ? name : NULL,
			  .reason = reason,
		  },
		  "%s%s%s %s%s%s", suspension_kind_to_text(kind), name[0] ? " " : "", name,
		  event == EVENT_SUSPENDED ? "is suspended" : "is resumed", reason[0] ? ": " : "",
		  reason);
}

/* Its light goes out with the suspension, and not a while later. */
static void close_devices(const struct broker *broker, enum suspension_kind kind, const char *name)
{
	struct camera *camera;

	list_for_each (camera, &broker->cameras, list)
		if (kind == SUSPENSION_ALL ||
		    (kind == SUSPENSION_CAMERA && !strcmp(camera->name, name)))
			camera_close_device(camera);
}

static int finish_suspend_again(struct control_job *job, int error)
{
	return error < 0 ? error : CONTROL_ALREADY_SUSPENDED;
}

int control_suspend(struct broker *broker, enum suspension_kind kind, const char *name,
		    const char *reason, struct control_result *ret, control_done done,
		    void *userdata)
{
	_cleanup_free_ struct control_job *job = NULL;
	struct suspension suspension = {.kind = kind, .since = clock_realtime()};
	int r = check_name(broker, kind, name);

	if (r)
		return r;
	if (!control_reason_valid(reason))
		return CONTROL_INVALID_REASON;
	job = control_job_new(broker, done, userdata);
	if (!job)
		return -ENOMEM;
	snprintf(suspension.name, sizeof(suspension.name), "%s", name);
	snprintf(suspension.reason, sizeof(suspension.reason), "%s", reason);
	r = policy_suspend(broker->policy, &suspension);
	if (r < 0 && r != -EALREADY)
		return control_error_of(r);
	if (r == -EALREADY) {
		suspension = *policy_find_suspension(broker->policy, kind, name);
		job->finish = finish_suspend_again;
	} else {
		ret->leases_ended = redecide_all(broker);
		close_devices(broker, kind, suspension.name);
		observe(broker, suspensions_changed, kind, suspension.name);
		tell(EVENT_SUSPENDED, kind, suspension.name, suspension.reason);
	}
	return control_job_deny(&job,
				store_suspend(broker->store, &suspension, control_job_finish, job));
}

static int finish_resume(struct control_job *job, int error)
{
	int r;

	if (error == -ENOENT) /* it was never written */
		error = 0;
	r = policy_commit_resume(job->broker->policy, job->kind, job->name, error);
	observe(job->broker, suspensions_changed, job->kind, job->name);
	if (error < 0)
		return error;
	if (r == 0)
		tell(EVENT_RESUMED, job->kind, job->name, "");
	return r == -ENOENT ? CONTROL_ALREADY_SUSPENDED : r;
}

int control_resume(struct broker *broker, enum suspension_kind kind, const char *name,
		   control_done done, void *userdata)
{
	_cleanup_free_ struct control_job *job = NULL;
	int r;

	if (kind == SUSPENSION_ALL ? name[0] != '\0' : !name_valid(name))
		return CONTROL_INVALID_NAME;
	job = control_job_new(broker, done, userdata);
	if (!job)
		return -ENOMEM;
	r = policy_begin_resume(broker->policy, kind, name);
	if (r == -ENOENT || r == -EALREADY)
		return CONTROL_NOT_SUSPENDED;
	if (r < 0)
		return r;
	job->finish = finish_resume;
	job->kind = kind;
	snprintf(job->name, sizeof(job->name), "%s", name);
	r = store_resume(broker->store, kind, name, control_job_finish, job);
	if (r < 0) {
		policy_commit_resume(broker->policy, kind, name, r);
		return r;
	}
	steal_pointer(&job);
	return 0;
}
