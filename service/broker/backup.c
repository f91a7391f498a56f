// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/backup.h"

#include <errno.h>

#include "base/clock.h"
#include "broker/epoch-run.h"
#include "broker/ledger-append.h"
#include "broker/state-dir.h"
#include "broker/store-queue.h"
#include "broker/tar.h"

static const char *const key_files[] = {EPOCH_RUN_FILE, BACKUP_KEYS};

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

/* Nobody knows what becomes of the leases that run: in the copy they end now, with what may have
 * been received by now. */
static int close_leases(sqlite3 *copy, uint64_t run)
{
	int r = db_exec(copy, "BEGIN");

	if (r == 0)
		r = ledger_recover(copy, run, LEDGER_REASON_RESTORED);
	return r < 0 ? r : db_exec(copy, "COMMIT");
}

static int write_database(const struct store_writer *writer, int fd, uint64_t now)
{
	_cleanup_(sqlite3_closep) sqlite3 *own = NULL, *copy = NULL;
	unsigned char *bytes;
	sqlite3_int64 size;
	int r = sqlite3_open_v2(sqlite3_db_filename(writer->db, "main"), &own,
				SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_open(":memory:", &copy);
	if (r != SQLITE_OK)
		return -EIO;
	r = copy_database(own, copy);
	if (r == 0)
		r = close_leases(copy, writer->run);
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
	int fd = job->backup.fd, r = write_database(writer, fd, now);

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
