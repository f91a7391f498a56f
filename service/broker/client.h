// SPDX-License-Identifier: LGPL-2.1-or-later
/* A named identity that may watch: a person's phone, a hub. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/parse.h"
#include "broker/grant.h"
#include "broker/token.h"

#define CLIENT_TOKENS_MAX 8
#define CLIENT_PINS_MAX   8

struct client {
	char name[NAME_SIZE];
	char integration[NAME_SIZE]; /* the group it belongs to; "": none */
	uint64_t created;            /* us, CLOCK_REALTIME */
	/* Its file in policy.d (declared.h), where alone it is changed; "": none. */
	char source[GRANT_SOURCE_SIZE];
	/* The uid of this machine that is this client towards the bus (local subscribers). */
	bool has_user;
	uint32_t user;
	bool user_pending; /* policy.h */
	size_t n_tokens;
	struct token tokens[CLIENT_TOKENS_MAX];
	/* Certificates by the SHA-256 of their SubjectPublicKeyInfo, which is `hash` here. Their
	 * ids are of this run only, and above all tokens'. */
	size_t n_pins;
	struct token pins[CLIENT_PINS_MAX];
	bool pending;           /* policy.h */
	char former[NAME_SIZE]; /* while it is being renamed: what the disk may call it still */
	bool moving;            /* into the integration `next` ("": none), policy_begin_move() */
	char next[NAME_SIZE];
};

/* NULL if it has none of this id, or key. find_credential: either kind. What is found stands in the
 * client, until one is added or removed. */
struct token *client_find_credential(struct client *client, uint64_t id);
struct token *client_find_pin(struct client *client, const uint8_t spki[TOKEN_HASH_SIZE]);
struct token *client_find_token(struct client *client, uint64_t id);

/* -ENOBUFS: it has CLIENT_TOKENS_MAX already. */
int client_add_token(struct client *client, const struct token *token);

/* Whether this user is the client; not before that is on disk. */
bool client_is_user(const struct client *client, uint32_t user);

/* -ENOBUFS: it has CLIENT_PINS_MAX already. */
int client_add_pin(struct client *client, const struct token *pin);
/* The removed is erased, the others keep their order. -ENOENT: there is none of this key. */
int client_remove_pin(struct client *client, const uint8_t spki[TOKEN_HASH_SIZE]);

/* The same, by id. */
int client_remove_token(struct client *client, uint64_t id);
