// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/event.h"
#include "broker/broker.h"
#include "broker/control-job.h"

/* One that is still being added or renamed is nothing yet. */
static const struct integration *find(const struct broker *broker, const char *name)
{
	const struct integration *integration = policy_find_integration(broker->policy, name);

	return integration && !integration->pending ? integration : NULL;
}

static int finish_add(struct control_job *job, int error)
{
	struct policy *policy = job->broker->policy;

	if (error < 0) {
		policy_remove_integration(policy, job->name);
		return error == -EEXIST ? CONTROL_INTEGRATION_EXISTS : error;
	}
	if (policy_commit_integration(policy, job->name) < 0)
		return CONTROL_NO_SUCH_INTEGRATION;
	observe(job->broker, integration_added, job->name);
	return 0;
}

int control_add_integration(struct broker *broker, const char *name, control_done done,
			    void *userdata)
{
	_cleanup_free_ struct control_job *job = NULL;
	struct integration integration = {.created = clock_realtime(), .pending = true};
	int r;

	if (!name_valid(name))
		return CONTROL_INVALID_NAME;
	job = control_job_new(broker, done, userdata);
	if (!job)
		return -ENOMEM;
	snprintf(integration.name, sizeof(integration.name), "%s", name);
	r = policy_add_integration(broker->policy, &integration);
	if (r < 0)
		return r == -EEXIST ? CONTROL_INTEGRATION_EXISTS : control_error_of(r);
	job->finish = finish_add;
	snprintf(job->name, sizeof(job->name), "%s", name);
	r = store_add_integration(broker->store, &integration, control_job_finish, job);
	if (r < 0) {
		policy_remove_integration(broker->policy, name);
		return r;
	}
	steal_pointer(&job);
	return 0;
}

/* Its grants go with it. */
static unsigned tell_grants_removed(struct broker *broker, const char *integration)
{
	unsigned n = 0;

	for (size_t i = 0; i < broker->policy->n_grants; i++) {
		const struct grant *grant = broker->policy->grants[i];

		if (grant->pending || strcmp(grant->integration, integration) != 0)
			continue;
		observe(broker, grant_removed, grant->id);
		n++;
	}
	return n;
}

static int finish_remove(struct control_job *job, int error)
{
	return error == -ENOENT ? CONTROL_NO_SUCH_INTEGRATION : error;
}

int control_remove_integration(struct broker *broker, const char *name, struct control_result *ret,
			       control_done done, void *userdata)
{
	_cleanup_free_ struct control_job *job = NULL;
	struct policy *policy = broker->policy;
	const struct integration *integration = policy_find_integration(policy, name);

	if (integration ? integration->pending : !name_valid(name))
		return CONTROL_NO_SUCH_INTEGRATION;
	if (declared_is_integration(broker, name))
		return CONTROL_IS_DECLARED;
	if (policy_count_members(policy, name) > 0)
		return CONTROL_HAS_CLIENTS;
	job = control_job_new(broker, done, userdata);
	if (!job)
		return -ENOMEM;
	job->finish = finish_remove;
	snprintf(job->name, sizeof(job->name), "%s", name);
	if (integration) {
		ret->grants_removed = tell_grants_removed(broker, job->name);
		observe(broker, integration_removed, job->name);
		policy_remove_integration(policy, job->name);
	}
	return control_job_deny(
		&job, store_remove_integration(broker->store, job->name, control_job_finish, job));
}

static int finish_rename(struct control_job *job, int error)
{
	policy_end_rename_integration(job->broker->policy, job->other, error);
	redecide_all(job->broker);
	if (error < 0)
		return error == -EEXIST ? CONTROL_INTEGRATION_EXISTS : error;
	event_log(LOG_NOTICE, EVENT_IDENTITY_RENAMED, NULL,
		  "integration %s is called %s from now on", job->name, job->other);
	observe(job->broker, integration_renamed, job->name, job->other);
	return 0;
}

int control_rename_integration(struct broker *broker, const char *name, const char *new_name,
			       control_done done, void *userdata)
{
	_cleanup_free_ struct control_job *job = NULL;
	int r;

	if (!find(broker, name))
		return CONTROL_NO_SUCH_INTEGRATION;
	if (declared_is_integration(broker, name))
		return CONTROL_IS_DECLARED;
	if (!name_valid(new_name))
		return CONTROL_INVALID_NAME;
	if (policy_find_integration(broker->policy, new_name))
		return CONTROL_INTEGRATION_EXISTS;
	if (declared_for_integration(broker, new_name))
		return CONTROL_NAME_DECLARED;
	job = control_job_new(broker, done, userdata);
	if (!job)
		return -ENOMEM;
	snprintf(job->name, sizeof(job->name), "%s", name);
	snprintf(job->other, sizeof(job->other), "%s", new_name);
	r = policy_begin_rename_integration(broker->policy, job->name, job->other);
	if (r < 0)
		return r == -EEXIST ? CONTROL_ALREADY_SUSPENDED : CONTROL_BUSY;
	redecide_all(broker);
	job->finish = finish_rename;
	r = store_rename_integration(broker->store, job->name, job->other, control_job_finish, job);
	if (r < 0) {
		policy_end_rename_integration(broker->policy, job->other, r);
		return r;
	}
	steal_pointer(&job);
	return 0;
}
