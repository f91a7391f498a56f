// SPDX-License-Identifier: LGPL-2.1-or-later
/* A build without libv4lconvert. */
#include <errno.h>

#include "v4l2/convert-lib.h"

bool v4l2_convert_lib_supported(uint32_t fourcc)
{
	return false;
}

int v4l2_convert_lib_new(uint32_t fourcc, uint32_t width, uint32_t height, uint32_t stride,
			 struct v4l2_convert_lib **ret)
{
	return -EOPNOTSUPP;
}

struct v4l2_convert_lib *v4l2_convert_lib_free(struct v4l2_convert_lib *c)
{
	return NULL;
}

int v4l2_convert_lib_to_i420(struct v4l2_convert_lib *c, const uint8_t *data, size_t size,
			     uint32_t width, uint32_t height, const struct v4l2_i420 *ret)
{
	return -EINVAL;
}
