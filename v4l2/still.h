// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One JPEG of one raw picture, by a hardware encoder (v4l2/m2m.h). The encoder is opened for it and
 * closed after it: no picture stays in its buffers.
 *
 *	begin -> take ... -> free
 *
 * Nothing here blocks. Poll v4l2_still_fd() for v4l2_still_events(), not at all while that is 0,
 * and call v4l2_still_take() at any event, and at v4l2_still_deadline().
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "v4l2/convert.h"

struct v4l2_still;
struct v4l2_sys;

/*
 * Gives the picture to the encoder PATH; it is copied, and may go when this returns. Of a format of
 * v4l2/convert.h, with even sides. quality: 1 to 100, as near as the encoder can; 0: its default.
 * sys NULL means the kernel. The caller owns *ret. -EOPNOTSUPP: no JPEG encoder, or another kind of
 * picture; others: those of v4l2_m2m_open() and v4l2_m2m_start().
 */
int v4l2_still_begin(const struct v4l2_sys *sys, const char *path, const struct v4l2_image *image,
		     int32_t quality, struct v4l2_still **ret);

int v4l2_still_fd(const struct v4l2_still *still);
uint32_t v4l2_still_events(const struct v4l2_still *still);
uint64_t v4l2_still_deadline(const struct v4l2_still *still); /* us, the clock of sys */

/*
 * The JPEG, valid until free: whole, and of the picture's size. -EAGAIN: not yet; -EIO: the encoder
 * gave something else, or nothing; -ETIMEDOUT: it has stalled; -ENODEV: unplugged.
 */
int v4l2_still_take(struct v4l2_still *still, const uint8_t **ret_data, size_t *ret_size);

/* NULL is allowed. Always returns NULL. */
struct v4l2_still *v4l2_still_free(struct v4l2_still *still);
