// SPDX-License-Identifier: LGPL-2.1-or-later
/* A client's name and its integration. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/event.h"
#include "broker/broker.h"
#include "broker/control-job.h"
#include "broker/lease.h"

static const struct client *find_client(const struct broker *broker, const char *name)
{
	const struct client *client = policy_find_client(broker->policy, name);

	return client && !client->pending ? client : NULL;
}

/* Who watches has said who it is under the old name, and so have the ledger's rows. */
static unsigned end_leases(struct broker *broker, const char *client)
{
	struct lease *lease, *tmp;
	unsigned n = 0;

	list_for_each (lease, &broker->leases, list)
		if (strcmp(lease->client, client) == 0)
			lease_cut(lease);
	list_for_each_safe (lease, tmp, &broker->leases, list) {
		if (strcmp(lease->client, client) != 0)
			continue;
		lease_end(lease, "client renamed");
		n++;
	}
	return n;
}

static int finish_rename(struct control_job *job, int error)
{
	policy_end_rename_client(job->broker->policy, job->other, error);
	declared_apply(job->broker);
	if (error < 0)
		return control_error_of(error);
	event_log(LOG_NOTICE, EVENT_IDENTITY_RENAMED, &(struct event_about){.client = job->name},
		  "client %s is called %s from now on", job->name, job->other);
	observe(job->broker, client_renamed, job->name, job->other);
	return 0;
}

int control_rename_client(struct broker *broker, const char *name, const char *new_name,
			  struct control_result *ret, control_done done, void *userdata)
{
	_cleanup_free_ struct control_job *job = NULL;
	int r;

	if (!find_client(broker, name))
		return CONTROL_NO_SUCH_CLIENT;
	if (declared_is_client(broker, name))
		return CONTROL_IS_DECLARED;
	if (!name_valid(new_name))
		return CONTROL_INVALID_NAME;
	if (policy_find_client(broker->policy, new_name))
		return CONTROL_ALREADY_EXISTS;
	if (declared_for_client(broker, new_name))
		return CONTROL_NAME_DECLARED;
	job = control_job_new(broker, done, userdata);
	if (!job)
		return -ENOMEM;
	snprintf(job->name, sizeof(job->name), "%s", name);
	snprintf(job->other, sizeof(job->other), "%s", new_name);
	r = policy_begin_rename_client(broker->policy, job->name, job->other);
	if (r < 0)
		return r == -EEXIST ? CONTROL_ALREADY_SUSPENDED : CONTROL_BUSY;
	ret->leases_ended = end_leases(broker, job->name);
	job->finish = finish_rename;
	r = store_rename_client(broker->store, job->name, job->other, control_job_finish, job);
	if (r < 0) {
		policy_end_rename_client(broker->policy, job->other, r);
		return r;
	}
	steal_pointer(&job);
	return 0;
}

static int finish_move(struct control_job *job, int error)
{
	const struct client *client = policy_find_client(job->broker->policy, job->name);
	char from[NAME_SIZE] = "";

	if (client)
		memcpy(from, client->integration, sizeof(from));
	if (policy_end_move(job->broker->policy, job->name, error) < 0)
		return CONTROL_NO_SUCH_CLIENT;
	redecide_all(job->broker);
	if (error < 0)
		return error == -ENOENT ? CONTROL_NO_SUCH_INTEGRATION : error;
	observe(job->broker, client_changed, job->name);
	if (from[0])
		observe(job->broker, integration_changed, from);
	if (job->other[0])
		observe(job->broker, integration_changed, job->other);
	return 0;
}

static int move_error(int error, const struct broker *broker, const char *integration)
{
	switch (error) {
	case -ENOENT:
		return policy_find_integration(broker->policy, integration)
			       ? CONTROL_NO_SUCH_CLIENT
			       : CONTROL_NO_SUCH_INTEGRATION;
	case -EPERM:
		return CONTROL_IS_SUSPENDED;
	default:
		return CONTROL_BUSY;
	}
}

int control_move_client(struct broker *broker, const char *name, const char *integration,
			struct control_result *ret, control_done done, void *userdata)
{
	_cleanup_free_ struct control_job *job = NULL;
	int r;

	if (!find_client(broker, name))
		return CONTROL_NO_SUCH_CLIENT;
	if (declared_is_client(broker, name) || declared_is_integration(broker, integration))
		return CONTROL_IS_DECLARED;
	job = control_job_new(broker, done, userdata);
	if (!job)
		return -ENOMEM;
	r = policy_begin_move(broker->policy, name, integration);
	if (r < 0 && r != -EALREADY)
		return move_error(r, broker, integration);
	snprintf(job->name, sizeof(job->name), "%s", name);
	snprintf(job->other, sizeof(job->other), "%s", integration);
	/* It is there already: only the disk need say so too. */
	if (r == 0) {
		ret->leases_ended = redecide_all(broker);
		job->finish = finish_move;
	}
	r = store_move_client(broker->store, name, integration, control_job_finish, job);
	if (r < 0) {
		policy_end_move(broker->policy, name, r);
		return r;
	}
	steal_pointer(&job);
	return 0;
}
