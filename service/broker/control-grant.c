// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "broker/broker.h"
#include "broker/control-job.h"

static int finish_add(struct control_job *job, int error)
{
	struct policy *policy = job->broker->policy;

	if (error < 0) {
		policy_remove_grant(policy, job->id);
		return error == -ENOENT ? CONTROL_NO_SUCH_CLIENT : error;
	}
	if (policy_commit_grant(policy, job->id) < 0)
		return CONTROL_NO_SUCH_GRANT;
	observe(job->broker, grant_added, job->id);
	redecide_all(job->broker);
	return 0;
}

/* A client or camera that is still being added is nobody's yet. */
static int find(const struct broker *broker, const char *client_name, const char *camera_name,
		const struct camera_record **ret)
{
	const struct client *client = policy_find_client(broker->policy, client_name);
	const struct camera_record *camera = policy_find_camera(broker->policy, camera_name);

	if (!client || client->pending)
		return CONTROL_NO_SUCH_CLIENT;
	if (!camera || camera->pending)
		return CONTROL_NO_SUCH_CAMERA;
	*ret = camera;
	return 0;
}

static int check_limits(uint64_t not_before, uint64_t not_after)
{
	if (not_before > INT64_MAX || not_after > INT64_MAX)
		return CONTROL_INVALID_LIMITS;
	if (not_after && (not_after <= not_before || not_after <= clock_realtime()))
		return CONTROL_INVALID_LIMITS;
	return 0;
}

int control_add_grant(struct broker *broker, const char *client, const char *camera,
		      uint32_t rights, uint64_t not_before, uint64_t not_after,
		      struct control_result *ret, control_done done, void *userdata)
{
	_cleanup_free_ struct control_job *job = NULL;
	const struct camera_record *record;
	struct grant grant = {
		.rights = rights,
		.not_before = not_before,
		.not_after = not_after,
		.created = clock_realtime(),
		.pending = true,
	};
	int r = find(broker, client, camera, &record);

	if (r)
		return r;
	if (!rights || rights & ~(uint32_t)RIGHT_ALL)
		return CONTROL_INVALID_RIGHTS;
	r = check_limits(not_before, not_after);
	if (r)
		return r;
	job = control_job_new(broker, done, userdata);
	if (!job)
		return -ENOMEM;
	snprintf(grant.client, sizeof(grant.client), "%s", client);
	memcpy(grant.camera, record->uuid, UUID_SIZE);
	grant.id = policy_next_grant_id(broker->policy);
	r = policy_add_grant(broker->policy, &grant);
	if (r < 0)
		return control_error_of(r);
	job->finish = finish_add;
	job->id = ret->id = grant.id;
	r = store_add_grant(broker->store, &grant, control_job_finish, job);
	if (r < 0) {
		policy_remove_grant(broker->policy, grant.id);
		return r;
	}
	steal_pointer(&job);
	return 0;
}

/* How many there are that anybody has been told of; tells that they go. */
static unsigned tell_removed(struct broker *broker, const char *client,
			     const uint8_t camera[UUID_SIZE])
{
	unsigned n = 0;

	for (size_t i = 0; i < broker->policy->n_grants; i++) {
		const struct grant *grant = broker->policy->grants[i];

		if (grant->pending || strcmp(grant->client, client) != 0 ||
		    memcmp(grant->camera, camera, UUID_SIZE) != 0)
			continue;
		observe(broker, grant_removed, grant->id);
		n++;
	}
	return n;
}

static int finish_without_grant(struct control_job *job, int error)
{
	return error < 0 ? error : CONTROL_NO_SUCH_GRANT;
}

int control_revoke(struct broker *broker, const char *client, const char *camera,
		   struct control_result *ret, control_done done, void *userdata)
{
	_cleanup_free_ struct control_job *job = NULL;
	const struct camera_record *record;
	int r = find(broker, client, camera, &record);

	if (r)
		return r;
	job = control_job_new(broker, done, userdata);
	if (!job)
		return -ENOMEM;
	ret->grants_removed = tell_removed(broker, client, record->uuid);
	/* Also those that are on their way to the disk: an older yes must not win. */
	if (!policy_remove_grants(broker->policy, client, record->uuid))
		job->finish = finish_without_grant;
	ret->leases_ended = redecide_all(broker);
	return control_job_deny(&job, store_remove_grants(broker->store, client, record->uuid,
							  control_job_finish, job));
}

int control_remove_grant(struct broker *broker, uint64_t id, struct control_result *ret,
			 control_done done, void *userdata)
{
	_cleanup_free_ struct control_job *job = NULL;
	const struct grant *grant = policy_find_grant(broker->policy, id);

	if (!grant || grant->pending)
		return CONTROL_NO_SUCH_GRANT;
	job = control_job_new(broker, done, userdata);
	if (!job)
		return -ENOMEM;
	observe(broker, grant_removed, id);
	policy_remove_grant(broker->policy, id);
	ret->grants_removed = 1;
	ret->leases_ended = redecide_all(broker);
	return control_job_deny(&job,
				store_remove_grant(broker->store, id, control_job_finish, job));
}
