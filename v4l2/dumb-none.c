// SPDX-License-Identifier: LGPL-2.1-or-later
/* Built without libdrm's headers: no card lends memory. */
#include <errno.h>
#include <stddef.h>

#include "v4l2/dumb.h"

int v4l2_dumb_probe(const struct v4l2_sys *sys, const char *card)
{
	return 0;
}

int v4l2_dumb_allocate(struct v4l2_pool *pool, const struct v4l2_sys *sys, const char *card,
		       const struct v4l2_pool_need *need)
{
	return -EOPNOTSUPP;
}

unsigned int v4l2_dumb_requests(const uint32_t **ret)
{
	*ret = NULL;
	return 0;
}
