// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Boxes of the ISO base media file format (ISO/IEC 14496-12 section 4.2) and the big-endian fields
 * in them. Nothing is copied. Fields are taken off the front of a slice; one that is not there
 * fails.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wire/slice.h"

#define MP4_TYPE(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

struct mp4_box {
	uint32_t type;
	struct slice whole; /* with its header */
	struct slice payload;
};

/* The next box of rest. 1: one; 0: nothing is left. Errors: -EBADMSG (it does not fit). */
int mp4_box_next(struct slice *rest, struct mp4_box *ret);
/* The one box of this type in a container. Errors: -ENOENT, -EBADMSG (more than one, or rubbish).
 */
int mp4_box_find(struct slice container, uint32_t type, struct mp4_box *ret);

bool mp4_take(struct slice *s, size_t n, struct slice *ret);
bool mp4_take_u8(struct slice *s, uint8_t *ret);
bool mp4_take_u16(struct slice *s, uint16_t *ret);
bool mp4_take_u32(struct slice *s, uint32_t *ret);
bool mp4_take_u64(struct slice *s, uint64_t *ret);
/* Version and flags of a full box (section 4.2.2). */
bool mp4_take_full(struct slice *s, uint8_t *ret_version, uint32_t *ret_flags);

/* Entry i of a table of 32-bit or 64-bit fields; inside it. */
uint32_t mp4_u32_at(struct slice table, size_t i);
uint64_t mp4_u64_at(struct slice table, size_t i);
