// SPDX-License-Identifier: LGPL-2.1-or-later
/* The jobs that keep the policy. */
#include "broker/store-queue.h"

static int none_is_missing(int changed)
{
	return changed < 0 ? changed : changed == 0 ? -ENOENT : 0;
}

static int no_rows_is_fine(int changed)
{
	return changed < 0 ? changed : 0;
}

static int insert_integration(sqlite3 *db, const char *name, uint64_t created)
{
	if (!name[0])
		return 0;
	return no_rows_is_fine(
		db_run(db, "INSERT INTO integrations VALUES (?, ?) ON CONFLICT DO NOTHING", "ti",
		       name, created));
}

static int insert_token(sqlite3 *db, const char *client, const struct token *token)
{
	return no_rows_is_fine(db_run(
		db, "INSERT INTO tokens(id, client, hash, created, expires) VALUES (?, ?, ?, ?, ?)",
		"itbii", token->id, client, token->hash, sizeof(token->hash), token->created,
		token->expires));
}

static int add_client(struct store_writer *writer, const struct store_job *job)
{
	const struct client *client = &job->client;
	int r = insert_integration(writer->db, client->integration, client->created);

	if (r == 0)
		r = no_rows_is_fine(db_run(writer->db, "INSERT INTO clients VALUES (?, ?, ?)",
					   "tni", client->name, client->integration,
					   client->created));
	for (size_t i = 0; r == 0 && i < client->n_tokens; i++)
		r = insert_token(writer->db, client->name, &client->tokens[i]);
	return r;
}

int store_add_client(struct store *store, const struct client *client, store_done done,
		     void *userdata)
{
	struct store_job *job = store_job_new(add_client, done, userdata);

	if (job)
		job->client = *client;
	return store_queue(store, job, STORE_QUEUE_MAX);
}

static int remove_client(struct store_writer *writer, const struct store_job *job)
{
	return none_is_missing(
		db_run(writer->db, "DELETE FROM clients WHERE name = ?", "t", job->client.name));
}

int store_remove_client(struct store *store, const char *name, store_done done, void *userdata)
{
	struct store_job *job;

	if (!name_valid(name))
		return -EINVAL;
	job = store_job_new(remove_client, done, userdata);
	if (job)
		strcpy(job->client.name, name);
	return store_queue(store, job, STORE_QUEUE_MAX);
}

static int add_token(struct store_writer *writer, const struct store_job *job)
{
	uint64_t end = job->token.others_end;
	int r = insert_token(writer->db, job->token.client, &job->token.token);

	if (r < 0 || !end)
		return r;
	return no_rows_is_fine(db_run(writer->db,
				      "UPDATE tokens SET expires = ? WHERE client = ? AND id <> ? "
				      "AND (expires = 0 OR expires > ?)",
				      "itii", end, job->token.client, job->token.token.id, end));
}

int store_add_token(struct store *store, const char *client, const struct token *token,
		    uint64_t others_end, store_done done, void *userdata)
{
	struct store_job *job;

	if (!name_valid(client))
		return -EINVAL;
	job = store_job_new(add_token, done, userdata);
	if (job) {
		strcpy(job->token.client, client);
		job->token.token = *token;
		job->token.others_end = others_end;
	}
	return store_queue(store, job, STORE_QUEUE_MAX);
}

static int remove_token(struct store_writer *writer, const struct store_job *job)
{
	return none_is_missing(db_run(writer->db, "DELETE FROM tokens WHERE id = ?", "i", job->id));
}

int store_remove_token(struct store *store, uint64_t id, store_done done, void *userdata)
{
	struct store_job *job = store_job_new(remove_token, done, userdata);

	if (job)
		job->id = id;
	return store_queue(store, job, STORE_QUEUE_MAX);
}

static int set_user(struct store_writer *writer, const struct store_job *job)
{
	return no_rows_is_fine(db_run(writer->db,
				      "INSERT OR REPLACE INTO client_users VALUES (?, ?)", "ti",
				      job->client.name, (uint64_t)job->client.user));
}

static int remove_user(struct store_writer *writer, const struct store_job *job)
{
	return none_is_missing(db_run(writer->db, "DELETE FROM client_users WHERE client = ?", "t",
				      job->client.name));
}

static int queue_user(struct store *store, const char *client, uint32_t user,
		      int (*run)(struct store_writer *, const struct store_job *), store_done done,
		      void *userdata)
{
	struct store_job *job;

	if (!name_valid(client))
		return -EINVAL;
	job = store_job_new(run, done, userdata);
	if (job) {
		strcpy(job->client.name, client);
		job->client.user = user;
	}
	return store_queue(store, job, STORE_QUEUE_MAX);
}

int store_set_user(struct store *store, const char *client, uint32_t user, store_done done,
		   void *userdata)
{
	return queue_user(store, client, user, set_user, done, userdata);
}

int store_remove_user(struct store *store, const char *client, store_done done, void *userdata)
{
	return queue_user(store, client, 0, remove_user, done, userdata);
}

