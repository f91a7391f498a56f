// SPDX-License-Identifier: LGPL-2.1-or-later
/* As session-open.c for those who come over the bus: who is it, and may it? An unknown camera, one
 * that is not granted and one that is suspended are refused with the same answer after the same
 * work. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "broker/broker.h"
#include "broker/camera.h"
#include "broker/lease-count.h"
#include "broker/lease.h"
#include "broker/policy-authenticate.h"
#include "broker/subscription.h"
#include "broker/take-back.h"

static bool has_room(const struct broker *broker, uint32_t user)
{
	const struct lease *lease;
	unsigned all = 0, of_user = 0;

	list_for_each (lease, &broker->leases, list) {
		all += lease->subscription != NULL;
		of_user += lease->subscription && lease->subscription->user == user;
	}
	/* Who keeps the kernel busy gets nothing new meanwhile. */
	return all + take_back_running() < SUBSCRIPTIONS_MAX &&
	       of_user < SUBSCRIPTIONS_MAX_PER_USER;
}

static void report(struct broker *broker, const struct subscription_request *request,
		   const struct client *client, const struct camera *camera, const char *reason)
{
	struct ledger_event event = {.right = request->right, .stream = request->stream};
	char peer[SESSION_PEER_TEXT_SIZE];

	snprintf(event.client, sizeof(event.client), "%s", client->name);
	snprintf(event.camera, sizeof(event.camera), "%.*s", NAME_MAX_LENGTH, request->camera);
	if (camera)
		memcpy(event.camera_uuid, camera->uuid, UUID_SIZE);
	subscription_format_peer(request->user, event.peer, peer);
	snprintf(event.reason, sizeof(event.reason), "%s", reason);
	denial_report(broker, &event, peer);
}

static struct policy_verdict decide(struct broker *broker,
				    const struct subscription_request *request,
				    const struct client *client, const struct camera *camera)
{
	struct policy_request asked = {
		.client = client->name,
		.local = true,
		.user = request->user,
		.right = request->right,
		.stream = request->stream,
	};

	if (camera)
		memcpy(asked.camera, camera->uuid, UUID_SIZE);
	return redecide_opening(broker, &asked);
}

static struct subscription *subscription_new(const struct subscription_request *request)
{
	struct subscription *s = calloc(1, sizeof(*s));

	if (s)
		*s = (struct subscription){
			.user = request->user,
			.memory = -EBADF,
			.socket = -EBADF,
			.far = -EBADF,
			.done = request->done,
			.userdata = request->userdata,
		};
	return s;
}

static int open_lease(struct broker *broker, const struct subscription_request *request,
		      const struct client *client, struct camera *camera,
		      const struct policy_verdict *verdict)
{
	struct lease_request asked = {
		.subscription = subscription_new(request),
		.camera = camera,
		.client = client->name,
		.grant = verdict->grant,
		.ask = verdict->reason == POLICY_ASK,
		.right = request->right,
		.stream = request->stream,
	};
	int r = asked.subscription ? lease_open(broker, &asked) : -ENOMEM;

	if (r < 0)
		subscription_free(asked.subscription);
	return r;
}

static const char *failure_text(int error, const struct policy_verdict *verdict)
{
	if (!verdict->allowed)
		return policy_reason_text(verdict->reason);
	return error == -ENODEV ? "camera is absent" : "out of resources";
}

int subscription_open(struct broker *broker, const struct subscription_request *request)
{
	struct camera *camera = camera_find(broker, request->camera);
	const struct client *client;
	struct policy_verdict verdict;
	int r = policy_identify(broker->policy, request->user, request->client, &client);

	if (r < 0)
		return r == -ENOTUNIQ ? SUBSCRIPTION_AMBIGUOUS : SUBSCRIPTION_NOBODY;
	if (broker->stopping)
		return SUBSCRIPTION_UNAVAILABLE;
	verdict = decide(broker, request, client, camera);
	if (!verdict.allowed && verdict.reason != POLICY_ASK) {
		report(broker, request, client, camera, policy_reason_text(verdict.reason));
		return SUBSCRIPTION_NOT_FOUND;
	}
	if (!has_room(broker, request->user))
		return verdict.allowed ? SUBSCRIPTION_LIMIT : SUBSCRIPTION_NOT_FOUND;
	r = open_lease(broker, request, client, camera, &verdict);
	if (r >= 0)
		return 0;
	report(broker, request, client, camera, failure_text(r, &verdict));
	return verdict.allowed ? SUBSCRIPTION_UNAVAILABLE : SUBSCRIPTION_NOT_FOUND;
}
