// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "broker/broker.h"
#include "broker/control-job.h"

/* A client that is still being added is nobody's yet. */
static struct client *find_client(const struct broker *broker, const char *name)
{
	struct client *client = policy_find_client(broker->policy, name);

	return client && !client->pending ? client : NULL;
}

static int check_expires(uint64_t expires)
{
	return expires > INT64_MAX || (expires && expires <= clock_realtime())
		       ? CONTROL_INVALID_LIMITS
		       : 0;
}

static int make_token(struct broker *broker, uint64_t expires, struct token *token,
		      struct control_result *ret)
{
	*token = (struct token){
		.id = policy_next_token_id(broker->policy),
		.created = clock_realtime(),
		.expires = expires,
		.pending = true,
	};
	return token_make(ret->token, token->hash);
}

/* One that is not known yet is made with its first client. */
static int add_integration(struct broker *broker, const char *name)
{
	struct integration integration = {.created = clock_realtime(), .pending = true};
	int r;

	if (!name[0] || policy_find_integration(broker->policy, name))
		return 0;
	snprintf(integration.name, sizeof(integration.name), "%s", name);
	r = policy_add_integration(broker->policy, &integration);
	return r == -EEXIST ? CONTROL_BUSY : control_error_of(r);
}

/* One that was made for a client that has not come about. */
static void drop_integration(struct broker *broker, const char *name)
{
	const struct integration *integration = policy_find_integration(broker->policy, name);

	if (integration && integration->pending && !integration->former[0])
		policy_remove_integration(broker->policy, name);
}

static void tell_integration(struct broker *broker, const char *name)
{
	struct integration *integration = policy_find_integration(broker->policy, name);

	if (!integration)
		return;
	if (integration->pending && !integration->former[0]) {
		integration->pending = false;
		observe(broker, integration_added, name);
	}
	observe(broker, integration_changed, name);
}

static int finish_add_client(struct control_job *job, int error)
{
	struct policy *policy = job->broker->policy;

	if (error < 0) {
		policy_remove_client(policy, job->name);
		drop_integration(job->broker, job->other);
		return control_error_of(error);
	}
	if (policy_commit_client(policy, job->name) < 0)
		return CONTROL_NO_SUCH_CLIENT;
	tell_integration(job->broker, job->other);
	observe(job->broker, client_added, job->name);
	declared_apply(job->broker);
	return 0;
}

int control_add_client(struct broker *broker, const char *name, const char *integration,
		       uint64_t expires, struct control_result *ret, control_done done,
		       void *userdata)
{
	_cleanup_free_ struct control_job *job = NULL;
	struct client client = {.created = clock_realtime(), .n_tokens = 1, .pending = true};
	int r;

	if (!name_valid(name) || (integration[0] && !name_valid(integration)))
		return CONTROL_INVALID_NAME;
	if (declared_is_integration(broker, integration))
		return CONTROL_IS_DECLARED;
	r = check_expires(expires);
	if (r)
		return r;
	job = control_job_new(broker, done, userdata);
	if (!job)
		return -ENOMEM;
	snprintf(client.name, sizeof(client.name), "%s", name);
	snprintf(client.integration, sizeof(client.integration), "%s", integration);
	r = make_token(broker, expires, &client.tokens[0], ret);
	if (r < 0)
		return r;
	client.tokens[0].pending = false; /* it goes with its client */
	r = add_integration(broker, integration);
	if (r)
		return r;
	r = policy_add_client(broker->policy, &client);
	if (r < 0) {
		drop_integration(broker, integration);
		return control_error_of(r);
	}
	job->finish = finish_add_client;
	snprintf(job->other, sizeof(job->other), "%s", integration);
	snprintf(job->name, sizeof(job->name), "%s", name);
	r = store_add_client(broker->store, &client, control_job_finish, job);
	erase(&client, sizeof(client));
	if (r < 0) {
		policy_remove_client(broker->policy, name);
		drop_integration(broker, integration);
		return r;
	}
	steal_pointer(&job);
	return 0;
}

/* Its grants go with it. */
static void tell_grants_removed(struct broker *broker, const char *client)
{
	for (size_t i = 0; i < broker->policy->n_grants; i++) {
		const struct grant *grant = broker->policy->grants[i];

		if (!grant->pending && !strcmp(grant->client, client))
			observe(broker, grant_removed, grant->id);
	}
}

static int finish_remove_client(struct control_job *job, int error)
{
	return error == -ENOENT ? CONTROL_NO_SUCH_CLIENT : error;
}

