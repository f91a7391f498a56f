// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/state-dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

int state_dir_open(const char *path)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != geteuid() || st.st_mode & (S_IWGRP | S_IWOTH))
		return -EPERM;
	return steal_fd(&fd);
}

static int read_all(int fd, uint8_t *data, size_t size)
{
	while (size > 0) {
		ssize_t n = read(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

int state_dir_read(int dir, const char *name, bool secret, uint8_t **ret, size_t *ret_size)
{
	_cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	uint8_t *data;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || (secret && st.st_mode & (S_IRWXG | S_IRWXO)))
		return -EPERM;
	if (st.st_size > STATE_FILE_MAX)
		return -EFBIG;
	data = calloc(1, (size_t)st.st_size + 1);
	if (!data)
		return -ENOMEM;
	r = read_all(fd, data, (size_t)st.st_size);
	if (r < 0) {
		erase(data, (size_t)st.st_size);
		free(data);
		return r;
	}
	*ret = data;
	*ret_size = (size_t)st.st_size;
	return 0;
}

static int write_all(int fd, const uint8_t *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		size -= (size_t)n;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

static int write_new(int dir, const char *name, const void *data, size_t size)
{
	_cleanup_close_ int fd = -EBADF;

	/* What a crash has left behind. */
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? -errno : write_all(fd, data, size);
}

int state_dir_write(int dir, const char *name, const void *data, size_t size)
{
	char temporary[64];
	int r;

	if ((size_t)snprintf(temporary, sizeof(temporary), ".%s.new", name) >= sizeof(temporary))
		return -ENAMETOOLONG;
	r = write_new(dir, temporary, data, size);
	if (r == 0 && renameat(dir, temporary, dir, name) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(dir, temporary, 0);
		return r;
	}
	return fsync(dir) < 0 ? -errno : 0;
}

static int overwrite(int fd)
{
	static const uint8_t zeros[4096];
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return 0;
	for (off_t done = 0; done < st.st_size;) {
		off_t left = st.st_size - done;
		size_t n = left < (off_t)sizeof(zeros) ? (size_t)left : sizeof(zeros);
		ssize_t written = write(fd, zeros, n);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		done += written;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

static int erase_file(int dir, const char *name)
{
	_cleanup_close_ int fd = openat(dir, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int r = fd < 0 ? 0 : overwrite(fd);

	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT && r == 0)
		r = -errno;
	return r;
}

/* STORE_FILE, one that is being restored, and what SQLite writes beside them. */
static bool is_database(const char *name)
{
	return strstr(name, ".db") != NULL;
}

/* Not every file system says what an entry is. */
static bool is_directory(int dir, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static int erase_those(int dir, DIR *stream, const char *but, bool databases)
{
	struct dirent *entry;
	int r = 0;

	rewinddir(stream);
	while ((entry = readdir(stream))) {
		int e = 0;

		if (!is_directory(dir, entry) && is_database(entry->d_name) == databases &&
		    (!but || strcmp(entry->d_name, but) != 0))
			e = erase_file(dir, entry->d_name);
		if (r == 0)
			r = e;
	}
	return r;
}

/* The keys before the database, which takes long: what ends this half-way leaves no key. */
int state_dir_erase_all(int dir, const char *but)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r, e;
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);

	if (!stream) {
		close_fd(copy);
		return -errno;
	}
	r = erase_those(dir, stream, but, false);
	e = erase_those(dir, stream, but, true);
	closedir(stream);
	if (r == 0)
		r = e;
	return fsync(dir) < 0 && r == 0 ? -errno : r;
}

int state_dir_erase(int dir, const char *const *names)
{
	int r = 0;

	for (; *names; names++) {
		int e = erase_file(dir, *names);

		if (r == 0)
			r = e;
	}
	return fsync(dir) < 0 && r == 0 ? -errno : r;
}
