// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/control.h"

#include <errno.h>

#include "broker/broker.h"
#include "broker/control-job.h"
#include "broker/lease.h"

struct control_job *control_job_new(struct broker *broker, control_done done, void *userdata)
{
	struct control_job *job = calloc(1, sizeof(*job));

	if (job)
		*job = (struct control_job){.broker = broker, .done = done, .userdata = userdata};
	return job;
}

void control_job_finish(void *userdata, int error)
{
	struct control_job *job = userdata;

	if (job->denial && error < 0 && error != -ENOENT)
		catch_up_ask(job->broker, error);
	if (job->finish)
		error = job->finish(job, error);
	job->done(job->userdata, error);
	free(job);
}

int control_job_deny(struct control_job **job, int queued)
{
	if (queued < 0) {
		catch_up_ask((*job)->broker, queued);
		return queued;
	}
	(*job)->denial = true;
	steal_pointer(job);
	return 0;
}

int control_error_of(int error)
{
	switch (error) {
	case -EEXIST:
		return CONTROL_ALREADY_EXISTS;
	case -ENOBUFS:
		return CONTROL_LIMIT_REACHED;
	default:
		return error;
	}
}

bool control_reason_valid(const char *reason)
{
	size_t n = strnlen(reason, CONTROL_REASON_SIZE);

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)reason[i], next = (unsigned char)reason[i + 1];

		/* C0, DEL, and C1 (U+0080 to U+009F). */
		if (c < ' ' || c == 0x7f || (c == 0xc2 && next < 0xa0))
			return false;
	}
	return n < CONTROL_REASON_SIZE;
}

int control_end_lease(struct broker *broker, uint64_t id, const char *reason)
{
	struct lease *lease = lease_find(broker, id);

	if (!lease)
		return CONTROL_NO_SUCH_LEASE;
	if (!control_reason_valid(reason))
		return CONTROL_INVALID_REASON;
	lease_end(lease, reason[0] ? reason : "ended by an administrator");
	return 0;
}
