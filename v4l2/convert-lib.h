// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What v4l2/convert.h cannot do, by libv4lconvert: JPEG pictures (MJPEG, JPEG) and raw formats that
 * few cameras have (grey, RGB of 16 and 32 bits), converted to I420 of BT.601, limited range.
 *
 * The library gets pictures only, never the device: it would look for it in /sys, share controls
 * in /dev/shm with other programs and load what it finds there. Formats whose decoders trust the
 * picture (many of old cameras) are left out, and each picture is measured before it goes in.
 *
 * A build without libv4lconvert supports none.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "v4l2/convert.h"

struct v4l2_convert_lib;

bool v4l2_convert_lib_supported(uint32_t fourcc);

/*
 * For pictures of width x height; stride as the driver says (0: compressed, or the least). The
 * caller owns *ret. -EOPNOTSUPP: not supported, or lines that are padded; -EINVAL: sizes that
 * cannot be; -ENOMEM.
 */
int v4l2_convert_lib_new(uint32_t fourcc, uint32_t width, uint32_t height, uint32_t stride,
			 struct v4l2_convert_lib **ret);

/* NULL is allowed. Always returns NULL. */
struct v4l2_convert_lib *v4l2_convert_lib_free(struct v4l2_convert_lib *c);

/*
 * The upper left width x height of the picture, not more than it has.
 * -EBADMSG: no whole picture of this size (the next may be one); -EINVAL; -ENOMEM.
 */
int v4l2_convert_lib_to_i420(struct v4l2_convert_lib *c, const uint8_t *data, size_t size,
			     uint32_t width, uint32_t height, const struct v4l2_i420 *ret);

static inline void v4l2_convert_lib_freep(struct v4l2_convert_lib **c)
{
	v4l2_convert_lib_free(*c);
}
