// SPDX-License-Identifier: LGPL-2.1-or-later
/* The jobs that keep the clients' certificates. */
#include "broker/store-queue.h"

static int add_pin(struct store_writer *writer, const struct store_job *job)
{
	const struct token *pin = &job->token.token;
	int r = db_run(writer->db, "INSERT INTO pins VALUES (?, ?, ?, ?, ?)", "btiii", pin->hash,
		       sizeof(pin->hash), job->token.client, (uint64_t)pin->issued_here,
		       pin->created, pin->expires);

	return r < 0 ? r : 0;
}

int store_add_pin(struct store *store, const char *client, const struct token *pin, store_done done,
		  void *userdata)
{
	struct store_job *job;

	if (!name_valid(client))
		return -EINVAL;
	job = store_job_new(add_pin, done, userdata);
	if (job) {
		strcpy(job->token.client, client);
		job->token.token = *pin;
	}
	return store_queue(store, job, STORE_QUEUE_MAX);
}

static int remove_pin(struct store_writer *writer, const struct store_job *job)
{
	int r = db_run(writer->db, "DELETE FROM pins WHERE spki = ?", "b", job->token.token.hash,
		       sizeof(job->token.token.hash));

	return r < 0 ? r : r == 0 ? -ENOENT : 0;
}

int store_remove_pin(struct store *store, const uint8_t spki[TOKEN_HASH_SIZE], store_done done,
		     void *userdata)
{
	struct store_job *job = store_job_new(remove_pin, done, userdata);

	if (job)
		memcpy(job->token.token.hash, spki, TOKEN_HASH_SIZE);
	return store_queue(store, job, STORE_QUEUE_MAX);
}
