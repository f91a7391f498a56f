// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/tar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BLOCK            512
#define SIZE_MAX_OF_FILE UINT64_C(077777777777) /* 11 octal digits */

struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
	char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], rest[12];
};

static int write_all(int fd, const void *data, size_t size)
{
	const uint8_t *p = data;

	while (size > 0) {
		ssize_t n = write(fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

/* The sum of the bytes, those of the checksum itself taken for blanks. */
static unsigned checksum(const struct header *header)
{
	const uint8_t *bytes = (const uint8_t *)header;
	size_t from = offsetof(struct header, checksum), to = from + sizeof(header->checksum);
	unsigned sum = 0;

	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= from && i < to ? ' ' : bytes[i];
	return sum;
}

static size_t padding(size_t size)
{
	return (BLOCK - size % BLOCK) % BLOCK;
}

int tar_write(int fd, const char *name, const void *data, size_t size, uint64_t mtime)
{
	static const uint8_t zeros[BLOCK];
	struct header header = {.type = '0', .magic = "ustar", .version = {'0', '0'}};
	uint64_t length = size;
	int r;

	_Static_assert(sizeof(header) == BLOCK, "a header is a block");
	if (strlen(name) >= sizeof(header.name) || length > SIZE_MAX_OF_FILE)
		return -EFBIG;
	snprintf(header.name, sizeof(header.name), "%s", name);
	snprintf(header.mode, sizeof(header.mode), "0000600");
	snprintf(header.uid, sizeof(header.uid), "0000000");
	snprintf(header.gid, sizeof(header.gid), "0000000");
	snprintf(header.size, sizeof(header.size), "%011" PRIo64, length);
	snprintf(header.mtime, sizeof(header.mtime), "%011" PRIo64, mtime & SIZE_MAX_OF_FILE);
	snprintf(header.checksum, sizeof(header.checksum), "%06o", checksum(&header) & 0777777);
	header.checksum[7] = ' ';
	r = write_all(fd, &header, sizeof(header));
	if (r == 0)
		r = write_all(fd, data, size);
	return r < 0 ? r : write_all(fd, zeros, padding(size));
}

int tar_finish(int fd)
{
	static const uint8_t zeros[2 * BLOCK];

	return write_all(fd, zeros, sizeof(zeros));
}

/* Octal digits to a blank, a NUL or the field's end. */
static bool read_number(const char *field, size_t size, uint64_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < size && field[i] && field[i] != ' '; i++) {
		if (field[i] < '0' || field[i] > '7')
			return false;
		*ret = *ret << 3 | (uint64_t)(field[i] - '0');
	}
	return true;
}

static bool is_zero(const uint8_t *block)
{
	for (size_t i = 0; i < BLOCK; i++)
		if (block[i])
			return false;
	return true;
}

int tar_read(struct tar *tar, char name[TAR_NAME_SIZE], const uint8_t **ret, size_t *ret_size)
{
	struct header header;
	uint64_t sum, size;

	if (tar->size < BLOCK)
		return -EBADMSG;
	if (is_zero(tar->data))
		return 0;
	memcpy(&header, tar->data, sizeof(header));
	if (!read_number(header.checksum, sizeof(header.checksum), &sum) ||
	    sum != checksum(&header) || !read_number(header.size, sizeof(header.size), &size) ||
	    (header.type != '0' && header.type != '\0') || header.prefix[0] ||
	    !memchr(header.name, 0, sizeof(header.name)) || size > tar->size - BLOCK ||
	    padding(size) > tar->size - BLOCK - size)
		return -EBADMSG;
	memcpy(name, header.name, TAR_NAME_SIZE);
	*ret = tar->data + BLOCK;
	*ret_size = size;
	tar->data += BLOCK + size + padding(size);
	tar->size -= BLOCK + size + padding(size);
	return 1;
}
