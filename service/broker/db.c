// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/db.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>

#define DB_BUSY_TIMEOUT 5000 /* ms; only a backup or a curious administrator ever holds a lock */

static int constraint_errno(int extended)
{
	switch (extended) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
		return -EEXIST;
	case SQLITE_CONSTRAINT_FOREIGNKEY:
		return -ENOENT;
	default:
		return -EINVAL;
	}
}

int db_errno(sqlite3 *db, int result)
{
	switch (result & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_CONSTRAINT:
		return constraint_errno(sqlite3_extended_errcode(db));
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return -EROFS;
	default:
		return -EIO;
	}
}

/* SQLite gives its other files the mode of this one. */
static int make_file(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	return fd < 0 ? -errno : 0;
}

/* Where the file system cannot do it, SQLite answers with another mode. */
static int set_wal(sqlite3 *db)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	char mode[8] = "";
	int r = db_prepare(db, &statement, "PRAGMA journal_mode = WAL", "");

	if (r == 0)
		r = db_step(statement);
	if (r > 0)
		r = db_column_text(statement, 0, mode, sizeof(mode));
	if (r < 0)
		return r;
	return strcmp(mode, "wal") == 0 ? 0 : -EIO;
}

static int configure(sqlite3 *db)
{
	int r;

	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, DB_BUSY_TIMEOUT);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	r = db_exec(db, "PRAGMA synchronous = FULL;"
			"PRAGMA foreign_keys = ON;"
			"PRAGMA cell_size_check = ON;"
			/* What is removed, a viewer's address, is gone. */
			"PRAGMA secure_delete = ON;"
			"PRAGMA recursive_triggers = ON;");
	return r < 0 ? r : set_wal(db);
}

int db_open(const char *path, sqlite3 **ret)
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	int r = make_file(path);

	if (r < 0)
		return r;
	r = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (r != SQLITE_OK)
		return db_errno(db, r);
	r = configure(db);
	if (r < 0)
		return r;
	*ret = steal_pointer(&db);
	return 0;
}

int db_exec(sqlite3 *db, const char *sql)
{
	return db_errno(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

static int bind_one(sqlite3_stmt *statement, int i, char type, va_list *ap)
{
	const void *value;

	if (type == 'i') {
		uint64_t integer = va_arg(*ap, uint64_t);

		if (integer > INT64_MAX)
			return SQLITE_TOOBIG;
		return sqlite3_bind_int64(statement, i, (sqlite3_int64)integer);
	}
	value = va_arg(*ap, const void *);
	if (type == 'b') {
		size_t size = va_arg(*ap, size_t);

		return sqlite3_bind_blob64(statement, i, value, size, SQLITE_STATIC);
	}
	if (type == 'n' && !*(const char *)value)
		return sqlite3_bind_null(statement, i);
	return sqlite3_bind_text(statement, i, value, -1, SQLITE_STATIC);
}

static int prepare(sqlite3 *db, sqlite3_stmt **ret, const char *sql, const char *types, va_list *ap)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	int r = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	for (int i = 1; r == SQLITE_OK && *types; types++, i++)
		r = bind_one(statement, i, *types, ap);
	if (r == SQLITE_TOOBIG)
		return -EINVAL;
	if (r != SQLITE_OK)
		return db_errno(db, r);
	*ret = steal_pointer(&statement);
	return 0;
}

int db_prepare(sqlite3 *db, sqlite3_stmt **ret, const char *sql, const char *types, ...)
{
	va_list ap;
	int r;

	va_start(ap, types);
	r = prepare(db, ret, sql, types, &ap);
	va_end(ap);
	return r;
}

int db_step(sqlite3_stmt *statement)
{
	int r = sqlite3_step(statement);

	return r == SQLITE_ROW ? 1 : db_errno(sqlite3_db_handle(statement), r);
}

int db_run(sqlite3 *db, const char *sql, const char *types, ...)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	va_list ap;
	int r;

	va_start(ap, types);
	r = prepare(db, &statement, sql, types, &ap);
	va_end(ap);
	if (r < 0)
		return r;
	r = db_step(statement);
	return r < 0 ? r : sqlite3_changes(db);
}

int db_get(sqlite3 *db, uint64_t *ret, const char *sql, const char *types, ...)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	va_list ap;
	int r;

	va_start(ap, types);
	r = prepare(db, &statement, sql, types, &ap);
	va_end(ap);
	if (r < 0)
		return r;
	r = db_step(statement);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*ret = db_column(statement, 0);
	return 0;
}

uint64_t db_column(sqlite3_stmt *statement, int column)
{
	return (uint64_t)sqlite3_column_int64(statement, column);
}

int db_column_text(sqlite3_stmt *statement, int column, char *text, size_t size)
{
	const unsigned char *value = sqlite3_column_text(statement, column);
	size_t length = (size_t)sqlite3_column_bytes(statement, column);

	if (length >= size || (value && memchr(value, 0, length)))
		return -EUCLEAN;
	memset(text, 0, size);
	if (value)
		memcpy(text, value, length);
	return 0;
}

int db_column_blob(sqlite3_stmt *statement, int column, void *blob, size_t size)
{
	const void *value = sqlite3_column_blob(statement, column);

	if (!value) {
		memset(blob, 0, size);
		return 0;
	}
	if ((size_t)sqlite3_column_bytes(statement, column) != size)
		return -EUCLEAN;
	memcpy(blob, value, size);
	return 0;
}
