// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The store's thread. Shared under the lock: what is queued, what is done, whether to stop. All
 * else belongs to one side: the writer to the thread, leases to the main loop's.
 */
#include "broker/store.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/file.h>

#include "base/clock.h"
#include "broker/ledger-append.h"
#include "broker/pending.h"
#include "broker/state-dir.h"
#include "broker/store-load.h"
#include "broker/store-queue.h"
#include "broker/store-schema.h"

/* Ids of leases are reserved on disk by the block, so that taking one waits for nothing. */
#define LEASE_BLOCK 1024

struct store {
	struct store_writer writer;
	int dir; /* locked: one broker a directory */
	int event;
	uint64_t next_lease, end_of_leases;
	bool extending;

	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct store_jobs queued, done;
	bool stopping;
};

/* Waits for jobs, for denials that are due, or for the end. False: it has come. */
static bool wait_for_work(struct store *store, uint64_t due)
{
	struct timespec until = {(time_t)(due / USEC_PER_SEC),
				 (long)(due % USEC_PER_SEC * NSEC_PER_USEC)};

	while (!store->queued.first && !store->stopping) {
		if (due == UINT64_MAX)
			pthread_cond_wait(&store->wake, &store->lock);
		else if (pthread_cond_timedwait(&store->wake, &store->lock, &until) == ETIMEDOUT)
			return true;
	}
	return store->queued.first || !store->stopping;
}

static void hand_over(struct store *store, struct store_jobs *jobs)
{
	uint64_t one = 1;

	if (!jobs->first)
		return;
	pthread_mutex_lock(&store->lock);
	store_jobs_move(&store->done, jobs);
	pthread_mutex_unlock(&store->lock);
	if (write(store->event, &one, sizeof(one)) < 0) /* full: it is readable already */
		return;
}

static void *work(void *userdata)
{
	struct store *store = userdata;
	struct store_jobs jobs = {0};
	bool more;

	do {
		uint64_t due = ledger_denials_due(&store->writer.denials);

		pthread_mutex_lock(&store->lock);
		more = wait_for_work(store, due);
		store_jobs_move(&jobs, &store->queued);
		pthread_mutex_unlock(&store->lock);
		/* At the end, the denials still counted are written however young. */
		store_jobs_run(&jobs, &store->writer, more ? clock_monotonic() : UINT64_MAX);
		hand_over(store, &jobs);
	} while (more);
	return NULL;
}

int store_queue(struct store *store, struct store_job *job, size_t max)
{
	int r = 0;

	if (!job)
		return -ENOMEM;
	pthread_mutex_lock(&store->lock);
	if (store->stopping)
		r = -ESHUTDOWN;
	else if (store->queued.n >= max)
		r = -ENOBUFS;
	else
		store_jobs_push(&store->queued, job);
	pthread_cond_signal(&store->wake);
	pthread_mutex_unlock(&store->lock);
	if (r < 0)
		store_job_free(job);
	return r;
}

/* Raises the run's number and reserves the first leases. */
static int begin_run(struct store *store)
{
	sqlite3 *db = store->writer.db;
	int r = db_get(db, &store->writer.run,
		       "UPDATE settings SET value = value + 1 WHERE name = 'run' RETURNING value",
		       "");

	if (r == 0)
		r = db_get(db, &store->next_lease,
			   "SELECT value FROM settings WHERE name = 'next-lease'", "");
	if (r < 0)
		return r == -ENOENT ? -EUCLEAN : r;
	store->end_of_leases = store->next_lease + LEASE_BLOCK;
	r = db_run(db, "UPDATE settings SET value = ? WHERE name = 'next-lease'", "i",
		   store->end_of_leases);
	return r < 0 ? r : ledger_recover(db, store->writer.run, LEDGER_REASON_CRASH);
}

static int prepare(struct store *store, struct policy *policy)
{
	sqlite3 *db = store->writer.db;
	int r = store_schema_prepare(db);

	if (r == 0)
		r = db_exec(db, "BEGIN IMMEDIATE");
	if (r == 0)
		r = begin_run(store);
	if (r == 0)
		r = store_load(db, policy);
	return r < 0 ? r : db_exec(db, "COMMIT");
}

