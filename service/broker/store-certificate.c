// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "broker/state-dir.h"
#include "broker/store-queue.h"
#include "broker/tls-identity.h"

static int run(struct store_writer *writer, const struct store_job *job)
{
	const char *pem = job->owned;

	return state_dir_write(writer->dir, TLS_IDENTITY_SERVER_FILE, pem, strlen(pem));
}

int store_write_certificate(struct store *store, const char *pem, store_done done, void *userdata)
{
	struct store_job *job = store_job_new(run, done, userdata);

	if (!job)
		return -ENOMEM;
	job->owned = strdup(pem);
	if (!job->owned) {
		store_job_free(job);
		return -ENOMEM;
	}
	return store_queue(store, job, STORE_QUEUE_MAX);
}
