// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Memory of a graphics card for others to use: "dumb buffers" of a DRM device, as DMA-bufs
 * (drivers/gpu/drm/drm_dumb_buffers.c, drm_prime.c). Displays of SoCs have it contiguous, as
 * encoders beside them want it.
 *
 * Nothing of a display is touched: the card is open only while memory is taken, never kept as its
 * master, and not asked for anything but memory. Built without libdrm's headers there is no card
 * that lends any.
 */
#pragma once

#include <stdint.h>

struct v4l2_pool;
struct v4l2_pool_need;
struct v4l2_sys;

/* 1: the node is a card that lends memory; 0: it is something else, or lends none. Errors: of
 * open(). sys NULL means the kernel. */
int v4l2_dumb_probe(const struct v4l2_sys *sys, const char *card);

/*
 * Buffers from a card, "/dev/dri/card0", into an empty pool; they outlive the card's being open.
 * -ENOENT, -EACCES: there is no such card for us (a render node lends nothing either: -EACCES);
 * -EOPNOTSUPP: it lends no memory, or is no card; -ENOSPC: less than was asked for; -ENOMEM. The
 * pool is empty after an error.
 */
int v4l2_dumb_allocate(struct v4l2_pool *pool, const struct v4l2_sys *sys, const char *card,
		       const struct v4l2_pool_need *need);

/* All that is asked of a card, as requests of ioctl(): what confinement has to leave. *ret is
 * constant. Returns how many. */
unsigned int v4l2_dumb_requests(const uint32_t **ret);
