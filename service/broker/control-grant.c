// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/event.h"
#include "broker/broker.h"
#include "broker/control-job.h"
#include "broker/hours.h"

/* holder: a client or an integration. */
static void tell(const struct broker *broker, enum event event, const char *holder,
		 const uint8_t uuid[UUID_SIZE])
{
	const struct camera_record *camera = policy_find_camera_uuid(broker->policy, uuid);

	event_log(LOG_NOTICE, event,
		  &(struct event_about){.camera = camera ? camera->name : NULL, .client = holder},
		  event == EVENT_GRANT_ADDED ? "%s may watch %s by a new grant"
					     : "from %s a grant for %s is taken back",
		  holder, camera ? camera->name : "a camera that is gone");
}

static const char *holder_of(const struct grant *grant)
{
	return grant->client[0] ? grant->client : grant->integration;
}

static int finish_add(struct control_job *job, int error)
{
	struct policy *policy = job->broker->policy;
	const struct grant *grant;

	if (error < 0) {
		policy_remove_grant(policy, job->id);
		return error == -ENOENT ? CONTROL_NO_SUCH_CLIENT : error;
	}
	if (policy_commit_grant(policy, job->id) < 0)
		return CONTROL_NO_SUCH_GRANT;
	observe(job->broker, grant_added, job->id);
	grant = policy_find_grant(policy, job->id);
	tell(job->broker, EVENT_GRANT_ADDED, holder_of(grant), grant->camera);
	redecide_all(job->broker);
	return 0;
}

/* A client or camera that is still being added is nobody's yet. */
static int find_camera(const struct broker *broker, const char *name,
		       const struct camera_record **ret)
{
	const struct camera_record *camera = policy_find_camera(broker->policy, name);

	if (!camera || camera->pending)
		return CONTROL_NO_SUCH_CAMERA;
	*ret = camera;
	return 0;
}

static int find(const struct broker *broker, const char *client_name, const char *camera_name,
		const struct camera_record **ret)
{
	const struct client *client = policy_find_client(broker->policy, client_name);

	if (!client || client->pending)
		return CONTROL_NO_SUCH_CLIENT;
	return find_camera(broker, camera_name, ret);
}

/* "" for what may be NULL. */
static const char *text_of(const char *text)
{
	return text ? text : "";
}

static int check_holder(const struct broker *broker, const struct control_grant *asked,
			const struct camera_record **ret_camera)
{
	const char *integration = text_of(asked->integration);
	const struct integration *holder;

	if ((text_of(asked->client)[0] != '\0') == (integration[0] != '\0'))
		return CONTROL_INVALID_HOLDER;
	if (!integration[0])
		return find(broker, asked->client, asked->camera, ret_camera);
	holder = policy_find_integration(broker->policy, integration);
	if (!holder || holder->pending)
		return CONTROL_NO_SUCH_INTEGRATION;
	return find_camera(broker, asked->camera, ret_camera);
}

static int check_limits(const struct control_grant *asked)
{
	uint64_t not_before = asked->not_before, not_after = asked->not_after;
	const char *text = text_of(asked->hours);
	struct hours hours;

	if (!asked->rights || asked->rights & ~(uint32_t)RIGHT_ALL)
		return CONTROL_INVALID_RIGHTS;
	if (not_before > INT64_MAX || not_after > INT64_MAX)
		return CONTROL_INVALID_LIMITS;
	if (not_after && (not_after <= not_before || not_after <= clock_realtime()))
		return CONTROL_INVALID_LIMITS;
	if (asked->max_leases > GRANT_LEASES_MAX)
		return CONTROL_INVALID_MAX_LEASES;
	if (text[0] && (strlen(text) >= GRANT_HOURS_SIZE || hours_parse(text, &hours) < 0))
		return CONTROL_INVALID_HOURS;
	return 0;
}

static void fill_grant(struct grant *grant, const struct control_grant *asked)
{
	*grant = (struct grant){
		.rights = asked->rights,
		.not_before = asked->not_before,
		.not_after = asked->not_after,
		.created = clock_realtime(),
		.only_sub = asked->only_sub,
		.ask_first = asked->ask_first,
		.max_leases = (uint32_t)asked->max_leases,
		.pending = true,
	};
	snprintf(grant->client, sizeof(grant->client), "%s", text_of(asked->client));
	snprintf(grant->integration, sizeof(grant->integration), "%s", text_of(asked->integration));
	snprintf(grant->hours, sizeof(grant->hours), "%s", text_of(asked->hours));
}

int control_add_grant(struct broker *broker, const struct control_grant *asked,
		      struct control_result *ret, control_done done, void *userdata)
{
	_cleanup_free_ struct control_job *job = NULL;
	const struct camera_record *camera;
	struct grant grant;
	int r = check_holder(broker, asked, &camera);

	if (!r && (declared_is_client(broker, text_of(asked->client)) ||
		   declared_is_integration(broker, text_of(asked->integration))))
		r = CONTROL_IS_DECLARED;
	if (!r)
		r = check_limits(asked);
	if (r)
		return r;
	job = control_job_new(broker, done, userdata);
	if (!job)
		return -ENOMEM;
	fill_grant(&grant, asked);
	memcpy(grant.camera, camera->uuid, UUID_SIZE);
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

		if (grant->pending || grant_is_declared(grant) ||
		    strcmp(grant->client, client) != 0 ||
		    memcmp(grant->camera, camera, UUID_SIZE) != 0)
			continue;
		observe(broker, grant_removed, grant->id);
		n++;
	}
	return n;
}

static bool has_declared(const struct policy *policy, const char *client,
			 const uint8_t camera[UUID_SIZE])
{
	for (size_t i = 0; i < policy->n_grants; i++)
		if (grant_is_declared(policy->grants[i]) &&
		    !strcmp(policy->grants[i]->client, client) &&
		    !memcmp(policy->grants[i]->camera, camera, UUID_SIZE))
			return true;
	return false;
}

static int finish_with_declared(struct control_job *job, int error)
{
	return error < 0 ? error : CONTROL_GRANT_DECLARED;
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
	if (has_declared(broker->policy, client, record->uuid))
		job->finish = finish_with_declared;
	ret->leases_ended = redecide_all(broker);
	if (ret->grants_removed)
		tell(broker, EVENT_GRANT_REVOKED, client, record->uuid);
	return control_job_deny(&job, store_remove_grants(broker->store, client, record->uuid,
							  control_job_finish, job));
}

int control_remove_grant(struct broker *broker, uint64_t id, struct control_result *ret,
			 control_done done, void *userdata)
{
	_cleanup_free_ struct control_job *job = NULL;
	const struct grant *grant = policy_find_grant(broker->policy, id);
	struct grant revoked;

	if (!grant || grant->pending)
		return CONTROL_NO_SUCH_GRANT;
	if (grant_is_declared(grant))
		return CONTROL_GRANT_DECLARED;
	revoked = *grant;
	job = control_job_new(broker, done, userdata);
	if (!job)
		return -ENOMEM;
	observe(broker, grant_removed, id);
	policy_remove_grant(broker->policy, id);
	ret->grants_removed = 1;
	ret->leases_ended = redecide_all(broker);
	tell(broker, EVENT_GRANT_REVOKED, holder_of(&revoked), revoked.camera);
	return control_job_deny(&job,
				store_remove_grant(broker->store, id, control_job_finish, job));
}
