// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/take-back.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/memfd.h"

struct work {
	int fd;
	sem_t done;
	atomic_int holders; /* the thread, and who waits */
};

/* Threads that are at work. */
static atomic_int running;

static void drop(struct work *work)
{
	if (atomic_fetch_sub(&work->holders, 1) > 1)
		return;
	sem_destroy(&work->done);
	free(work);
}

static void *run(void *userdata)
{
	struct work *work = userdata;

	(void)memfd_take_back(work->fd);
	close_fd(work->fd);
	atomic_fetch_sub(&running, 1);
	sem_post(&work->done);
	drop(work);
	return NULL;
}

/* What is left of the patience of TAKE_BACK_PERIOD. us, CLOCK_MONOTONIC; the caller's thread. */
static struct {
	uint64_t since, left;
} patience;

static void wait_until(struct work *work, uint64_t until)
{
	struct timespec at = {.tv_sec = (time_t)(until / USEC_PER_SEC),
			      .tv_nsec = (long)(until % USEC_PER_SEC * 1000)};

	while (sem_clockwait(&work->done, CLOCK_MONOTONIC, &at) < 0 && errno == EINTR)
		;
}

static void wait(struct work *work)
{
	uint64_t begin = clock_monotonic(), took;

	if (!patience.since || begin - patience.since >= TAKE_BACK_PERIOD) {
		patience.since = begin;
		patience.left = TAKE_BACK_PATIENCE;
	}
	wait_until(work, begin + patience.left);
	took = clock_monotonic() - begin;
	patience.left -= took < patience.left ? took : patience.left;
}

/* -errno: there is no thread. */
static int begin(struct work *work)
{
	pthread_t thread;
	pthread_attr_t attributes;
	int r = pthread_attr_init(&attributes);

	if (r)
		return -r;
	r = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	if (!r)
		r = pthread_create(&thread, &attributes, run, work);
	pthread_attr_destroy(&attributes);
	return -r;
}

unsigned take_back_running(void)
{
	return (unsigned)atomic_load(&running);
}

void take_back(int fd)
{
	struct work *work = calloc(1, sizeof(*work));
	bool busy;

	(void)memfd_freeze(fd);
	if (!work || sem_init(&work->done, 0, 0) < 0) {
		free(work);
		(void)memfd_take_back(fd);
		return;
	}
	work->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	atomic_store(&work->holders, 2);
	busy = atomic_fetch_add(&running, 1) > 0;
	if (work->fd < 0 || begin(work) < 0) {
		atomic_fetch_sub(&running, 1);
		close_fd(work->fd);
		atomic_store(&work->holders, 1);
		(void)memfd_take_back(fd);
	} else if (!busy) {
		wait(work);
	}
	drop(work);
}
