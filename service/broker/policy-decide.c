// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/policy-decide.h"

#include "base/ring.h"
#include "broker/hours.h"

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

/* What one grant makes of a request, and when time alone changes that; 0: never. */
struct judgement {
	enum policy_reason reason;
	uint64_t change;
};

/* Of two times, 0 being never. */
static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a && (!b || a < b) ? a : b;
}

static struct judgement judge_hours(const struct grant *grant, uint64_t now)
{
	struct hours hours;
	uint64_t change;

	if (!grant->hours[0])
		return (struct judgement){POLICY_ALLOWED, 0};
	if (hours_parse(grant->hours, &hours) < 0)
		return (struct judgement){POLICY_OUTSIDE_HOURS, 0};
	if (hours_hold(&hours, now, &change))
		return (struct judgement){POLICY_ALLOWED, change};
	if (grant->not_after && change >= grant->not_after)
		change = 0;
	return (struct judgement){POLICY_OUTSIDE_HOURS, change};
}

static struct judgement judge_time(const struct grant *grant, struct moment moment)
{
	struct judgement judgement;

	if (!grant->not_before && !grant->not_after && !grant->hours[0])
		return (struct judgement){POLICY_ALLOWED, 0};
	if (!moment.clock_set)
		return (struct judgement){POLICY_CLOCK_NOT_SET, 0};
	if (grant->not_after && moment.now >= grant->not_after)
		return (struct judgement){POLICY_EXPIRED, 0};
	if (moment.now < grant->not_before)
		return (struct judgement){POLICY_NOT_YET, grant->not_before};
	judgement = judge_hours(grant, moment.now);
	if (judgement.reason == POLICY_ALLOWED)
		judgement.change = earlier(judgement.change, grant->not_after);
	return judgement;
}

static bool is_full(const struct grant *grant, const struct policy_request *request)
{
	uint32_t n = 0;

	if (!grant->max_leases)
		return false;
	for (size_t i = 0; i < request->n_others; i++)
		n += request->others[i] == grant->id;
	return n >= grant->max_leases;
}

/* What time does not change: only what permits otherwise is asked for. */
static enum policy_reason judge_others(const struct grant *grant,
				       const struct policy_request *request)
{
	if (is_full(grant, request))
		return POLICY_LEASES_TAKEN;
	if (!grant->ask_first)
		return POLICY_ALLOWED;
	if (!request->agent)
		return POLICY_NO_AGENT;
	return request->approved == grant->id ? POLICY_ALLOWED : POLICY_ASK;
}

static struct judgement judge_grant(const struct grant *grant, const struct client *client,
				    const struct policy_request *request, struct moment moment)
{
	struct judgement judgement = {};
	enum policy_reason others;

	if (!grant_is_for(grant, client, request->camera))
		judgement.reason = POLICY_NO_GRANT;
	else if (!(grant->rights & request->right))
		judgement.reason = POLICY_NO_RIGHT;
	else if (grant->only_sub && request->stream != RING_STREAM_SUB)
		judgement.reason = POLICY_NO_STREAM;
	if (judgement.reason != POLICY_ALLOWED)
		return judgement;
	judgement = judge_time(grant, moment);
	if (judgement.reason != POLICY_ALLOWED)
		return judgement;
	others = judge_others(grant, request);
	return others == POLICY_ALLOWED ? judgement : (struct judgement){others, 0};
}

/* Of two ends, 0 being none. */
static bool ends_later(uint64_t a, uint64_t b)
{
	return b && (!a || a > b);
}

