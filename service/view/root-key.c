// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/root-key.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"

#define FILE_MAX 4096

int root_key_read(const char *text, uint8_t ret[SEAL_KEY_SIZE])
{
	_cleanup_close_ int fd = -EBADF;
	char content[FILE_MAX];
	ssize_t n;

	if (seal_public_read(text, strlen(text), ret) == 0)
		return 0;
	fd = open(text, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, content, sizeof(content));
	if (n < 0)
		return -errno;
	return seal_public_read(content, (size_t)n, ret);
}
