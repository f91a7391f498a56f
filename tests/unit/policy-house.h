// SPDX-License-Identifier: LGPL-2.1-or-later
/* A policy to ask. */
#pragma once

#include "base/ring.h"
#include "broker-state.h"
#include "broker/policy-decide.h"

/* alice and bob of nest, carol of nobody; front (1), back (2). */
static inline struct policy *make_house(void)
{
	struct policy *policy = policy_new();
	struct client alice = make_client("alice", "nest"), bob = make_client("bob", "nest"),
		      carol = make_client("carol", "");
	struct camera_record front = make_camera("front", 1), back = make_camera("back", 2);

	assert_int_equal(policy_add_client(policy, &alice), 0);
	assert_int_equal(policy_add_client(policy, &bob), 0);
	assert_int_equal(policy_add_client(policy, &carol), 0);
	assert_int_equal(policy_add_camera(policy, &front), 0);
	assert_int_equal(policy_add_camera(policy, &back), 0);
	return policy;
}

static inline struct policy_verdict ask(const struct policy *policy, const char *client,
					uint8_t camera, uint32_t right, uint32_t stream,
					uint64_t now, bool clock_set)
{
	struct policy_request request = {
		.client = client, .camera = {camera, 0xca}, .right = right, .stream = stream};

	return policy_decide(policy, &request, now, clock_set);
}
