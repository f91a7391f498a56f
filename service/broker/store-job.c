// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/store-job.h"

void store_jobs_push(struct store_jobs *jobs, struct store_job *job)
{
	job->next = NULL;
	if (jobs->last)
		jobs->last->next = job;
	else
		jobs->first = job;
	jobs->last = job;
	jobs->n++;
}

struct store_job *store_jobs_pop(struct store_jobs *jobs)
{
	struct store_job *job = jobs->first;

	if (!job)
		return NULL;
	jobs->first = job->next;
	if (!jobs->first)
		jobs->last = NULL;
	jobs->n--;
	return job;
}

void store_jobs_move(struct store_jobs *to, struct store_jobs *from)
{
	if (!from->first)
		return;
	if (to->last)
		to->last->next = from->first;
	else
		to->first = from->first;
	to->last = from->last;
	to->n += from->n;
	*from = (struct store_jobs){0};
}

struct store_job *store_job_new(int (*run)(struct store_writer *, const struct store_job *),
				store_done done, void *userdata)
{
	struct store_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->run = run;
	job->done = done;
	job->userdata = userdata;
	return job;
}

struct store_job *store_job_new_copy(int (*run)(struct store_writer *, const struct store_job *),
				     const void *bytes, size_t size, store_done done,
				     void *userdata)
{
	struct store_job *job = store_job_new(run, done, userdata);

	if (!job)
		return NULL;
	job->owned = malloc(size);
	if (!job->owned) {
		free(job);
		return NULL;
	}
	memcpy(job->owned, bytes, size);
	return job;
}

void store_job_free(struct store_job *job)
{
	free(job->owned);
	erase(job, sizeof(*job));
	free(job);
}

/* Whether the transaction still runs: on some errors (a full disk, memory) SQLite itself has
 * rolled all of it back. */
static bool in_transaction(sqlite3 *db)
{
	return !sqlite3_get_autocommit(db);
}

/* What run wrote stays only if it succeeds. */
static int run_in_savepoint(struct store_writer *writer, struct store_job *job)
{
	int r = db_exec(writer->db, "SAVEPOINT job");

	if (r < 0)
		return r;
	job->error = job->run(writer, job);
	if (!in_transaction(writer->db))
		return job->error < 0 ? job->error : -EIO;
	r = job->error < 0 ? db_exec(writer->db, "ROLLBACK TO job") : 0;
	return r < 0 ? r : db_exec(writer->db, "RELEASE job");
}

/* Denials that cannot be written must not keep anything else from it. */
static int write_denials(struct store_writer *writer, uint64_t now, bool *ret_written)
{
	int r = db_exec(writer->db, "SAVEPOINT denials");

	if (r < 0)
		return r;
	r = ledger_denials_write(&writer->denials, writer->db, writer->run, now);
	if (!in_transaction(writer->db))
		return r < 0 ? r : -EIO;
	*ret_written = r == 0;
	r = r < 0 ? db_exec(writer->db, "ROLLBACK TO denials") : 0;
	return r < 0 ? r : db_exec(writer->db, "RELEASE denials");
}

static int run_all(struct store_jobs *jobs, struct store_writer *writer, uint64_t now,
		   bool *ret_denials_written)
{
	int r = db_exec(writer->db, "BEGIN IMMEDIATE");

	for (struct store_job *job = jobs->first; r == 0 && job; job = job->next)
		r = run_in_savepoint(writer, job);
	if (r == 0)
		r = write_denials(writer, now, ret_denials_written);
	if (r == 0)
		r = db_exec(writer->db, "COMMIT");
	if (r < 0 && in_transaction(writer->db))
		db_exec(writer->db, "ROLLBACK");
	return r;
}

void store_jobs_run(struct store_jobs *jobs, struct store_writer *writer, uint64_t now)
{
	bool denials_written = false;
	int r = run_all(jobs, writer, now, &denials_written);

	if (r == 0 && denials_written)
		ledger_denials_written(&writer->denials, now);
	else
		ledger_denials_postpone(&writer->denials, now);
	for (struct store_job *job = jobs->first; r < 0 && job; job = job->next)
		job->error = r;
}