static int open_database(struct store *store, const char *dir)
{
	char path[PATH_MAX];
	int r;

	store->dir = state_dir_open(dir);
	if (store->dir < 0)
		return store->dir;
	if (flock(store->dir, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	if ((size_t)snprintf(path, sizeof(path), "%s/" STORE_FILE, dir) >= sizeof(path))
		return -ENAMETOOLONG;
	store->writer.dir = store->dir;
	r = pending_finish(store->dir);
	if (r < 0)
		return r == -EUCLEAN ? -EBADMSG : r;
	return db_open(path, &store->writer.db);
}

/* Signals are the main loop's. */
static int start_thread(struct store *store)
{
	sigset_t all, before;
	int r;

	store->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (store->event < 0)
		return -errno;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&store->thread, NULL, work, store);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -r;
}

static void init_lock(struct store *store)
{
	pthread_condattr_t attributes;

	pthread_mutex_init(&store->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&store->wake, &attributes);
	pthread_condattr_destroy(&attributes);
}

static void release(struct store *store)
{
	sqlite3_close(store->writer.db);
	close_fd(store->event);
	close_fd(store->dir);
	pthread_cond_destroy(&store->wake);
	pthread_mutex_destroy(&store->lock);
	erase(store, sizeof(*store));
	free(store);
}

int store_open(const char *dir, struct policy *policy, struct store **ret)
{
	struct store *store = calloc(1, sizeof(*store));
	int r;

	if (!store)
		return -ENOMEM;
	store->dir = store->event = -EBADF;
	init_lock(store);
	r = open_database(store, dir);
	if (r == 0)
		r = prepare(store, policy);
	if (r == 0)
		r = start_thread(store);
	if (r < 0) {
		release(store);
		return r;
	}
	*ret = store;
	return 0;
}

const char *store_open_error_text(int error)
{
	switch (error) {
	case -EPERM:
		return "the state directory must belong to the service and be writable to nobody "
		       "else";
	case -EBUSY:
		return "another broker uses this state directory; stop it first";
	case -ENOTSUP:
		return "the database was written by a newer version; install that version, or move "
		       "the database away to start without clients and grants";
	case -EBADMSG:
		return "'" PENDING_FILE "', which says what was to be done with all that is here, "
		       "is damaged; erase the directory's files, or restore a copy of them";
	case -EUCLEAN:
		return "the database is damaged or not this service's; restore a copy, or move it "
		       "away to start without clients and grants";
	case -ENOSPC:
		return "the disk is full; make room and start again";
	case -EROFS:
		return "the state directory cannot be written to; check its mount and its owner";
	default:
		return strerror(-error);
	}
}

static int save_next_lease(struct store_writer *writer, const struct store_job *job)
{
	int r = db_run(writer->db, "UPDATE settings SET value = ? WHERE name = 'next-lease'", "i",
		       job->id);

	return r < 0 ? r : 0;
}

static int queue_next_lease(struct store *store, uint64_t next, store_done done)
{
	struct store_job *job = store_job_new(save_next_lease, done, store);

	if (job)
		job->id = next;
	return store_queue(store, job, STORE_QUEUE_MAX);
}

static void extended(void *userdata, int error)
{
	struct store *store = userdata;

	store->extending = false;
	if (error == 0)
		store->end_of_leases += LEASE_BLOCK;
}

uint64_t store_next_lease_id(struct store *store)
{
	if (store->end_of_leases - store->next_lease < LEASE_BLOCK / 2 && !store->extending)
		store->extending =
			queue_next_lease(store, store->end_of_leases + LEASE_BLOCK, extended) == 0;
	return store->next_lease < store->end_of_leases ? store->next_lease++ : 0;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	/* The ids that were not needed; it matters little if this fails. */
	queue_next_lease(store, store->next_lease, NULL);
	pthread_mutex_lock(&store->lock);
	store->stopping = true;
	pthread_cond_signal(&store->wake);
	pthread_mutex_unlock(&store->lock);
	pthread_join(store->thread, NULL);
	store_dispatch(store);
	release(store);
}

int store_fd(const struct store *store)
{
	return store->event;
}

void store_dispatch(struct store *store)
{
	struct store_jobs jobs = {0};
	struct store_job *job;
	uint64_t count;

	if (read(store->event, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return;
	pthread_mutex_lock(&store->lock);
	store_jobs_move(&jobs, &store->done);
	pthread_mutex_unlock(&store->lock);
	while ((job = store_jobs_pop(&jobs))) {
		if (job->done)
			job->done(job->userdata, job->error);
		store_job_free(job);
	}
}

uint64_t store_run(const struct store *store)
{
	return store->writer.run;
}

size_t store_queue_length(struct store *store)
{
	size_t n;

	pthread_mutex_lock(&store->lock);
	n = store->queued.n;
	pthread_mutex_unlock(&store->lock);
	return n;
}
