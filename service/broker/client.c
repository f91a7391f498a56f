// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/client.h"

#include "base/cleanup.h"

struct token *client_find_token(struct client *client, uint64_t id)
{
	for (size_t i = 0; i < client->n_tokens; i++)
		if (client->tokens[i].id == id)
			return &client->tokens[i];
	return NULL;
}

int client_add_token(struct client *client, const struct token *token)
{
	if (client->n_tokens == CLIENT_TOKENS_MAX)
		return -ENOBUFS;
	client->tokens[client->n_tokens++] = *token;
	return 0;
}

bool client_is_user(const struct client *client, uint32_t user)
{
	return client->has_user && !client->user_pending && client->user == user;
}

int client_remove_token(struct client *client, uint64_t id)
{
	struct token *token = client_find_token(client, id);
	struct token *last = &client->tokens[client->n_tokens - 1];

	if (!token)
		return -ENOENT;
	memmove(token, token + 1, (size_t)(last - token) * sizeof(*token));
	erase(last, sizeof(*last));
	client->n_tokens--;
	return 0;
}
