// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Makes I420 pictures smaller, by software: each sample is the mean of those that it stands for.
 * The borders between them fall on whole samples, so that one addition a sample is all it takes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SCALE_SIDE_MIN 16

/* By default at most this wide, and no more than half as wide as the source. */
#define SCALE_WIDTH_DEFAULT 640

struct scale_picture {
	const uint8_t *y, *u, *v;
	uint32_t y_stride, c_stride;
};

struct scale;

/*
 * The size of the small picture: as wanted where that is no larger than the source's, 0 for the
 * default. A width alone keeps the proportions. Both are even, and at least SCALE_SIDE_MIN.
 */
void scale_size(uint32_t width, uint32_t height, uint32_t want_width, uint32_t want_height,
		uint32_t *ret_width, uint32_t *ret_height);

/* Sides are even. Errors: -EINVAL (larger than the source, or nothing), -ENOMEM. */
int scale_new(uint32_t width, uint32_t height, uint32_t to_width, uint32_t to_height,
	      struct scale **ret);
struct scale *scale_free(struct scale *s);

/* *ret is the scaler's, good until the next call. */
void scale_picture(struct scale *s, const struct scale_picture *from, struct scale_picture *ret);
