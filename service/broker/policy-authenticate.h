// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who is it? A name and a token, or nobody. */
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
