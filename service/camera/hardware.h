// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The nodes that help a camera: an encoder, a converter, a card that lends memory. Those that the
 * command line names are taken as they are; those that udev shows only if they are what they are
 * taken for, and only for a V4L2 device. Chosen once, before the process is confined to them.
 */
#pragma once

#include "camera/arrival.h"
#include "camera/options.h"
#include "camera/source.h"

struct v4l2_sys;

/* Begins to wait for what comes later, as long as a process that ends is followed by another one;
 * else ret->fd is -EBADF. Before choose, which may find out that what is there came just now. */
void hardware_await(const struct options *o, struct arrival *ret);

/* Fills in encoder, converter and card of the source. sys NULL means the kernel. */
void hardware_choose(const struct options *o, const struct v4l2_sys *sys, struct arrival *arrival,
		     struct source *source);
