// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>

#include "broker/policy-list.h"

bool policy_client_exists(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->n_clients; i++)
		if (strcmp(policy->clients[i]->former, name) == 0)
			return true;
	return policy_find_client(policy, name) != NULL;
}

bool policy_integration_exists(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->n_integrations; i++)
		if (strcmp(policy->integrations[i]->former, name) == 0)
			return true;
	return policy_find_integration(policy, name) != NULL;
}

int policy_add_integration(struct policy *policy, const struct integration *integration)
{
	if (!name_valid(integration->name))
		return -EINVAL;
	if (policy_integration_exists(policy, integration->name))
		return -EEXIST;
	return APPEND(policy, integrations, integration);
}

int policy_commit_integration(struct policy *policy, const char *name)
{
	struct integration *integration = policy_find_integration(policy, name);

	if (!integration)
		return -ENOENT;
	integration->pending = false;
	return 0;
}

int policy_remove_integration(struct policy *policy, const char *name)
{
	struct integration *integration = policy_find_integration(policy, name);

	if (!integration)
		return -ENOENT;
	if (policy_count_members(policy, name) > 0)
		return -EBUSY;
	for (size_t i = policy->n_grants; i-- > 0;)
		if (strcmp(policy->grants[i]->integration, integration->name) == 0)
			TAKE_OUT(policy, grants, policy->grants[i]);
	return TAKE_OUT(policy, integrations, integration);
}

/* Nobody takes its suspension back just now, and the new name brings none along. */
static int check_suspensions(const struct policy *policy, enum suspension_kind kind,
			     const char *from, const char *to)
{
	const struct suspension *suspension = policy_find_suspension(policy, kind, from);

	if (policy_find_suspension(policy, kind, to))
		return -EEXIST;
	return suspension && suspension->resuming ? -EBUSY : 0;
}

static int check_client(const struct policy *policy, const struct client *client)
{
	if (client->pending || client->moving || client->user_pending)
		return -EBUSY;
	for (size_t i = 0; i < client->n_tokens; i++)
		if (client->tokens[i].pending)
			return -EBUSY;
	for (size_t i = 0; i < client->n_pins; i++)
		if (client->pins[i].pending)
			return -EBUSY;
	for (size_t i = 0; i < policy->n_grants; i++)
		if (policy->grants[i]->pending &&
		    strcmp(policy->grants[i]->client, client->name) == 0)
			return -EBUSY;
	return 0;
}

static void call_client(struct policy *policy, struct client *client, const char *name)
{
	policy_move_suspension(policy, SUSPENSION_CLIENT, client->name, name);
	for (size_t i = 0; i < policy->n_grants; i++) {
		struct grant *grant = policy->grants[i];

		if (!grant->source[0] && strcmp(grant->client, client->name) == 0)
			snprintf(grant->client, sizeof(grant->client), "%s", name);
	}
	snprintf(client->name, sizeof(client->name), "%s", name);
}

int policy_begin_rename_client(struct policy *policy, const char *from, const char *to)
{
	struct client *client = policy_find_client(policy, from);
	int r;

	if (!client)
		return -ENOENT;
	if (policy_client_exists(policy, to))
		return -EEXIST;
	r = check_client(policy, client);
	if (r == 0)
		r = check_suspensions(policy, SUSPENSION_CLIENT, from, to);
	if (r < 0)
		return r;
	memcpy(client->former, client->name, sizeof(client->former));
	call_client(policy, client, to);
	client->pending = true;
	return 0;
}

int policy_end_rename_client(struct policy *policy, const char *to, int error)
{
	struct client *client = policy_find_client(policy, to);
	char former[NAME_SIZE];

	if (!client || !client->former[0])
		return -ENOENT;
	memcpy(former, client->former, sizeof(former));
	client->former[0] = '\0';
	client->pending = false;
	if (error < 0)
		call_client(policy, client, former);
	return 0;
}

static int check_integration(const struct policy *policy, const struct integration *integration)
{
	const char *name = integration->name;

	if (integration->pending)
		return -EBUSY;
	for (size_t i = 0; i < policy->n_clients; i++) {
		const struct client *client = policy->clients[i];
		bool member = strcmp(client->integration, name) == 0;

		if ((member && (client->pending || client->moving)) ||
		    (client->moving && strcmp(client->next, name) == 0))
			return -EBUSY;
	}
	for (size_t i = 0; i < policy->n_grants; i++)
		if (policy->grants[i]->pending && strcmp(policy->grants[i]->integration, name) == 0)
			return -EBUSY;
	return 0;
}

static void call_integration(struct policy *policy, struct integration *integration,
			     const char *name)
{
	policy_move_suspension(policy, SUSPENSION_INTEGRATION, integration->name, name);
	for (size_t i = 0; i < policy->n_grants; i++) {
		struct grant *grant = policy->grants[i];

		if (!grant->source[0] && strcmp(grant->integration, integration->name) == 0)
			snprintf(grant->integration, sizeof(grant->integration), "%s", name);
	}
	for (size_t i = 0; i < policy->n_clients; i++) {
		struct client *client = policy->clients[i];

		if (strcmp(client->integration, integration->name) == 0)
			snprintf(client->integration, sizeof(client->integration), "%s", name);
	}
	snprintf(integration->name, sizeof(integration->name), "%s", name);
}

int policy_begin_rename_integration(struct policy *policy, const char *from, const char *to)
{
	struct integration *integration = policy_find_integration(policy, from);
	int r;

	if (!integration)
		return -ENOENT;
	if (policy_integration_exists(policy, to))
		return -EEXIST;
	r = check_integration(policy, integration);
	if (r == 0)
		r = check_suspensions(policy, SUSPENSION_INTEGRATION, from, to);
	if (r < 0)
		return r;
	memcpy(integration->former, integration->name, sizeof(integration->former));
	call_integration(policy, integration, to);
	integration->pending = true;
	return 0;
}

int policy_end_rename_integration(struct policy *policy, const char *to, int error)
{
	struct integration *integration = policy_find_integration(policy, to);
	char former[NAME_SIZE];

	if (!integration || !integration->former[0])
		return -ENOENT;
	memcpy(former, integration->former, sizeof(former));
	integration->former[0] = '\0';
	integration->pending = false;
	if (error < 0)
		call_integration(policy, integration, former);
	return 0;
}

int policy_begin_move(struct policy *policy, const char *name, const char *to)
{
	struct client *client = policy_find_client(policy, name);
	const struct integration *from, *target = policy_find_integration(policy, to);

	if (!client || client->pending || (to[0] && !target))
		return -ENOENT;
	if (client->moving || (target && target->pending))
		return -EBUSY;
	if (strcmp(client->integration, to) == 0)
		return -EALREADY;
	from = policy_find_integration(policy, client->integration);
	if (from && from->pending)
		return -EBUSY;
	if (policy_find_suspension(policy, SUSPENSION_INTEGRATION, client->integration))
		return -EPERM;
	client->moving = true;
	snprintf(client->next, sizeof(client->next), "%s", to);
	return 0;
}

int policy_end_move(struct policy *policy, const char *name, int error)
{
	struct client *client = policy_find_client(policy, name);

	if (!client || !client->moving)
		return -ENOENT;
	client->moving = false;
	if (error == 0)
		memcpy(client->integration, client->next, sizeof(client->integration));
	client->next[0] = '\0';
	return 0;
}
