// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/ledger.h"

#include <stdlib.h>

#include "base/clock.h"
#include "broker/ledger-append.h"
#include "broker/ledger-reservation.h"
#include "broker/ledger-row.h"
#include "broker/store-queue.h"

static int append(struct store_writer *writer, const struct store_job *job)
{
	return ledger_append(writer->db, writer->run, job->ledger.kind, &job->ledger.event);
}

static int queue(struct store *store, enum ledger_kind kind, const struct ledger_event *event,
		 store_done done, void *userdata, size_t max)
{
	struct store_job *job = store_job_new(append, done, userdata);

	if (job) {
		job->ledger.kind = kind;
		job->ledger.event = *event;
		ledger_event_stamp(&job->ledger.event);
	}
	return store_queue(store, job, max);
}

int ledger_opened(struct store *store, const struct ledger_event *event, store_done done,
		  void *userdata)
{
	return queue(store, LEDGER_OPENED, event, done, userdata, STORE_QUEUE_MAX);
}

int ledger_closed(struct store *store, const struct ledger_event *event, store_done done,
		  void *userdata)
{
	return queue(store, LEDGER_CLOSED, event, done, userdata, STORE_QUEUE_MAX);
}

int ledger_tripwire(struct store *store, const struct ledger_event *event, store_done done,
		    void *userdata)
{
	return queue(store, LEDGER_TRIPWIRE, event, done, userdata, STORE_QUEUE_MAX);
}

int ledger_switched(struct store *store, const struct ledger_event *event, store_done done,
		    void *userdata)
{
	return queue(store, LEDGER_SWITCHED, event, done, userdata, STORE_QUEUE_MAX / 2);
}

bool ledger_reservation_valid(const struct ledger_reservation *r)
{
	const uint64_t values[] = {r->lease,        r->done,           r->frames_low,
				   r->frames_high,  r->first_sequence, r->last_sequence,
				   r->exposed_first};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (values[i] > INT64_MAX)
			return false;
	return true;
}

static int reserve(struct store_writer *writer, const struct store_job *job)
{
	const struct ledger_reservation *all = job->owned;

	for (size_t i = 0; i < job->n_reservations; i++) {
		int r = ledger_reservation_renew(writer->db, &all[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

int ledger_reserve(struct store *store, struct ledger_reservation *reservations, size_t n,
		   store_done done, void *userdata)
{
	struct store_job *job = store_job_new(reserve, done, userdata);

	if (!job) {
		free(reservations);
		return -ENOMEM;
	}
	job->owned = reservations;
	job->n_reservations = n;
	return store_queue(store, job, STORE_QUEUE_MAX);
}

static int count_denial(struct store_writer *writer, const struct store_job *job)
{
	ledger_denials_add(&writer->denials, &job->ledger.event, clock_monotonic());
	return 0;
}

/* Whether a row can be made of it: one that cannot must not come back again and again. */
static bool denial_valid(const struct ledger_event *event)
{
	struct ledger_context context = {.kind = LEDGER_DENIED, .seq = 1, .count = 1};
	struct ledger_row row;

	return name_valid(event->client) && !event->lease &&
	       ledger_row_make(&context, event, &row) == 0;
}

int ledger_denied(struct store *store, const struct ledger_event *event)
{
	struct store_job *job;

	if (!denial_valid(event))
		return -EINVAL;
	job = store_job_new(count_denial, NULL, NULL);
	if (job) {
		job->ledger.event = *event;
		ledger_event_stamp(&job->ledger.event);
	}
	return store_queue(store, job, STORE_QUEUE_MAX / 2);
}
