// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>

#include "broker/policy-list.h"

static void discard(void *object, size_t size)
{
	erase(object, size);
	free(object);
}

#define CLEAR(policy, list)                             \
	for (size_t i = 0; i < (policy)->n_##list; i++) \
	discard((policy)->list[i], sizeof(*(policy)->list[i]))

struct policy *policy_new(void)
{
	struct policy *policy = calloc(1, sizeof(*policy));

	if (policy)
		*policy = (struct policy){
			.next_grant = 1, .next_token = 1, .next_pin = POLICY_PIN_ID_FIRST};
	return policy;
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	CLEAR(policy, integrations);
	CLEAR(policy, clients);
	CLEAR(policy, cameras);
	CLEAR(policy, grants);
	CLEAR(policy, suspensions);
	free(policy);
}

int policy_add_client(struct policy *policy, const struct client *client)
{
	if (!name_valid(client->name) || client->n_tokens > CLIENT_TOKENS_MAX ||
	    (client->integration[0] && !name_valid(client->integration)))
		return -EINVAL;
	if (policy_client_exists(policy, client->name))
		return -EEXIST;
	return APPEND(policy, clients, client);
}

int policy_add_token(struct policy *policy, const char *client, const struct token *token)
{
	struct client *holder = policy_find_client(policy, client);

	if (!token->id)
		return -EINVAL;
	if (!holder)
		return -ENOENT;
	if (client_find_token(holder, token->id))
		return -EEXIST;
	return client_add_token(holder, token);
}

int policy_add_user(struct policy *policy, const char *client, uint32_t user, bool pending)
{
	struct client *holder = policy_find_client(policy, client);

	if (user == UINT32_MAX)
		return -EINVAL;
	if (!holder)
		return -ENOENT;
	if (holder->has_user)
		return -EEXIST;
	holder->has_user = true;
	holder->user = user;
	holder->user_pending = pending;
	return 0;
}

int policy_add_camera(struct policy *policy, const struct camera_record *camera)
{
	if (!name_valid(camera->name) || uuid_is_null(camera->uuid))
		return -EINVAL;
	if (policy_find_camera(policy, camera->name) ||
	    policy_find_camera_uuid(policy, camera->uuid))
		return -EEXIST;
	return APPEND(policy, cameras, camera);
}

int policy_add_grant(struct policy *policy, const struct grant *grant)
{
	int r = grant_check(grant);

	if (r < 0)
		return r;
	if (policy_find_grant(policy, grant->id))
		return -EEXIST;
	if (!policy_find_camera_uuid(policy, grant->camera) ||
	    (grant->client[0] && !policy_find_client(policy, grant->client)))
		return -ENOENT;
	return APPEND(policy, grants, grant);
}

int policy_commit_client(struct policy *policy, const char *name)
{
	struct client *client = policy_find_client(policy, name);

	if (!client)
		return -ENOENT;
	client->pending = false;
	return 0;
}

int policy_commit_token(struct policy *policy, const char *client, uint64_t id)
{
	struct client *holder = policy_find_client(policy, client);
	struct token *token = holder ? client_find_token(holder, id) : NULL;

	if (!token)
		return -ENOENT;
	token->pending = false;
	return 0;
}

int policy_commit_user(struct policy *policy, const char *client, uint32_t user)
{
	struct client *holder = policy_find_client(policy, client);

	if (!holder || !holder->has_user || holder->user != user)
		return -ENOENT;
	holder->user_pending = false;
	return 0;
}

int policy_end_other_tokens(struct policy *policy, const char *client, uint64_t but, uint64_t end)
{
	struct client *holder = policy_find_client(policy, client);

	if (!holder)
		return -ENOENT;
	for (size_t i = 0; i < holder->n_tokens; i++) {
		struct token *token = &holder->tokens[i];

		if (token->id != but && (!token->expires || token->expires > end))
			token->expires = end;
	}
	return 0;
}

int policy_commit_camera(struct policy *policy, const uint8_t uuid[UUID_SIZE])
{
	struct camera_record *camera = policy_find_camera_uuid(policy, uuid);

	if (!camera)
		return -ENOENT;
	camera->pending = false;
	return 0;
}

int policy_commit_grant(struct policy *policy, uint64_t id)
{
	struct grant *grant = policy_find_grant(policy, id);

	if (!grant)
		return -ENOENT;
	grant->pending = false;
	return 0;
}

int policy_remove_client(struct policy *policy, const char *name)
{
	struct client *client = policy_find_client(policy, name);

	if (!client)
		return -ENOENT;
	for (size_t i = policy->n_grants; i-- > 0;)
		if (strcmp(policy->grants[i]->client, client->name) == 0)
			TAKE_OUT(policy, grants, policy->grants[i]);
	return TAKE_OUT(policy, clients, client);
}

int policy_remove_token(struct policy *policy, const char *client, uint64_t id)
{
	struct client *holder = policy_find_client(policy, client);

	return holder ? client_remove_token(holder, id) : -ENOENT;
}

int policy_remove_user(struct policy *policy, const char *client)
{
	struct client *holder = policy_find_client(policy, client);

	if (!holder || !holder->has_user)
		return -ENOENT;
	holder->has_user = holder->user_pending = false;
	return 0;
}

int policy_remove_camera(struct policy *policy, const uint8_t uuid[UUID_SIZE])
{
	struct camera_record *camera = policy_find_camera_uuid(policy, uuid);

	if (!camera)
		return -ENOENT;
	for (size_t i = policy->n_grants; i-- > 0;)
		if (memcmp(policy->grants[i]->camera, camera->uuid, UUID_SIZE) == 0)
			TAKE_OUT(policy, grants, policy->grants[i]);
	return TAKE_OUT(policy, cameras, camera);
}

int policy_remove_grant(struct policy *policy, uint64_t id)
{
	struct grant *grant = policy_find_grant(policy, id);

	return grant ? TAKE_OUT(policy, grants, grant) : -ENOENT;
}

unsigned policy_remove_grants(struct policy *policy, const char *client,
			      const uint8_t camera[UUID_SIZE])
{
	unsigned n = 0;

	for (size_t i = policy->n_grants; i-- > 0;) {
		struct grant *grant = policy->grants[i];

		if (grant->source[0] || strcmp(grant->client, client) != 0 ||
		    memcmp(grant->camera, camera, UUID_SIZE) != 0)
			continue;
		TAKE_OUT(policy, grants, grant);
		n++;
	}
	return n;
}

/* Whether everything can still be suspended once this is. */
static bool leaves_room(const struct policy *policy, const struct suspension *suspension)
{
	return suspension->kind == SUSPENSION_ALL ||
	       policy->n_suspensions < POLICY_SUSPENSIONS_MAX ||
	       policy_find_suspension(policy, SUSPENSION_ALL, "");
}

int policy_suspend(struct policy *policy, const struct suspension *suspension)
{
	struct suspension *old;
	int r = suspension_check(suspension);

	if (r < 0)
		return r;
	old = policy_find_suspension(policy, suspension->kind, suspension->name);
	if (!old)
		return leaves_room(policy, suspension) ? APPEND(policy, suspensions, suspension)
						       : -ENOBUFS;
	if (!old->resuming)
		return -EALREADY;
	*old = *suspension;
	return 0;
}

void policy_move_suspension(struct policy *policy, enum suspension_kind kind, const char *from,
			    const char *to)
{
	struct suspension *old = policy_find_suspension(policy, kind, from);
	struct suspension *other = policy_find_suspension(policy, kind, to);

	if (!old)
		return;
	old->resuming = false;
	snprintf(old->name, sizeof(old->name), "%s", to);
	if (other)
		TAKE_OUT(policy, suspensions, other);
}

int policy_rename_camera(struct policy *policy, const uint8_t uuid[UUID_SIZE], const char *name,
			 const char *given)
{
	struct camera_record *camera = policy_find_camera_uuid(policy, uuid);

	if (!camera)
		return -ENOENT;
	policy_move_suspension(policy, SUSPENSION_CAMERA, camera->name, name);
	snprintf(camera->name, sizeof(camera->name), "%s", name);
	snprintf(camera->given, sizeof(camera->given), "%s", given);
	return 0;
}

int policy_begin_resume(struct policy *policy, enum suspension_kind kind, const char *name)
{
	struct suspension *suspension = policy_find_suspension(policy, kind, name);

	if (!suspension)
		return -ENOENT;
	if (suspension->resuming)
		return -EALREADY;
	suspension->resuming = true;
	return 0;
}

int policy_commit_resume(struct policy *policy, enum suspension_kind kind, const char *name,
			 int error)
{
	struct suspension *suspension = policy_find_suspension(policy, kind, name);

	if (!suspension || !suspension->resuming)
		return -ENOENT;
	if (error < 0) {
		suspension->resuming = false;
		return error;
	}
	return TAKE_OUT(policy, suspensions, suspension);
}

uint64_t policy_next_grant_id(struct policy *policy)
{
	return policy->next_grant++;
}

uint64_t policy_next_token_id(struct policy *policy)
{
	return policy->next_token++;
}