int control_remove_client(struct broker *broker, const char *name, struct control_result *ret,
			  control_done done, void *userdata)
{
	_cleanup_free_ struct control_job *job = NULL;
	const struct client *client = policy_find_client(broker->policy, name);

	if (client ? client->pending : !name_valid(name))
		return CONTROL_NO_SUCH_CLIENT;
	if (declared_is_client(broker, name))
		return CONTROL_IS_DECLARED;
	job = control_job_new(broker, done, userdata);
	if (!job)
		return -ENOMEM;
	job->finish = finish_remove_client;
	snprintf(job->name, sizeof(job->name), "%s", name);
	if (client) {
		snprintf(job->other, sizeof(job->other), "%s", client->integration);
		tell_grants_removed(broker, job->name);
		observe(broker, client_removed, job->name);
		policy_remove_client(broker->policy, job->name);
		ret->leases_ended = redecide_all(broker);
		observe(broker, integration_changed, job->other);
	}
	return control_job_deny(
		&job, store_remove_client(broker->store, job->name, control_job_finish, job));
}

static int finish_add_token(struct control_job *job, int error)
{
	struct policy *policy = job->broker->policy;

	if (error < 0) {
		policy_remove_token(policy, job->name, job->id);
		return error == -ENOENT ? CONTROL_NO_SUCH_CLIENT : error;
	}
	if (policy_commit_token(policy, job->name, job->id) < 0)
		return CONTROL_NO_SUCH_CLIENT;
	if (job->others_end) {
		policy_end_other_tokens(policy, job->name, job->id, job->others_end);
		redecide_all(job->broker);
	}
	observe(job->broker, client_changed, job->name);
	return 0;
}

static int add_token(struct broker *broker, const char *client, uint64_t expires,
		     uint64_t others_end, struct control_result *ret, control_done done,
		     void *userdata)
{
	_cleanup_free_ struct control_job *job = NULL;
	struct token token;
	int r;

	if (!find_client(broker, client))
		return CONTROL_NO_SUCH_CLIENT;
	if (declared_is_client(broker, client))
		return CONTROL_IS_DECLARED;
	r = check_expires(expires);
	if (r)
		return r;
	job = control_job_new(broker, done, userdata);
	if (!job)
		return -ENOMEM;
	r = make_token(broker, expires, &token, ret);
	if (r < 0)
		return r;
	r = policy_add_token(broker->policy, client, &token);
	if (r < 0)
		return control_error_of(r);
	job->finish = finish_add_token;
	job->id = ret->id = token.id;
	job->others_end = others_end;
	snprintf(job->name, sizeof(job->name), "%s", client);
	r = store_add_token(broker->store, client, &token, others_end, control_job_finish, job);
	if (r < 0) {
		policy_remove_token(broker->policy, client, token.id);
		return r;
	}
	steal_pointer(&job);
	return 0;
}

int control_add_token(struct broker *broker, const char *client, uint64_t expires,
		      struct control_result *ret, control_done done, void *userdata)
{
	return add_token(broker, client, expires, 0, ret, done, userdata);
}

int control_rotate_token(struct broker *broker, const char *client, uint64_t expires,
			 uint64_t others_end, struct control_result *ret, control_done done,
			 void *userdata)
{
	if (!others_end || check_expires(others_end))
		return CONTROL_INVALID_LIMITS;
	return add_token(broker, client, expires, others_end, ret, done, userdata);
}

static bool is_held(const struct policy *policy, uint64_t token)
{
	for (size_t i = 0; i < policy->n_clients; i++)
		if (client_find_token(policy->clients[i], token))
			return true;
	return false;
}

static int finish_remove_token(struct control_job *job, int error)
{
	return error == -ENOENT ? CONTROL_NO_SUCH_TOKEN : error;
}

int control_remove_token(struct broker *broker, const char *client, uint64_t id,
			 struct control_result *ret, control_done done, void *userdata)
{
	_cleanup_free_ struct control_job *job = NULL;
	struct client *owner = find_client(broker, client);
	struct token *token = owner ? client_find_token(owner, id) : NULL;

	if (!owner)
		return CONTROL_NO_SUCH_CLIENT;
	if (declared_is_client(broker, client))
		return CONTROL_IS_DECLARED;
	if (token ? token->pending : is_held(broker->policy, id))
		return CONTROL_NO_SUCH_TOKEN;
	job = control_job_new(broker, done, userdata);
	if (!job)
		return -ENOMEM;
	job->finish = finish_remove_token;
	if (token) {
		policy_remove_token(broker->policy, client, id);
		ret->leases_ended = redecide_all(broker);
		observe(broker, client_changed, client);
	}
	return control_job_deny(&job,
				store_remove_token(broker->store, id, control_job_finish, job));
}
