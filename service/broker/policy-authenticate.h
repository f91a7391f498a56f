// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who is it? A name and a token, a key that is pinned, a user of this machine, or nobody. */
#pragma once

#include "broker/policy.h"

/*
 * The client and its token, both the policy's. -EACCES: there is no such client, not with this
 * token, or it has expired; these cost the same work, and which it was is not told. Suspension is
 * policy_decide's. The caller erases its copy of token.
 */
int policy_authenticate(const struct policy *policy, const char *client, const char *token,
			uint64_t now, bool clock_set, const struct client **ret_client,
			const struct token **ret_token);

/*
 * The client that a caller on the bus is: user is its uid as the bus itself vouches for it, client
 * the name it gave ("": none, which is enough if the user is one client only). -EACCES: this user
 * is no such client, whether there is one or not. -ENOTUNIQ: several, and it has to say which.
 */
int policy_identify(const struct policy *policy, uint32_t user, const char *client,
		    const struct client **ret);

/* The same for whoever has proved to have the key with this SHA-256 of its SubjectPublicKeyInfo. */
int policy_authenticate_pin(const struct policy *policy, const uint8_t spki[TOKEN_HASH_SIZE],
			    uint64_t now, bool clock_set, const struct client **ret_client,
			    const struct token **ret_pin);
