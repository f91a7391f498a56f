// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "broker/backup.h"
#include "broker/epoch-run.h"
#include "broker/ledger-anchor.h"
#include "broker/policy.h"
#include "broker/state-dir.h"
#include "broker/store-load.h"
#include "broker/store-schema.h"
#include "broker/tar.h"

#define STAGED "restored"
#define SEALS  (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

/* What a backup may hold, in the order of putting it in place: no root without its run. */
static const char *const files[] = {EPOCH_RUN_FILE, BACKUP_KEYS, STORE_FILE};

#define N_FILES ARRAY_SIZE(files)
#define ALL     ((1U << N_FILES) - 1)
#define ONLY_DB (1U << (N_FILES - 1))

static unsigned bit_of(const char *name)
{
	for (size_t i = 0; i < N_FILES; i++)
		if (!strcmp(name, files[i]))
			return 1U << i;
	return 0;
}

/* Each file once over. ret: which there were. */
static int write_files(int staged, struct tar tar, unsigned *ret)
{
	char name[TAR_NAME_SIZE];
	const uint8_t *data;
	size_t size;
	int r;

	*ret = 0;
	while ((r = tar_read(&tar, name, &data, &size)) > 0) {
		unsigned bit = bit_of(name);

		if (!bit || *ret & bit || (bit != ONLY_DB && size > STATE_FILE_MAX))
			return -EBADMSG;
		*ret |= bit;
		r = state_dir_write(staged, name, data, size);
		if (r < 0)
			return r;
	}
	return r;
}

/* By what reads it at the start: a grant of nobody would keep the service from ever starting. */
static int check_content(sqlite3 *db)
{
	struct policy *policy = policy_new();
	uint64_t n;
	int r = policy ? 0 : -ENOMEM;

	if (r == 0)
		r = db_get(db, &n,
			   "SELECT count(*) FROM settings WHERE name IN ('run', 'next-lease')", "");
	if (r == 0)
		r = n == 2 ? store_load(db, policy) : -EUCLEAN;
	policy_free(policy);
	return r;
}

/* Opens the database as the service does, which upgrades an older one, and leaves it in one
 * file. */
static int check_database(int staged, const char *path, struct ledger_chain_point *anchor)
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	char file[PATH_MAX];
	uint64_t busy;
	int r;

	if ((size_t)snprintf(file, sizeof(file), "%s/" STORE_FILE, path) >= sizeof(file))
		return -ENAMETOOLONG;
	r = db_open(file, &db);
	if (r == 0)
		r = store_schema_prepare(db);
	if (r == 0)
		r = check_content(db);
	if (r == 0)
		r = ledger_anchor_newest(db, NULL, anchor);
	if (r == 0)
		r = db_get(db, &busy, "PRAGMA wal_checkpoint(TRUNCATE)", "");
	if (r == 0 && busy)
		r = -EBUSY;
	sqlite3_close(steal_pointer(&db));
	if (r == 0 && faccessat(staged, STORE_FILE "-wal", F_OK, 0) == 0)
		r = -EIO;
	return r;
}

/* By those who load them at the start, from there. */
static int check_keys(const char *dir, const char *path)
{
	_cleanup_(tls_identity_freep) struct tls_identity *identity = NULL;
	_cleanup_(seal_root_freep) struct seal_root *root = NULL;
	uint64_t own;
	int r = tls_identity_load_or_make(path, clock_realtime(), &identity);

	if (r == 0)
		r = seal_root_load_or_make(path, &root);
	if (r == 0)
		r = epoch_run_read(dir, &own);
	if (r == 0)
		r = epoch_run_raise(path, own);
	return r;
}

static int check(const char *dir, int staged, const char *path, unsigned present,
		 struct ledger_chain_point *anchor)
{
	int r;

	if (present != ALL && present != ONLY_DB)
		return -EBADMSG;
	r = check_database(staged, path, anchor);
	if (r == 0 && present == ALL)
		r = check_keys(dir, path);
	if (r == 0 && fsync(staged) < 0)
		r = -errno;
	return r == -EUCLEAN || r == -EINVAL || r == -ENOKEY ? -EBADMSG : r;
}

static int stage(const char *dir, struct tar tar, struct ledger_chain_point *ret)
{
	_cleanup_close_ int fd = state_dir_open(dir), staged = -EBADF;
	char path[PATH_MAX];
	unsigned present;
	int r;

	if (fd < 0)
		return fd;
	if ((size_t)snprintf(path, sizeof(path), "%s/" STAGED, dir) >= sizeof(path))
		return -ENAMETOOLONG;
	r = restore_unstage(fd);
	if (r == 0)
		r = staged = state_dir_open(path);
	if (r >= 0)
		r = write_files(staged, tar, &present);
	if (r == 0)
		r = check(dir, staged, path, present, ret);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r < 0)
		(void)restore_unstage(fd);
	return r;
}

int restore_stage(const char *dir, int fd, struct ledger_chain_point *ret)
{
	struct stat st;
	void *data;
	int r;

	*ret = (struct ledger_chain_point){0};
	if (fcntl(fd, F_ADD_SEALS, SEALS) < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size <= 0)
		return -EBADMSG;
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return -errno;
	r = stage(dir, (struct tar){data, (size_t)st.st_size}, ret);
	munmap(data, (size_t)st.st_size);
	return r;
}

/* What SQLite has written beside the old database would be read with the new one: it is gone for
 * good before that comes. */
static int remove_beside(int dir)
{
	static const char *const beside[] = {STORE_FILE "-wal", STORE_FILE "-shm"};

	for (size_t i = 0; i < ARRAY_SIZE(beside); i++)
		if (unlinkat(dir, beside[i], 0) < 0 && errno != ENOENT)
			return -errno;
	return fsync(dir) < 0 ? -errno : 0;
}

static int put_file(int dir, int staged, const char *name)
{
	const char *const old[] = {name, NULL};
	int r = 0;

	if (faccessat(staged, name, F_OK, 0) < 0) /* it is in its place already */
		return errno == ENOENT ? 0 : -errno;
	if (!strcmp(name, STORE_FILE))
		r = remove_beside(dir);
	else
		r = state_dir_erase(dir, old);
	if (r == 0 && renameat(staged, name, dir, name) < 0)
		r = -errno;
	return r;
}

static int open_staged(int dir)
{
	int fd = openat(dir, STAGED, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

int restore_put(int dir)
{
	_cleanup_close_ int staged = open_staged(dir);
	int r = 0;

	if (staged < 0)
		return staged == -ENOENT ? 0 : staged;
	for (size_t i = 0; r == 0 && i < N_FILES; i++)
		r = put_file(dir, staged, files[i]);
	if (r == 0 && fsync(dir) < 0)
		r = -errno;
	return r < 0 ? r : restore_unstage(dir);
}

int restore_unstage(int dir)
{
	_cleanup_close_ int staged = open_staged(dir);
	int r;

	if (staged < 0)
		return staged == -ENOENT ? 0 : staged;
	r = state_dir_erase_all(staged, NULL);
	if (r == 0 && unlinkat(dir, STAGED, AT_REMOVEDIR) < 0)
		r = -errno;
	return r < 0 ? r : fsync(dir) < 0 ? -errno : 0;
}
