// SPDX-License-Identifier: LGPL-2.1-or-later
/* An H.264 file that is looped into a ring, one access unit at a time. */
#pragma once

#include <stdbool.h>

#include "base/ring-writer.h"

/*
 * Loads a byte stream that begins with a keyframe and its parameter sets, which go into
 * description, and creates the ring. NULL and errno on error. One clip a process.
 */
struct ring_writer *stub_clip_load(const char *path, struct ring_description *description);

/* Publishes the next access unit, or the first. Returns its index. */
uint64_t stub_clip_publish(struct ring_writer *ring, bool from_keyframe);
