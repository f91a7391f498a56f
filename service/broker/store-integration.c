// SPDX-License-Identifier: LGPL-2.1-or-later
/* The jobs that keep integrations, and the names of those and of clients. */
#include "broker/store-queue.h"

static int none_is_missing(int changed)
{
	return changed < 0 ? changed : changed == 0 ? -ENOENT : 0;
}

/* Runs all of them with job->names. */
static int run_all(sqlite3 *db, const struct store_job *job, const char *const *statements)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && statements[i]; i++)
		r = db_run(db, statements[i], "tt", job->names.to, job->names.from);
	return r < 0 ? r : 0;
}

static struct store_job *new_job(int (*run)(struct store_writer *, const struct store_job *),
				 const char *from, const char *to, store_done done, void *userdata)
{
	struct store_job *job = store_job_new(run, done, userdata);

	if (job) {
		strcpy(job->names.from, from);
		strcpy(job->names.to, to);
	}
	return job;
}

static int add_integration(struct store_writer *writer, const struct store_job *job)
{
	const struct integration *integration = &job->integration;
	int r = db_run(writer->db, "INSERT INTO integrations VALUES (?, ?)", "ti",
		       integration->name, integration->created);

	return r < 0 ? r : 0;
}

int store_add_integration(struct store *store, const struct integration *integration,
			  store_done done, void *userdata)
{
	struct store_job *job = store_job_new(add_integration, done, userdata);

	if (job)
		job->integration = *integration;
	return store_queue(store, job, STORE_QUEUE_MAX);
}

static int remove_integration(struct store_writer *writer, const struct store_job *job)
{
	return none_is_missing(db_run(writer->db, "DELETE FROM integrations WHERE name = ?", "t",
				      job->names.from));
}

int store_remove_integration(struct store *store, const char *name, store_done done, void *userdata)
{
	if (!name_valid(name))
		return -EINVAL;
	return store_queue(store, new_job(remove_integration, name, "", done, userdata),
			   STORE_QUEUE_MAX);
}

/* Rows that others refer to are not renamed but made anew, so that nothing refers to what is not
 * there at any time. */
static int rename_integration(struct store_writer *writer, const struct store_job *job)
{
	static const char *const statements[] = {
		"UPDATE clients SET integration = ? WHERE integration = ?",
		"UPDATE grants SET integration = ? WHERE integration = ?",
		"UPDATE OR REPLACE suspensions SET name = ? WHERE kind = 4 AND name = ?",
		"DELETE FROM integrations WHERE name <> ? AND name = ?",
		NULL,
	};
	int r = none_is_missing(db_run(writer->db,
				       "INSERT INTO integrations SELECT ?, created FROM "
				       "integrations WHERE name = ?",
				       "tt", job->names.to, job->names.from));

	return r < 0 ? r : run_all(writer->db, job, statements);
}

int store_rename_integration(struct store *store, const char *from, const char *to, store_done done,
			     void *userdata)
{
	if (!name_valid(from) || !name_valid(to))
		return -EINVAL;
	return store_queue(store, new_job(rename_integration, from, to, done, userdata),
			   STORE_QUEUE_MAX);
}

static int rename_client(struct store_writer *writer, const struct store_job *job)
{
	static const char *const statements[] = {
		"UPDATE tokens SET client = ? WHERE client = ?",
		"UPDATE pins SET client = ? WHERE client = ?",
		"UPDATE client_users SET client = ? WHERE client = ?",
		"UPDATE grants SET client = ? WHERE client = ?",
		"UPDATE OR REPLACE suspensions SET name = ? WHERE kind = 3 AND name = ?",
		"DELETE FROM clients WHERE name <> ? AND name = ?",
		NULL,
	};
	int r = none_is_missing(db_run(writer->db,
				       "INSERT INTO clients SELECT ?, integration, created FROM "
				       "clients WHERE name = ?",
				       "tt", job->names.to, job->names.from));

	return r < 0 ? r : run_all(writer->db, job, statements);
}

int store_rename_client(struct store *store, const char *from, const char *to, store_done done,
			void *userdata)
{
	if (!name_valid(from) || !name_valid(to))
		return -EINVAL;
	return store_queue(store, new_job(rename_client, from, to, done, userdata),
			   STORE_QUEUE_MAX);
}

static int move_client(struct store_writer *writer, const struct store_job *job)
{
	return none_is_missing(db_run(writer->db,
				      "UPDATE clients SET integration = ? WHERE name = ?", "nt",
				      job->names.to, job->names.from));
}

int store_move_client(struct store *store, const char *name, const char *integration,
		      store_done done, void *userdata)
{
	if (!name_valid(name) || (integration[0] && !name_valid(integration)))
		return -EINVAL;
	return store_queue(store, new_job(move_client, name, integration, done, userdata),
			   STORE_QUEUE_MAX);
}