static int add_camera(struct store_writer *writer, const struct store_job *job)
{
	const struct camera_record *camera = &job->camera;

	return no_rows_is_fine(db_run(writer->db, "INSERT INTO cameras VALUES (?, ?, ?, ?)", "btti",
				      camera->uuid, sizeof(camera->uuid), camera->name,
				      camera->hardware, camera->created));
}

int store_add_camera(struct store *store, const struct camera_record *camera, store_done done,
		     void *userdata)
{
	struct store_job *job = store_job_new(add_camera, done, userdata);

	if (job)
		job->camera = *camera;
	return store_queue(store, job, STORE_QUEUE_MAX);
}

static int set_hardware(struct store_writer *writer, const struct store_job *job)
{
	const struct camera_record *camera = &job->camera;

	return none_is_missing(db_run(writer->db, "UPDATE cameras SET hardware = ? WHERE uuid = ?",
				      "tb", camera->hardware, camera->uuid, sizeof(camera->uuid)));
}

int store_set_hardware(struct store *store, const struct camera_record *camera, store_done done,
		       void *userdata)
{
	struct store_job *job = store_job_new(set_hardware, done, userdata);

	if (job)
		job->camera = *camera;
	return store_queue(store, job, STORE_QUEUE_MAX);
}

static int add_grant(struct store_writer *writer, const struct store_job *job)
{
	const struct grant *grant = &job->grant;
	int r = insert_integration(writer->db, grant->integration, grant->created);

	if (r < 0)
		return r;
	return no_rows_is_fine(
		db_run(writer->db, "INSERT INTO grants VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		       "innbiiiiiiit", grant->id, grant->client, grant->integration, grant->camera,
		       sizeof(grant->camera), (uint64_t)grant->rights, grant->not_before,
		       grant->not_after, grant->created, (uint64_t)grant->only_sub,
		       (uint64_t)grant->ask_first, (uint64_t)grant->max_leases, grant->hours));
}

int store_add_grant(struct store *store, const struct grant *grant, store_done done, void *userdata)
{
	struct store_job *job;
	int r = grant_check(grant);

	if (r < 0)
		return r;
	job = store_job_new(add_grant, done, userdata);
	if (job)
		job->grant = *grant;
	return store_queue(store, job, STORE_QUEUE_MAX);
}

static int remove_grant(struct store_writer *writer, const struct store_job *job)
{
	return none_is_missing(db_run(writer->db, "DELETE FROM grants WHERE id = ?", "i", job->id));
}

int store_remove_grant(struct store *store, uint64_t id, store_done done, void *userdata)
{
	struct store_job *job = store_job_new(remove_grant, done, userdata);

	if (job)
		job->id = id;
	return store_queue(store, job, STORE_QUEUE_MAX);
}

static int remove_grants(struct store_writer *writer, const struct store_job *job)
{
	return no_rows_is_fine(
		db_run(writer->db, "DELETE FROM grants WHERE client = ? AND camera = ?", "tb",
		       job->grants.client, job->grants.camera, sizeof(job->grants.camera)));
}

int store_remove_grants(struct store *store, const char *client, const uint8_t camera[UUID_SIZE],
			store_done done, void *userdata)
{
	struct store_job *job;

	if (!name_valid(client))
		return -EINVAL;
	job = store_job_new(remove_grants, done, userdata);
	if (job) {
		strcpy(job->grants.client, client);
		memcpy(job->grants.camera, camera, UUID_SIZE);
	}
	return store_queue(store, job, STORE_QUEUE_MAX);
}

static int suspend(struct store_writer *writer, const struct store_job *job)
{
	const struct suspension *suspension = &job->suspension;

	return no_rows_is_fine(db_run(writer->db,
				      "INSERT OR REPLACE INTO suspensions VALUES (?, ?, ?, ?)",
				      "itti", (uint64_t)suspension->kind, suspension->name,
				      suspension->reason, suspension->since));
}

int store_suspend(struct store *store, const struct suspension *suspension, store_done done,
		  void *userdata)
{
	struct store_job *job;
	int r = suspension_check(suspension);

	if (r < 0)
		return r;
	job = store_job_new(suspend, done, userdata);
	if (job)
		job->suspension = *suspension;
	return store_queue(store, job, STORE_QUEUE_MAX);
}

static int resume(struct store_writer *writer, const struct store_job *job)
{
	return none_is_missing(db_run(writer->db,
				      "DELETE FROM suspensions WHERE kind = ? AND name = ?", "it",
				      (uint64_t)job->suspension.kind, job->suspension.name));
}

int store_resume(struct store *store, enum suspension_kind kind, const char *name, store_done done,
		 void *userdata)
{
	struct store_job *job;

	if (strlen(name) >= NAME_SIZE)
		return -EINVAL;
	job = store_job_new(resume, done, userdata);
	if (job) {
		job->suspension.kind = kind;
		strcpy(job->suspension.name, name);
	}
	return store_queue(store, job, STORE_QUEUE_MAX);
}
