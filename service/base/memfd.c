// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/cleanup.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

#define SIZE_SEALS (F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

static int memfd_new(const char *name, size_t size, int seals, void **ret_map)
{
	_cleanup_close_ int fd = -EBADF;
	void *map;

	fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)size) < 0)
		return -errno;
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	if (fcntl(fd, F_ADD_SEALS, seals) < 0) {
		int r = -errno;

		munmap(map, size);
		return r;
	}
	*ret_map = map;
	return steal_fd(&fd);
}

int memfd_create_single_writer(const char *name, size_t size, void **ret_map)
{
	return memfd_new(name, size, F_SEAL_FUTURE_WRITE | SIZE_SEALS, ret_map);
}

int memfd_create_shared(const char *name, size_t size, void **ret_map)
{
	return memfd_new(name, size, SIZE_SEALS, ret_map);
}

int memfd_create_revocable(const char *name, size_t size)
{
	_cleanup_close_ int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, (off_t)size) < 0 || fchmod(fd, 0444) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) < 0)
		return -errno;
	return steal_fd(&fd);
}

int memfd_freeze(int fd)
{
	return fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) < 0 ? -errno : 0;
}

bool memfd_is_frozen(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals < 0 || seals & F_SEAL_FUTURE_WRITE;
}

int memfd_take_back(int fd)
{
	return ftruncate(fd, 0) < 0 ? -errno : 0;
}

int memfd_reopen_read_only(int fd)
{
	char path[32];
	int r;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = open(path, O_RDONLY | O_CLOEXEC);
	return r < 0 ? -errno : r;
}

int memfd_verify_revocable(int fd, size_t size)
{
	int seals = fcntl(fd, F_GET_SEALS);
	long actual;

	if (seals < 0)
		return -errno;
	if (!(seals & F_SEAL_GROW) ||
	    seals & (F_SEAL_SHRINK | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL))
		return -EPERM;
	actual = memfd_size(fd);
	if (actual < 0)
		return (int)actual;
	return (size_t)actual == size ? 0 : -EPROTO;
}

long memfd_size(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return st.st_size;
}

int memfd_verify_read_only(int fd, size_t size)
{
	int seals = fcntl(fd, F_GET_SEALS);
	int wanted = F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
	long actual;

	if (seals < 0)
		return -errno;
	if ((seals & wanted) != wanted || !(seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)))
		return -EPERM;
	actual = memfd_size(fd);
	if (actual < 0)
		return (int)actual;
	return (size_t)actual == size ? 0 : -EPROTO;
}
