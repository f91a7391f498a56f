// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/machine.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <systemd/sd-id128.h>

#include "base/cleanup.h"
#include "broker/state-dir.h"

#define TEXT_SIZE (SD_ID128_STRING_MAX) /* with a line end in the NUL's place */

static const sd_id128_t application =
	SD_ID128_MAKE(9c, cd, bc, 80, aa, 71, 45, 25, 90, b7, 24, c1, 32, 7a, 55, 3b);

/* -ENOENT: this machine has no id. */
static int read_own(char text[TEXT_SIZE])
{
	sd_id128_t id;

	if (sd_id128_get_machine_app_specific(application, &id) < 0)
		return -ENOENT;
	sd_id128_to_string(id, text);
	text[TEXT_SIZE - 1] = '\n';
	return 0;
}

int machine_check(const char *dir)
{
	_cleanup_close_ int fd = state_dir_open(dir);
	_cleanup_free_ uint8_t *noted = NULL;
	char own[TEXT_SIZE];
	size_t size;
	int r;

	if (fd < 0)
		return fd;
	if (read_own(own) < 0)
		return 0;
	r = state_dir_read(fd, MACHINE_FILE, false, &noted, &size);
	if (r == -ENOENT)
		return state_dir_write(fd, MACHINE_FILE, own, sizeof(own));
	if (r < 0)
		return r == -EFBIG ? -EUCLEAN : r;
	if (size != sizeof(own))
		return -EUCLEAN;
	return memcmp(noted, own, sizeof(own)) != 0;
}
