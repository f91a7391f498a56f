// SPDX-License-Identifier: LGPL-2.1-or-later
/* Certificates, by their keys. */
#include "broker/policy-authenticate.h"

struct client *policy_find_pin(const struct policy *policy, const uint8_t spki[TOKEN_HASH_SIZE],
			       struct token **ret_pin)
{
	struct client *found = NULL;

	for (size_t i = 0; i < policy->n_clients; i++) {
		struct token *pin = client_find_pin(policy->clients[i], spki);

		if (!pin)
			continue;
		found = policy->clients[i];
		if (ret_pin)
			*ret_pin = pin;
	}
	return found;
}

int policy_add_pin(struct policy *policy, const char *client, struct token *pin)
{
	struct client *holder = policy_find_client(policy, client);

	if (!holder)
		return -ENOENT;
	if (policy_find_pin(policy, pin->hash, NULL))
		return -EEXIST;
	pin->id = policy->next_pin++;
	return client_add_pin(holder, pin);
}

int policy_commit_pin(struct policy *policy, const uint8_t spki[TOKEN_HASH_SIZE])
{
	struct token *pin;

	if (!policy_find_pin(policy, spki, &pin))
		return -ENOENT;
	pin->pending = false;
	return 0;
}

int policy_remove_pin(struct policy *policy, const uint8_t spki[TOKEN_HASH_SIZE])
{
	struct client *holder = policy_find_pin(policy, spki, NULL);

	return holder ? client_remove_pin(holder, spki) : -ENOENT;
}

int policy_authenticate_pin(const struct policy *policy, const uint8_t spki[TOKEN_HASH_SIZE],
			    uint64_t now, bool clock_set, const struct client **ret_client,
			    const struct token **ret_pin)
{
	struct token *pin;
	const struct client *holder = policy_find_pin(policy, spki, &pin);

	if (!holder || holder->pending || pin->pending || token_expired(pin, now, clock_set))
		return -EACCES;
	*ret_client = holder;
	*ret_pin = pin;
	return 0;
}
