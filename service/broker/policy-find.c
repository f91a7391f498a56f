// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/policy.h"

struct client *policy_find_client(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->n_clients; i++)
		if (strcmp(policy->clients[i]->name, name) == 0)
			return policy->clients[i];
	return NULL;
}

struct camera_record *policy_find_camera(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->n_cameras; i++)
		if (strcmp(policy->cameras[i]->name, name) == 0)
			return policy->cameras[i];
	return NULL;
}

struct camera_record *policy_find_camera_uuid(const struct policy *policy,
					      const uint8_t uuid[UUID_SIZE])
{
	for (size_t i = 0; i < policy->n_cameras; i++)
		if (memcmp(policy->cameras[i]->uuid, uuid, UUID_SIZE) == 0)
			return policy->cameras[i];
	return NULL;
}

struct camera_record *policy_find_camera_hardware(const struct policy *policy, const char *hardware)
{
	for (size_t i = 0; hardware[0] && i < policy->n_cameras; i++)
		if (strcmp(policy->cameras[i]->hardware, hardware) == 0)
			return policy->cameras[i];
	return NULL;
}

struct grant *policy_find_grant(const struct policy *policy, uint64_t id)
{
	for (size_t i = 0; i < policy->n_grants; i++)
		if (policy->grants[i]->id == id)
			return policy->grants[i];
	return NULL;
}

struct suspension *policy_find_suspension(const struct policy *policy, enum suspension_kind kind,
					  const char *name)
{
	for (size_t i = 0; i < policy->n_suspensions; i++)
		if (policy->suspensions[i]->kind == kind &&
		    strcmp(policy->suspensions[i]->name, name) == 0)
			return policy->suspensions[i];
	return NULL;
}

struct integration *policy_find_integration(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->n_integrations; i++)
		if (strcmp(policy->integrations[i]->name, name) == 0)
			return policy->integrations[i];
	return NULL;
}

size_t policy_count_members(const struct policy *policy, const char *integration)
{
	size_t n = 0;

	for (size_t i = 0; i < policy->n_clients; i++) {
		const struct client *client = policy->clients[i];

		n += strcmp(client->integration, integration) == 0 ||
		     (client->moving && strcmp(client->next, integration) == 0);
	}
	return n;
}