static void consider(struct policy_verdict *verdict, const struct grant *grant, uint64_t holds,
		     struct judgement judgement)
{
	if (judgement.reason == POLICY_ALLOWED) {
		if (verdict->allowed && grant->id != holds &&
		    (verdict->grant == holds || !ends_later(judgement.change, verdict->ask_again)))
			return;
		*verdict =
			(struct policy_verdict){true, POLICY_ALLOWED, judgement.change, grant->id};
		return;
	}
	if (verdict->allowed)
		return;
	verdict->ask_again = earlier(verdict->ask_again, judgement.change);
	if (judgement.reason <= verdict->reason)
		return;
	verdict->reason = judgement.reason;
	verdict->grant = judgement.reason == POLICY_ASK ? grant->id : 0;
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

/* Raw pictures do not leave the machine. */
static bool request_valid(const struct policy_request *request)
{
	uint32_t right = request->right;

	return (right == RIGHT_LIVE || right == RIGHT_STILL ||
		(right == RIGHT_RAW && request->local)) &&
	       request->stream < RING_N_STREAMS;
}

/* client and camera: NULL if there is none of this name. */
static struct policy_verdict decide_as(const struct policy *policy, struct client *client,
				       const struct camera_record *camera,
				       const struct policy_request *request, struct moment moment)
{
	static const struct client nobody;
	static const struct camera_record nothing;
	struct token *token =
		client && request->token ? client_find_credential(client, request->token) : NULL;
	struct policy_verdict verdict = denied(POLICY_NO_GRANT);
	/* All is looked up before anything is denied: the time it takes tells nothing. */
	bool is_suspended =
		any_suspended(policy, client ? client : &nobody, camera ? camera : &nothing);

	for (size_t i = 0; i < policy->n_grants; i++)
		consider(
			&verdict, policy->grants[i], request->holds,
			judge_grant(policy->grants[i], client ? client : &nobody, request, moment));
	if (!client || client->pending)
		return denied(POLICY_NO_CLIENT);
	if (request->until && (!moment.clock_set || moment.now >= request->until))
		return denied(POLICY_NO_TOKEN);
	if (request->token &&
	    (!token || token->pending || token_expired(token, moment.now, moment.clock_set)))
		return denied(POLICY_NO_TOKEN);
	if (request->local && !client_is_user(client, request->user))
		return denied(POLICY_NO_USER);
	if (!camera || camera->pending)
		return denied(POLICY_NO_CAMERA);
	if (is_suspended)
		return denied(POLICY_SUSPENDED);
	if (!request_valid(request))
		return denied(POLICY_NO_RIGHT);
	limit_to_token(&verdict, token ? token->expires : 0);
	limit_to_token(&verdict, request->until);
	return verdict;
}

/* One that moves from one integration into another may do what it may in both. */
static struct policy_verdict decide_moving(const struct policy *policy, const struct client *client,
					   const struct camera_record *camera,
					   const struct policy_request *request,
					   struct moment moment)
{
	struct client there = *client, here = *client;
	struct policy_verdict verdict, then;

	memcpy(there.integration, client->next, sizeof(there.integration));
	verdict = decide_as(policy, &here, camera, request, moment);
	then = decide_as(policy, &there, camera, request, moment);
	erase(&here, sizeof(here));
	erase(&there, sizeof(there));
	if (!verdict.allowed)
		return verdict;
	if (!then.allowed)
		return then;
	verdict.ask_again = earlier(verdict.ask_again, then.ask_again);
	return verdict;
}

struct policy_verdict policy_decide(const struct policy *policy,
				    const struct policy_request *request, uint64_t now,
				    bool clock_set)
{
	struct moment moment = {now, clock_set};
	struct client *client = policy_find_client(policy, request->client);
	struct camera_record *camera = policy_find_camera_uuid(policy, request->camera);

	if (client && client->moving)
		return decide_moving(policy, client, camera, request, moment);
	return decide_as(policy, client, camera, request, moment);
}

/* Whether a client is shown what this is about. */
static bool shown(struct policy_verdict verdict)
{
	return verdict.allowed || verdict.reason == POLICY_ASK;
}

uint32_t policy_rights(const struct policy *policy, const struct policy_request *request,
		       uint64_t now, bool clock_set)
{
	struct policy_request each = {
		.client = request->client, .token = request->token, .agent = request->agent};
	uint32_t rights = 0;

	memcpy(each.camera, request->camera, UUID_SIZE);
	for (each.right = 1; each.right & RIGHT_ALL; each.right <<= 1)
		for (each.stream = 0; each.stream < RING_N_STREAMS; each.stream++)
			if (shown(policy_decide(policy, &each, now, clock_set)))
				rights |= each.right;
	return rights;
}

uint32_t policy_streams(const struct policy *policy, const struct policy_request *request,
			uint64_t now, bool clock_set)
{
	struct policy_request each = {.client = request->client,
				      .token = request->token,
				      .right = RIGHT_LIVE,
				      .agent = request->agent};
	uint32_t streams = 0;

	memcpy(each.camera, request->camera, UUID_SIZE);
	for (each.stream = 0; each.stream < RING_N_STREAMS; each.stream++)
		if (shown(policy_decide(policy, &each, now, clock_set)))
			streams |= 1U << each.stream;
	return streams;
}

const char *policy_reason_text(enum policy_reason reason)
{
	static const char *const texts[] = {
		[POLICY_ALLOWED] = "allowed",
		[POLICY_NO_CLIENT] = "no such client",
		[POLICY_NO_TOKEN] = "token or certificate removed or expired",
		[POLICY_NO_USER] = "user is not the client",
		[POLICY_NO_CAMERA] = "no such camera",
		[POLICY_SUSPENDED] = "suspended",
		[POLICY_NO_GRANT] = "no grant",
		[POLICY_NO_RIGHT] = "right not granted",
		[POLICY_NO_STREAM] = "stream not granted",
		[POLICY_CLOCK_NOT_SET] = "clock not set",
		[POLICY_EXPIRED] = "grant expired",
		[POLICY_NOT_YET] = "grant not yet valid",
		[POLICY_OUTSIDE_HOURS] = "outside the grant's hours",
		[POLICY_LEASES_TAKEN] = "as many watch already as may",
		[POLICY_NO_AGENT] = "nobody can be asked",
		[POLICY_ASK] = "nobody said yes",
	};

	return (size_t)reason < ARRAY_SIZE(texts) ? texts[reason] : "unknown";
}
