// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/policy-decide.h"

#include "base/ring.h"

struct moment {
	uint64_t now;
	bool clock_set;
};

static bool suspended(const struct policy *policy, enum suspension_kind kind, const char *name)
{
	return policy_find_suspension(policy, kind, name) != NULL;
}

static bool any_suspended(const struct policy *policy, const struct client *client,
			  const struct camera_record *camera)
{
	return suspended(policy, SUSPENSION_ALL, "") ||
	       suspended(policy, SUSPENSION_CAMERA, camera->name) ||
	       suspended(policy, SUSPENSION_CLIENT, client->name) ||
	       suspended(policy, SUSPENSION_INTEGRATION, client->integration);
}

static bool grant_is_for(const struct grant *grant, const struct client *client,
			 const uint8_t camera[UUID_SIZE])
{
	bool holder = grant->client[0] ? strcmp(grant->client, client->name) == 0
				       : grant->integration[0] && strcmp(grant->integration,
									 client->integration) == 0;

	return holder && !grant->pending && memcmp(grant->camera, camera, UUID_SIZE) == 0;
}

static enum policy_reason judge_time(const struct grant *grant, struct moment moment)
{
	if (!grant->not_before && !grant->not_after)
		return POLICY_ALLOWED;
	if (!moment.clock_set)
		return POLICY_CLOCK_NOT_SET;
	if (grant->not_after && moment.now >= grant->not_after)
		return POLICY_EXPIRED;
	if (moment.now < grant->not_before)
		return POLICY_NOT_YET;
	return POLICY_ALLOWED;
}

static enum policy_reason judge_grant(const struct grant *grant, const struct client *client,
				      const struct policy_request *request, struct moment moment)
{
	if (!grant_is_for(grant, client, request->camera))
		return POLICY_NO_GRANT;
	if (!(grant->rights & request->right))
		return POLICY_NO_RIGHT;
	if (grant->only_sub && request->stream != RING_STREAM_SUB)
		return POLICY_NO_STREAM;
	if (grant->ask_first || grant->max_leases || grant->hours[0])
		return POLICY_LIMIT;
	return judge_time(grant, moment);
}

/* Of two ends, 0 being none. */
static bool ends_later(uint64_t a, uint64_t b)
{
	return b && (!a || a > b);
}

static void consider(struct policy_verdict *verdict, const struct grant *grant,
		     enum policy_reason reason)
{
	if (reason == POLICY_ALLOWED) {
		if (verdict->allowed && !ends_later(grant->not_after, verdict->ask_again))
			return;
		*verdict = (struct policy_verdict){true, reason, grant->not_after, grant->id};
		return;
	}
	if (verdict->allowed)
		return;
	if (reason == POLICY_NOT_YET &&
	    (!verdict->ask_again || grant->not_before < verdict->ask_again))
		verdict->ask_again = grant->not_before;
	if (reason > verdict->reason)
		verdict->reason = reason;
}

/* What becomes of a verdict about the grants when the token ends at this time (0: never). */
static void limit_to_token(struct policy_verdict *verdict, uint64_t expires)
{
	if (!expires)
		return;
	if (verdict->allowed && ends_later(verdict->ask_again, expires))
		verdict->ask_again = expires;
	if (!verdict->allowed && verdict->ask_again >= expires)
		verdict->ask_again = 0;
}

static struct policy_verdict denied(enum policy_reason reason)
{
	return (struct policy_verdict){.reason = reason};
}

static bool request_valid(const struct policy_request *request)
{
	uint32_t right = request->right;

	return (right == RIGHT_LIVE || right == RIGHT_STILL || right == RIGHT_RAW) &&
	       request->stream < RING_N_STREAMS;
}

struct policy_verdict policy_decide(const struct policy *policy,
				    const struct policy_request *request, uint64_t now,
				    bool clock_set)
{
	static const struct client nobody;
	static const struct camera_record nothing;
	struct moment moment = {now, clock_set};
	struct client *client = policy_find_client(policy, request->client);
	struct camera_record *camera = policy_find_camera_uuid(policy, request->camera);
	struct token *token =
		client && request->token ? client_find_token(client, request->token) : NULL;
	struct policy_verdict verdict = denied(POLICY_NO_GRANT);
	/* All is looked up before anything is denied: the time it takes tells nothing. */
	bool is_suspended =
		any_suspended(policy, client ? client : &nobody, camera ? camera : &nothing);

	for (size_t i = 0; i < policy->n_grants; i++)
		consider(
			&verdict, policy->grants[i],
			judge_grant(policy->grants[i], client ? client : &nobody, request, moment));
	if (!client || client->pending)
		return denied(POLICY_NO_CLIENT);
	if (request->token && (!token || token->pending || token_expired(token, now, clock_set)))
		return denied(POLICY_NO_TOKEN);
	if (!camera || camera->pending)
		return denied(POLICY_NO_CAMERA);
	if (is_suspended)
		return denied(POLICY_SUSPENDED);
	if (!request_valid(request))
		return denied(POLICY_NO_RIGHT);
	limit_to_token(&verdict, token ? token->expires : 0);
	return verdict;
}

uint32_t policy_rights(const struct policy *policy, const struct policy_request *request,
		       uint64_t now, bool clock_set)
{
	struct policy_request each = *request;
	uint32_t rights = 0;

	for (each.right = 1; each.right & RIGHT_ALL; each.right <<= 1)
		for (each.stream = 0; each.stream < RING_N_STREAMS; each.stream++)
			if (policy_decide(policy, &each, now, clock_set).allowed)
				rights |= each.right;
	return rights;
}

const char *policy_reason_text(enum policy_reason reason)
{
	static const char *const texts[] = {
		[POLICY_ALLOWED] = "allowed",
		[POLICY_NO_CLIENT] = "no such client",
		[POLICY_NO_TOKEN] = "token removed or expired",
		[POLICY_NO_CAMERA] = "no such camera",
		[POLICY_SUSPENDED] = "suspended",
		[POLICY_NO_GRANT] = "no grant",
		[POLICY_NO_RIGHT] = "right not granted",
		[POLICY_NO_STREAM] = "stream not granted",
		[POLICY_LIMIT] = "limit that cannot be judged",
		[POLICY_CLOCK_NOT_SET] = "clock not set",
		[POLICY_EXPIRED] = "grant expired",
		[POLICY_NOT_YET] = "grant not yet valid",
	};

	return (size_t)reason < ARRAY_SIZE(texts) ? texts[reason] : "unknown";
}
