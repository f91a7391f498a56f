// SPDX-License-Identifier: LGPL-2.1-or-later
/* Clients' certificates. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "broker/broker.h"
#include "broker/control-job.h"
#include "broker/pin.h"
#include "broker/tls-issue.h"

static struct client *find_client(const struct broker *broker, const char *name)
{
	struct client *client = policy_find_client(broker->policy, name);

	return client && !client->pending ? client : NULL;
}

/* Its client may have gone meanwhile, and the key been pinned for another. */
static int finish_pin(struct control_job *job, int error)
{
	struct policy *policy = job->broker->policy;
	struct token *pin;
	bool there = policy_find_pin(policy, job->spki, &pin) && pin->id == job->id;

	if (error < 0) {
		if (there)
			policy_remove_pin(policy, job->spki);
		return error == -EEXIST   ? CONTROL_ALREADY_PINNED
		       : error == -ENOENT ? CONTROL_NO_SUCH_CLIENT
					  : error;
	}
	if (!there || policy_commit_pin(policy, job->spki) < 0)
		return CONTROL_NO_SUCH_CLIENT;
	observe(job->broker, client_changed, job->name);
	return 0;
}

static int add(struct broker *broker, const char *client, struct token *pin, control_done done,
	       void *userdata)
{
	_cleanup_free_ struct control_job *job = control_job_new(broker, done, userdata);
	int r;

	if (!job)
		return -ENOMEM;
	r = policy_add_pin(broker->policy, client, pin);
	if (r < 0)
		return r == -EEXIST ? CONTROL_ALREADY_PINNED : control_error_of(r);
	job->finish = finish_pin;
	job->id = pin->id;
	memcpy(job->spki, pin->hash, sizeof(job->spki));
	snprintf(job->name, sizeof(job->name), "%s", client);
	r = store_add_pin(broker->store, client, pin, control_job_finish, job);
	if (r < 0) {
		policy_remove_pin(broker->policy, pin->hash);
		return r;
	}
	steal_pointer(&job);
	return 0;
}

static int check(const struct broker *broker, const char *client, uint64_t expires)
{
	if (!find_client(broker, client))
		return CONTROL_NO_SUCH_CLIENT;
	if (declared_is_client(broker, client))
		return CONTROL_IS_DECLARED;
	return expires > INT64_MAX || (expires && expires <= clock_realtime())
		       ? CONTROL_INVALID_LIMITS
		       : 0;
}

int control_pin(struct broker *broker, const char *client, const char *fingerprint,
		uint64_t expires, control_done done, void *userdata)
{
	struct token pin = {.created = clock_realtime(), .expires = expires, .pending = true};
	int r = check(broker, client, expires);

	if (!r && pin_parse(fingerprint, pin.hash) < 0)
		r = CONTROL_INVALID_PIN;
	return r ? r : add(broker, client, &pin, done, userdata);
}

int control_issue(struct broker *broker, const char *client, const uint8_t *request, size_t size,
		  uint64_t expires, struct tls_issued *ret, control_done done, void *userdata)
{
	struct token pin = {
		.created = clock_realtime(),
		.expires = expires,
		.pending = true,
		.issued_here = true,
	};
	int r = check(broker, client, expires);

	if (r)
		return r;
	r = tls_issue(broker->identity, request, size, client, pin.created, expires, ret);
	if (r < 0)
		return r == -EINVAL ? CONTROL_INVALID_REQUEST : r;
	memcpy(pin.hash, ret->spki, sizeof(pin.hash));
	return add(broker, client, &pin, done, userdata);
}

static int finish_unpin(struct control_job *job, int error)
{
	return error == -ENOENT ? CONTROL_NO_SUCH_PIN : error;
}

int control_unpin(struct broker *broker, const char *client, const char *fingerprint,
		  struct control_result *ret, control_done done, void *userdata)
{
	_cleanup_free_ struct control_job *job = NULL;
	uint8_t spki[TOKEN_HASH_SIZE];
	const struct client *holder;
	struct token *pin;

	if (!find_client(broker, client))
		return CONTROL_NO_SUCH_CLIENT;
	if (declared_is_client(broker, client))
		return CONTROL_IS_DECLARED;
	if (pin_parse(fingerprint, spki) < 0)
		return CONTROL_NO_SUCH_PIN;
	holder = policy_find_pin(broker->policy, spki, &pin);
	if (holder && (pin->pending || strcmp(holder->name, client) != 0))
		return CONTROL_NO_SUCH_PIN;
	job = control_job_new(broker, done, userdata);
	if (!job)
		return -ENOMEM;
	job->finish = finish_unpin;
	if (holder) {
		policy_remove_pin(broker->policy, spki);
		ret->leases_ended = redecide_all(broker);
		observe(broker, client_changed, client);
	}
	return control_job_deny(&job,
				store_remove_pin(broker->store, spki, control_job_finish, job));
}
