// SPDX-License-Identifier: LGPL-2.1-or-later
/* A backup that somebody gives: what is read lies within it, and it comes to an end. */
#include <errno.h>
#include <string.h>

#include "broker/tar.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tar tar = {data, size};
	char name[TAR_NAME_SIZE];
	const uint8_t *file;
	size_t n, left = size;
	int r;

	while ((r = tar_read(&tar, name, &file, &n)) > 0) {
		CHECK(strnlen(name, sizeof(name)) < sizeof(name));
		CHECK(file >= data && n <= size && file + n <= data + size);
		CHECK(tar.size < left);
		left = tar.size;
	}
	CHECK(r == 0 || r == -EBADMSG);
	return 0;
}
