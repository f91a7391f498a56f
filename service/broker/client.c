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

static void take_out(struct token *list, size_t *n, struct token *token)
{
	struct token *last = &list[*n - 1];

	memmove(token, token + 1, (size_t)(last - token) * sizeof(*token));
	erase(last, sizeof(*last));
	(*n)--;
}

int client_remove_token(struct client *client, uint64_t id)
{
	struct token *token = client_find_token(client, id);

	if (!token)
		return -ENOENT;
	take_out(client->tokens, &client->n_tokens, token);
	return 0;
}

struct token *client_find_credential(struct client *client, uint64_t id)
{
	for (size_t i = 0; i < client->n_pins; i++)
		if (client->pins[i].id == id)
			return &client->pins[i];
	return client_find_token(client, id);
}

struct token *client_find_pin(struct client *client, const uint8_t spki[TOKEN_HASH_SIZE])
{
	for (size_t i = 0; i < client->n_pins; i++)
		if (memcmp(client->pins[i].hash, spki, TOKEN_HASH_SIZE) == 0)
			return &client->pins[i];
	return NULL;
}

int client_add_pin(struct client *client, const struct token *pin)
{
	if (client->n_pins == CLIENT_PINS_MAX)
		return -ENOBUFS;
	client->pins[client->n_pins++] = *pin;
	return 0;
}

int client_remove_pin(struct client *client, const uint8_t spki[TOKEN_HASH_SIZE])
{
	struct token *pin = client_find_pin(client, spki);

	if (!pin)
		return -ENOENT;
	take_out(client->pins, &client->n_pins, pin);
	return 0;
}
