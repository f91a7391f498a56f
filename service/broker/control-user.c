// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which user of this machine is which client. */
#include <errno.h>
#include <stdio.h>

#include "broker/broker.h"
#include "broker/control-job.h"

static int finish_bind(struct control_job *job, int error)
{
	struct policy *policy = job->broker->policy;

	if (error < 0) {
		policy_remove_user(policy, job->name);
		return error == -ENOENT ? CONTROL_NO_SUCH_CLIENT : error;
	}
	if (policy_commit_user(policy, job->name, (uint32_t)job->id) < 0)
		return CONTROL_NO_SUCH_CLIENT;
	observe(job->broker, client_changed, job->name);
	return 0;
}

int control_bind_user(struct broker *broker, const char *client, uint32_t user, control_done done,
		      void *userdata)
{
	_cleanup_free_ struct control_job *job = NULL;
	const struct client *holder = policy_find_client(broker->policy, client);
	int r;

	if (!holder || holder->pending)
		return CONTROL_NO_SUCH_CLIENT;
	if (declared_is_client(broker, client))
		return CONTROL_IS_DECLARED;
	job = control_job_new(broker, done, userdata);
	if (!job)
		return -ENOMEM;
	r = policy_add_user(broker->policy, client, user, true);
	if (r < 0)
		return r == -EEXIST ? CONTROL_USER_BOUND : CONTROL_INVALID_USER;
	job->finish = finish_bind;
	job->id = user;
	snprintf(job->name, sizeof(job->name), "%s", client);
	r = store_set_user(broker->store, client, user, control_job_finish, job);
	if (r < 0) {
		policy_remove_user(broker->policy, client);
		return r;
	}
	steal_pointer(&job);
	return 0;
}

static int finish_unbind(struct control_job *job, int error)
{
	return error == -ENOENT ? CONTROL_NO_USER : error;
}

int control_unbind_user(struct broker *broker, const char *client, struct control_result *ret,
			control_done done, void *userdata)
{
	_cleanup_free_ struct control_job *job = NULL;
	const struct client *holder = policy_find_client(broker->policy, client);

	if (!holder || holder->pending)
		return CONTROL_NO_SUCH_CLIENT;
	if (declared_is_client(broker, client))
		return CONTROL_IS_DECLARED;
	if (holder->has_user && holder->user_pending)
		return CONTROL_NO_USER;
	job = control_job_new(broker, done, userdata);
	if (!job)
		return -ENOMEM;
	job->finish = finish_unbind;
	snprintf(job->name, sizeof(job->name), "%s", client);
	if (policy_remove_user(broker->policy, job->name) == 0) {
		ret->leases_ended = redecide_all(broker);
		observe(broker, client_changed, job->name);
	}
	return control_job_deny(
		&job, store_remove_user(broker->store, job->name, control_job_finish, job));
}
