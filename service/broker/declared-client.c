// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/declared-client.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "broker/broker.h"

struct declared_client *declared_client_find(const struct declared *declared, const char *name)
{
	for (size_t i = 0; i < declared->n_clients; i++)
		if (strcmp(declared->clients[i].client.name, name) == 0)
			return &declared->clients[i];
	return NULL;
}

bool declared_is_client(const struct broker *broker, const char *name)
{
	const struct client *client = policy_find_client(broker->policy, name);

	return client && client->source[0];
}

bool declared_is_integration(const struct broker *broker, const char *name)
{
	const struct integration *integration = policy_find_integration(broker->policy, name);

	return integration && integration->source[0];
}

/* --- whether they can be had --- */

/* Also one that is being renamed, away from the name or to it. */
static bool is_the_owners(const struct policy *policy, const char *name)
{
	const struct client *client = policy_find_client(policy, name);

	return client ? !client->source[0] : policy_client_exists(policy, name);
}

static bool is_the_owners_integration(const struct policy *policy, const char *name)
{
	const struct integration *integration = policy_find_integration(policy, name);

	return integration ? !integration->source[0] : policy_integration_exists(policy, name);
}

/* Whose else the key is; NULL: nobody's. */
static const char *find_other(const struct broker *broker, const struct declared *declared,
			      const struct client *client, const struct token *pin)
{
	const struct client *holder = policy_find_pin(broker->policy, pin->hash, NULL);

	if (holder && !holder->source[0])
		return holder->name;
	/* Of two declared ones the first has it. */
	for (size_t i = 0; &declared->clients[i].client != client; i++)
		if (client_find_pin(&declared->clients[i].client, pin->hash))
			return declared->clients[i].client.name;
	return NULL;
}

static bool check(const struct broker *broker, const struct declared *declared,
		  const struct declared_client *d, char error[SETTINGS_ERROR_SIZE])
{
	const struct client *c = &d->client;
	char what[160] = "";

	if (is_the_owners(broker->policy, c->name))
		snprintf(what, sizeof(what),
			 "there is a client of this name already, which no file declares: remove or"
			 " rename either");
	else if (c->integration[0] && is_the_owners_integration(broker->policy, c->integration))
		snprintf(what, sizeof(what),
			 "there is an integration %s already, which no file declares: remove or"
			 " rename either",
			 c->integration);
	for (size_t i = 0; !what[0] && i < c->n_pins; i++) {
		const char *other = find_other(broker, declared, c, &c->pins[i]);

		if (other)
			snprintf(what, sizeof(what), "its pin is that of the client %s", other);
	}
	if (what[0])
		snprintf(error, SETTINGS_ERROR_SIZE, "%s:%d: [client %s]: %s", c->source, d->line,
			 c->name, what);
	return !what[0];
}

const struct declared_client *declared_client_check(const struct broker *broker,
						    const struct declared *declared,
						    char error[SETTINGS_ERROR_SIZE])
{
	for (size_t i = 0; i < declared->n_clients; i++)
		if (!check(broker, declared, &declared->clients[i], error))
			return &declared->clients[i];
	return NULL;
}

/* --- out of the policy --- */

static bool same_credentials(const struct token *a, size_t n_a, const struct token *b, size_t n_b)
{
	for (size_t i = 0; n_a == n_b && i < n_a; i++)
		if (memcmp(a[i].hash, b[i].hash, sizeof(a[i].hash)) != 0)
			return false;
	return n_a == n_b;
}

static bool says_the_same(const struct client *a, const struct client *b)
{
	return !strcmp(a->name, b->name) && !strcmp(a->source, b->source) &&
	       !strcmp(a->integration, b->integration) &&
	       same_credentials(a->tokens, a->n_tokens, b->tokens, b->n_tokens) &&
	       same_credentials(a->pins, a->n_pins, b->pins, b->n_pins);
}

static void drop_integration(struct broker *broker, const char *name)
{
	if (!declared_is_integration(broker, name) ||
	    policy_count_members(broker->policy, name) > 0)
		return;
	observe(broker, integration_removed, name);
	policy_remove_integration(broker->policy, name);
}

/* Its grants go with it. */
static void deactivate(struct broker *broker, const struct client *client)
{
	struct policy *policy = broker->policy;

	for (size_t i = 0; i < policy->n_grants; i++)
		if (strcmp(policy->grants[i]->client, client->name) == 0)
			observe(broker, grant_removed, policy->grants[i]->id);
	observe(broker, client_removed, client->name);
	policy_remove_client(policy, client->name);
}

void declared_client_retire(struct broker *broker, struct declared *old, struct declared *by)
{
	for (size_t i = 0; i < old->n_clients; i++) {
		struct declared_client *d = &old->clients[i];
		struct declared_client *same = declared_client_find(by, d->client.name);

		if (d->active && same && says_the_same(&d->client, &same->client))
			same->active = true;
		else if (d->active)
			deactivate(broker, &d->client);
	}
	/* One that its clients still declare stays, with its grants. */
	for (size_t i = 0; i < old->n_clients; i++) {
		const char *name = old->clients[i].client.integration;
		bool stays = false;

		for (size_t k = 0; k < by->n_clients; k++)
			stays |= strcmp(by->clients[k].client.integration, name) == 0;
		if (name[0] && !stays)
			drop_integration(broker, name);
	}
}

/* --- into it --- */

static int add_integration(struct broker *broker, const struct client *client)
{
	struct integration integration = {.created = client->created};
	int r;

	if (!client->integration[0] || policy_find_integration(broker->policy, client->integration))
		return 0;
	memcpy(integration.name, client->integration, sizeof(integration.name));
	memcpy(integration.source, client->source, sizeof(integration.source));
	r = policy_add_integration(broker->policy, &integration);
	if (r == 0)
		observe(broker, integration_added, integration.name);
	return r;
}

static int add(struct broker *broker, const struct client *client)
{
	struct client bare = *client;
	int r = add_integration(broker, client);

	bare.n_pins = 0;
	if (r == 0)
		r = policy_add_client(broker->policy, &bare);
	for (size_t i = 0; r == 0 && i < client->n_pins; i++) {
		struct token pin = client->pins[i];

		r = policy_add_pin(broker->policy, client->name, &pin);
		if (r < 0)
			policy_remove_client(broker->policy, client->name);
	}
	return r;
}

static void activate(struct broker *broker, struct declared_client *d)
{
	uint64_t now = clock_realtime();
	struct client *c = &d->client;
	int r;

	c->created = now;
	for (size_t i = 0; i < c->n_tokens; i++)
		c->tokens[i].created = now;
	for (size_t i = 0; i < c->n_pins; i++)
		c->pins[i].created = now;
	r = add(broker, c);
	if (r < 0) {
		log_error("policy.d/%s:%d: the client %s cannot be had: %s", c->source, d->line,
			  c->name, strerror(-r));
		drop_integration(broker, c->integration);
		return;
	}
	d->active = true;
	observe(broker, client_added, c->name);
	observe(broker, integration_changed, c->integration);
}

void declared_client_activate(struct broker *broker)
{
	struct declared *declared = &broker->declared;

	for (size_t i = 0; i < declared->n_clients; i++)
		if (!declared->clients[i].active)
			activate(broker, &declared->clients[i]);
}
