// SPDX-License-Identifier: LGPL-2.1-or-later
/* For a build without libdrm, libyuv or OpenH264. */
#include <errno.h>
#include <stdio.h>

#include "view/display.h"

int display_open(const struct display_config *config, struct display **ret)
{
	fputs("camward-view: --display: it was built without (libdrm, libyuv and OpenH264)\n",
	      stderr);
	return -ENOSYS;
}

struct display *display_close(struct display *d)
{
	return NULL;
}

int display_show(struct display *d, const struct stream_unit *unit, uint64_t now)
{
	return -ENOSYS;
}

int display_forget(struct display *d, uint64_t now)
{
	return 0;
}

const char *display_decoder(const struct display *d)
{
	return NULL;
}

int display_fd(const struct display *d)
{
	return -EBADF;
}

uint64_t display_deadline(const struct display *d)
{
	return UINT64_MAX;
}

int display_advance(struct display *d, uint64_t now)
{
	return 0;
}
