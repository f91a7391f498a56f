// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/policy-authenticate.h"

/* Looks at every client, so that where a name stands does not show. */
static const struct client *find_client(const struct policy *policy, const char *name)
{
	const struct client *found = NULL;

	for (size_t i = 0; i < policy->n_clients; i++)
		if (strcmp(policy->clients[i]->name, name) == 0 && !policy->clients[i]->pending)
			found = policy->clients[i];
	return found;
}

/* Compares with as many tokens as a client can have, whether it has them or not. */
static const struct token *find_token(const struct client *client,
				      const uint8_t hash[TOKEN_HASH_SIZE])
{
	static const struct client nobody;
	const struct token *found = NULL;

	if (!client)
		client = &nobody;
	for (size_t i = 0; i < CLIENT_TOKENS_MAX; i++) {
		const struct token *token = &client->tokens[i];
		bool equal = token_hash_equal(token->hash, hash);

		if (equal && i < client->n_tokens && !token->pending)
			found = token;
	}
	return found;
}

int policy_authenticate(const struct policy *policy, const char *client, const char *token,
			uint64_t now, bool clock_set, const struct client **ret_client,
			const struct token **ret_token)
{
	uint8_t hash[TOKEN_HASH_SIZE];
	const struct client *holder = find_client(policy, client);
	const struct token *held;

	if (token_hash(token, hash) < 0)
		return -EACCES;
	held = find_token(holder, hash);
	erase(hash, sizeof(hash));
	if (!holder || !held || token_expired(held, now, clock_set))
		return -EACCES;
	*ret_client = holder;
	*ret_token = held;
	return 0;
}

int policy_identify(const struct policy *policy, uint32_t user, const char *client,
		    const struct client **ret)
{
	const struct client *found = NULL;
	size_t n = 0;

	for (size_t i = 0; i < policy->n_clients; i++) {
		const struct client *c = policy->clients[i];

		if (c->pending || !client_is_user(c, user) ||
		    (client[0] && strcmp(c->name, client) != 0))
			continue;
		found = c;
		n++;
	}
	if (n != 1)
		return n ? -ENOTUNIQ : -EACCES;
	*ret = found;
	return 0;
}
