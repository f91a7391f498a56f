// SPDX-License-Identifier: LGPL-2.1-or-later
/* The jobs that keep what the owner has chosen for a camera. */
#include <stdio.h>

#include "broker/state-dir.h"
#include "broker/store-queue.h"

/* GIVEN NAME\n */
#define NAMES_LINE_SIZE (2 * NAME_SIZE)

static int none_is_missing(int changed)
{
	return changed < 0 ? changed : changed == 0 ? -ENOENT : 0;
}

/* A suspension of the new name that waits there already is as good as the camera's own. */
static int move_suspension(sqlite3 *db, const struct camera_record *camera)
{
	static const char *const steps[] = {
		"UPDATE OR IGNORE suspensions SET name = ? WHERE kind = ? AND name ="
		" (SELECT name FROM cameras WHERE uuid = ?)",
		"DELETE FROM suspensions WHERE name <> ? AND kind = ? AND name ="
		" (SELECT name FROM cameras WHERE uuid = ?)",
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(steps); i++)
		r = db_run(db, steps[i], "tib", camera->name, (uint64_t)SUSPENSION_CAMERA,
			   camera->uuid, sizeof(camera->uuid));
	return r;
}

static int rename_camera(struct store_writer *writer, const struct store_job *job)
{
	const struct camera_record *camera = &job->camera;
	sqlite3 *db = writer->db;
	int r = move_suspension(db, camera);

	if (r >= 0)
		r = none_is_missing(db_run(db, "UPDATE cameras SET name = ? WHERE uuid = ?", "tb",
					   camera->name, camera->uuid, sizeof(camera->uuid)));
	if (r >= 0)
		r = db_run(db, "DELETE FROM camera_names WHERE camera = ?", "b", camera->uuid,
			   sizeof(camera->uuid));
	if (r >= 0 && camera->given[0])
		r = db_run(db, "INSERT INTO camera_names VALUES (?, ?)", "bt", camera->uuid,
			   sizeof(camera->uuid), camera->given);
	return r < 0 ? r : 0;
}

int store_rename_camera(struct store *store, const struct camera_record *camera, store_done done,
			void *userdata)
{
	struct store_job *job = store_job_new(rename_camera, done, userdata);

	if (job)
		job->camera = *camera;
	return store_queue(store, job, STORE_QUEUE_MAX);
}

static int remove_camera(struct store_writer *writer, const struct store_job *job)
{
	return none_is_missing(db_run(writer->db, "DELETE FROM cameras WHERE uuid = ?", "b",
				      job->camera.uuid, sizeof(job->camera.uuid)));
}

int store_remove_camera(struct store *store, const uint8_t uuid[UUID_SIZE], store_done done,
			void *userdata)
{
	struct store_job *job = store_job_new(remove_camera, done, userdata);

	if (job)
		memcpy(job->camera.uuid, uuid, UUID_SIZE);
	return store_queue(store, job, STORE_QUEUE_MAX);
}

static int set_configuration(struct store_writer *writer, const struct store_job *job)
{
	const struct camera_configuration *c = &job->camera.chosen;

	return none_is_missing(db_run(writer->db,
				      "INSERT OR REPLACE INTO camera_configurations"
				      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
				      "biiiiiiiii", job->camera.uuid, sizeof(job->camera.uuid),
				      (uint64_t)c->width, (uint64_t)c->height, (uint64_t)c->fps,
				      (uint64_t)c->bitrate, (uint64_t)c->gop,
				      (uint64_t)c->sub_width, (uint64_t)c->sub_height,
				      (uint64_t)c->sub_fps, (uint64_t)c->sub_bitrate));
}

int store_set_configuration(struct store *store, const struct camera_record *camera,
			    store_done done, void *userdata)
{
	struct store_job *job = store_job_new(set_configuration, done, userdata);

	if (job)
		job->camera = *camera;
	return store_queue(store, job, STORE_QUEUE_MAX);
}

/* db_run() takes numbers from 0 on: a value is stored with what makes it one. */
static int set_choice(struct store_writer *writer, const struct store_job *job)
{
	const struct camera_choice *choice = &job->camera.choices[0];

	return none_is_missing(
		db_run(writer->db, "INSERT OR REPLACE INTO camera_controls VALUES (?, ?, ? - ?)",
		       "btii", job->camera.uuid, sizeof(job->camera.uuid), choice->control,
		       (uint64_t)((int64_t)choice->value - INT32_MIN), -(int64_t)INT32_MIN));
}

int store_set_choice(struct store *store, const uint8_t uuid[UUID_SIZE], const char *control,
		     int32_t value, store_done done, void *userdata)
{
	struct store_job *job = store_job_new(set_choice, done, userdata);

	if (job) {
		memcpy(job->camera.uuid, uuid, UUID_SIZE);
		(void)camera_record_choose(&job->camera, control, value);
	}
	return store_queue(store, job, STORE_QUEUE_MAX);
}

static int append_name(sqlite3_stmt *s, char *text, size_t *used, size_t size)
{
	char given[NAME_SIZE], name[NAME_SIZE];
	int r = db_column_text(s, 0, given, sizeof(given));

	if (r == 0)
		r = db_column_text(s, 1, name, sizeof(name));
	if (r < 0)
		return r;
	r = snprintf(text + *used, size - *used, "%s %s\n", given, name);
	if ((size_t)r >= size - *used)
		return -EUCLEAN;
	*used += (size_t)r;
	return 0;
}

/* A file that says it already is left alone: whoever watches it would act for nothing. */
static int replace_names(int dir, const char *text, size_t size)
{
	_cleanup_free_ uint8_t *old = NULL;
	size_t old_size;

	if (state_dir_read(dir, STORE_NAMES_FILE, false, &old, &old_size) == 0 &&
	    old_size == size && memcmp(old, text, size) == 0)
		return 0;
	return state_dir_write(dir, STORE_NAMES_FILE, text, size);
}

static int write_names(struct store_writer *writer, const struct store_job *job)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *s = NULL;
	char text[POLICY_CAMERAS_MAX * NAMES_LINE_SIZE + 1] = "";
	size_t used = 0;
	int r = db_prepare(writer->db, &s,
			   "SELECT given, name FROM camera_names JOIN cameras ON camera = uuid"
			   " ORDER BY given",
			   "");

	while (r >= 0 && (r = db_step(s)) > 0)
		r = append_name(s, text, &used, sizeof(text));
	return r < 0 ? r : replace_names(writer->dir, text, used);
}

int store_write_names(struct store *store, store_done done, void *userdata)
{
	return store_queue(store, store_job_new(write_names, done, userdata), STORE_QUEUE_MAX);
}
