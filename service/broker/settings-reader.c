// SPDX-License-Identifier: LGPL-2.1-or-later
/* Everything but the directory's name and the eventfd is shared under the lock. */
#include "broker/settings-reader.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "broker/settings-record.h"

struct settings_reader {
	char *directory;
	int event;

	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	uint64_t asked, begun, done; /* the last one of each */
	struct settings_record *record;
	bool reading, closed;
	bool left; /* nobody waits for the thread's end */
};

static void release(struct settings_reader *reader)
{
	settings_record_free(reader->record);
	close_fd(reader->event);
	pthread_cond_destroy(&reader->wake);
	pthread_mutex_destroy(&reader->lock);
	free(reader->directory);
	free(reader);
}

/* With the lock, which is not held while it reads. */
static void read_once(struct settings_reader *reader)
{
	struct settings_record *record;
	uint64_t one = 1;

	reader->begun = reader->asked;
	reader->reading = true;
	pthread_mutex_unlock(&reader->lock);
	record = settings_record_read(reader->directory);
	pthread_mutex_lock(&reader->lock);
	reader->reading = false;
	settings_record_free(reader->record);
	reader->record = record;
	reader->done = reader->begun;
	if (write(reader->event, &one, sizeof(one)) < 0) /* full: it is readable already */
		return;
}

static void *work(void *userdata)
{
	struct settings_reader *reader = userdata;
	bool left;

	pthread_mutex_lock(&reader->lock);
	while (!reader->closed)
		if (reader->asked > reader->begun)
			read_once(reader);
		else
			pthread_cond_wait(&reader->wake, &reader->lock);
	left = reader->left;
	pthread_mutex_unlock(&reader->lock);
	if (left)
		release(reader);
	return NULL;
}

/* Signals are the main loop's. */
static int start_thread(struct settings_reader *reader)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&reader->thread, NULL, work, reader);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!r)
		(void)pthread_setname_np(reader->thread, SETTINGS_READER_THREAD);
	return -r;
}

int settings_reader_open(const char *directory, struct settings_reader **ret)
{
	struct settings_reader *reader = calloc(1, sizeof(*reader));
	int r;

	if (!reader)
		return -ENOMEM;
	pthread_mutex_init(&reader->lock, NULL);
	pthread_cond_init(&reader->wake, NULL);
	reader->directory = strdup(directory);
	reader->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = reader->event < 0 ? -errno : reader->directory ? 0 : -ENOMEM;
	if (r == 0)
		r = start_thread(reader);
	if (r < 0) {
		release(reader);
		return r;
	}
	*ret = reader;
	return 0;
}

void settings_reader_close(struct settings_reader *reader)
{
	pthread_t thread = reader->thread;
	bool left;

	pthread_mutex_lock(&reader->lock);
	reader->closed = true;
	left = reader->left = reader->reading;
	pthread_cond_signal(&reader->wake);
	pthread_mutex_unlock(&reader->lock);
	if (left) {
		pthread_detach(thread);
		return;
	}
	pthread_join(thread, NULL);
	release(reader);
}

uint64_t settings_reader_ask(struct settings_reader *reader)
{
	uint64_t number;

	pthread_mutex_lock(&reader->lock);
	if (reader->asked == reader->begun)
		reader->asked++;
	number = reader->asked;
	pthread_cond_signal(&reader->wake);
	pthread_mutex_unlock(&reader->lock);
	return number;
}

int settings_reader_fd(const struct settings_reader *reader)
{
	return reader->event;
}

uint64_t settings_reader_take(struct settings_reader *reader, struct settings_record **ret)
{
	uint64_t number, count;

	pthread_mutex_lock(&reader->lock);
	if (read(reader->event, &count, sizeof(count)) < 0) /* taken already */
		count = 0;
	number = count ? reader->done : 0;
	*ret = count ? reader->record : NULL;
	if (count)
		reader->record = NULL;
	pthread_mutex_unlock(&reader->lock);
	return number;
}
