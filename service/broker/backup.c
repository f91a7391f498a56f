// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/parse.h"
#include "broker/epoch-run.h"
#include "broker/seal-root.h"
#include "broker/state-dir.h"
#include "broker/store-queue.h"
#include "broker/store-schema.h"
#include "broker/tar.h"
#include "broker/tls-identity.h"

#define RESTORED "restored.db"
#define SEALS    (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

static const char *const key_files[] = {SEAL_ROOT_FILE, EPOCH_RUN_FILE, TLS_IDENTITY_FILES};

/* SQLite's own way to copy a database that is in use, by a connection of its own: it sees what was
 * committed last. */
static int copy_database(sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");

	if (!backup)
		return db_errno(to, sqlite3_errcode(to));
	sqlite3_backup_step(backup, -1);
	return db_errno(to, sqlite3_backup_finish(backup));
}

static int write_database(sqlite3 *db, int fd, uint64_t now)
{
	_cleanup_(sqlite3_closep) sqlite3 *own = NULL, *copy = NULL;
	unsigned char *bytes;
	sqlite3_int64 size;
	int r = sqlite3_open_v2(sqlite3_db_filename(db, "main"), &own,
				SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_open(":memory:", &copy);
	if (r != SQLITE_OK)
		return -EIO;
	r = copy_database(own, copy);
	if (r < 0)
		return r;
	bytes = sqlite3_serialize(copy, "main", &size, 0);
	if (!bytes)
		return -ENOMEM;
	r = tar_write(fd, STORE_FILE, bytes, (size_t)size, now);
	sqlite3_free(bytes);
	return r;
}

static int write_file(int dir, const char *name, int fd, uint64_t now)
{
	uint8_t *data;
	size_t size;
	int r = state_dir_read(dir, name, false, &data, &size);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = tar_write(fd, name, data, size, now);
	erase(data, size);
	free(data);
	return r;
}

static int run(struct store_writer *writer, const struct store_job *job)
{
	uint64_t now = clock_realtime() / USEC_PER_SEC;
	int fd = job->backup.fd, r = write_database(writer->db, fd, now);

	for (size_t i = 0; r == 0 && job->backup.keys && i < ARRAY_SIZE(key_files); i++)
		r = write_file(writer->dir, key_files[i], fd, now);
	return r < 0 ? r : tar_finish(fd);
}

int store_backup(struct store *store, int fd, bool keys, store_done done, void *userdata)
{
	struct store_job *job = store_job_new(run, done, userdata);

	if (job) {
		job->backup.fd = fd;
		job->backup.keys = keys;
	}
	return store_queue(store, job, STORE_QUEUE_MAX);
}

/* Checks a database by opening it as the service does. */
static int check_database(const char *path)
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	int r = db_open(path, &db);

	if (r == 0)
		r = store_schema_prepare(db);
	return r == -EUCLEAN || r == -EINVAL ? -EBADMSG : r;
}

static bool is_key_file(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(key_files); i++)
		if (!strcmp(name, key_files[i]))
			return true;
	return false;
}

static int write_database_file(int dir, const char *path, const uint8_t *data, size_t size)
{
	int r = state_dir_write(dir, RESTORED, data, size);

	return r < 0 ? r : check_database(path);
}

/* The greater of both runs: numbers that either root has signed are not used again. */
static int restore_run(const char *dir, const uint8_t *data, size_t size)
{
	char text[24] = "";
	uint64_t run;

	if (size < 2 || size >= sizeof(text) || data[size - 1] != '\n')
		return -EBADMSG;
	memcpy(text, data, size - 1);
	if (parse_u64(text, INT32_MAX, &run) < 0)
		return -EBADMSG;
	return epoch_run_raise(dir, run);
}

/* Each file once over; write: puts the keys in place. */
static int for_each(const char *dir, int fd, const char *path, struct tar tar, bool write)
{
	char name[TAR_NAME_SIZE];
	const uint8_t *data;
	bool database = false;
	size_t size;
	int r;

	while ((r = tar_read(&tar, name, &data, &size)) > 0) {
		bool is_database = !strcmp(name, STORE_FILE);

		if (!is_database && (!is_key_file(name) || size > STATE_FILE_MAX))
			return -EBADMSG;
		database |= is_database;
		if (is_database)
			r = write ? 0 : write_database_file(fd, path, data, size);
		else if (write && !strcmp(name, EPOCH_RUN_FILE))
			r = restore_run(dir, data, size);
		else if (write)
			r = state_dir_write(fd, name, data, size);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : database ? 0 : -EBADMSG;
}

/* The new database without what SQLite has written beside the old one. */
static int take_database(int fd)
{
	static const char *const beside[] = {STORE_FILE "-wal", STORE_FILE "-shm", RESTORED "-wal",
					     RESTORED "-shm"};

	for (size_t i = 0; i < ARRAY_SIZE(beside); i++)
		if (unlinkat(fd, beside[i], 0) < 0 && errno != ENOENT)
			return -errno;
	if (renameat(fd, RESTORED, fd, STORE_FILE) < 0)
		return -errno;
	return fsync(fd) < 0 ? -errno : 0;
}

static int restore(const char *dir, struct tar tar)
{
	_cleanup_close_ int fd = state_dir_open(dir);
	char path[PATH_MAX];
	int r;

	if (fd < 0)
		return fd;
	if ((size_t)snprintf(path, sizeof(path), "%s/" RESTORED, dir) >= sizeof(path))
		return -ENAMETOOLONG;
	r = for_each(dir, fd, path, tar, false);
	if (r == 0)
		r = for_each(dir, fd, path, tar, true);
	if (r == 0)
		r = take_database(fd);
	if (r < 0)
		(void)unlinkat(fd, RESTORED, 0);
	return r;
}

int backup_restore(const char *dir, int fd)
{
	struct tar tar;
	struct stat st;
	void *data;
	int r;

	if (fcntl(fd, F_ADD_SEALS, SEALS) < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size <= 0)
		return -EBADMSG;
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return -errno;
	tar = (struct tar){data, (size_t)st.st_size};
	r = restore(dir, tar);
	munmap(data, (size_t)st.st_size);
	return r;
}
