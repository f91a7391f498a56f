// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/scale.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"

#define PLACES 32 /* binary, of a divisor's inverse: exact for any size */
#define HALF   (UINT64_C(1) << (PLACES - 1))
#define BLOCK  16

/* One plane; borders in samples of the source. */
struct plane {
	uint32_t width, height, to_width, to_height;
	uint8_t *out; /* into the scaler's; to_width a row */
};

struct scale {
	struct plane luma, u, v;
	uint32_t *columns; /* sums of the rows that one row stands for */
	uint8_t *samples;
};

static uint32_t even(uint64_t side)
{
	return side < SCALE_SIDE_MIN ? SCALE_SIDE_MIN : (uint32_t)side & ~1U;
}

void scale_size(uint32_t width, uint32_t height, uint32_t want_width, uint32_t want_height,
		uint32_t *ret_width, uint32_t *ret_height)
{
	uint32_t w = want_width ? want_width : width / 2;

	if (!want_width && w > SCALE_WIDTH_DEFAULT)
		w = SCALE_WIDTH_DEFAULT;
	w = w < width ? even(w) : width;
	if (!want_height)
		want_height = even((uint64_t)height * w / width);
	*ret_width = w;
	*ret_height = want_height < height ? even(want_height) : height;
}

static uint64_t invert(uint64_t n)
{
	return ((UINT64_C(1) << PLACES) + n / 2) / n;
}

static uint32_t border(uint32_t i, uint32_t from, uint32_t to)
{
	return (uint32_t)((uint64_t)i * from / to);
}

/* In blocks of a size that compilers make vectors of. */
static void add_row(uint32_t *restrict columns, const uint8_t *restrict row, uint32_t n)
{
	uint32_t x = 0;

	for (; x + BLOCK <= n; x += BLOCK)
		for (uint32_t k = 0; k < BLOCK; k++)
			columns[x + k] += row[x + k];
	for (; x < n; x++)
		columns[x] += row[x];
}

static void set_row(uint32_t *restrict columns, const uint8_t *restrict row, uint32_t n)
{
	uint32_t x = 0;

	for (; x + BLOCK <= n; x += BLOCK)
		for (uint32_t k = 0; k < BLOCK; k++)
			columns[x + k] = row[x + k];
	for (; x < n; x++)
		columns[x] = row[x];
}

/*
 * The means of the columns' sums over `rows` rows. Of borders that follow each other, the distance
 * is the same or one more: two divisors, and no division a sample.
 */
static void average(const struct plane *p, const uint32_t *columns, uint32_t rows, uint8_t *out)
{
	uint32_t step = p->width / p->to_width, rest = p->width % p->to_width, over = 0;
	const uint64_t inverse[] = {invert((uint64_t)step * rows),
				    invert((uint64_t)(step + 1) * rows)};

	for (uint32_t i = 0; i < p->to_width; i++) {
		uint32_t more = (over += rest) >= p->to_width;
		uint64_t sum = 0;

		over -= more ? p->to_width : 0;
		for (uint32_t n = step + more; n > 0; n--)
			sum += *columns++;
		out[i] = (uint8_t)((sum * inverse[more] + HALF) >> PLACES);
	}
}

static void scale_plane(const struct plane *p, uint32_t *columns, const uint8_t *from,
			uint32_t stride)
{
	for (uint32_t i = 0, y = 0; i < p->to_height; i++) {
		uint32_t begin = y, end = border(i + 1, p->height, p->to_height);

		set_row(columns, from + (size_t)stride * y, p->width);
		while (++y < end)
			add_row(columns, from + (size_t)stride * y, p->width);
		average(p, columns, end - begin, p->out + (size_t)i * p->to_width);
	}
}

int scale_new(uint32_t width, uint32_t height, uint32_t to_width, uint32_t to_height,
	      struct scale **ret)
{
	struct scale *s;
	size_t luma = (size_t)to_width * to_height;

	if (!to_width || !to_height || to_width > width || to_height > height ||
	    (width | height | to_width | to_height) & 1)
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->columns = calloc(width, sizeof(*s->columns));
	s->samples = malloc(luma + luma / 2);
	if (!s->columns || !s->samples) {
		scale_free(s);
		return -ENOMEM;
	}
	s->luma = (struct plane){width, height, to_width, to_height, s->samples};
	s->u = (struct plane){width / 2, height / 2, to_width / 2, to_height / 2,
			      s->samples + luma};
	s->v = s->u;
	s->v.out += luma / 4;
	*ret = s;
	return 0;
}

struct scale *scale_free(struct scale *s)
{
	if (s) {
		free(s->columns);
		free(s->samples);
		free(s);
	}
	return NULL;
}

void scale_picture(struct scale *s, const struct scale_picture *from, struct scale_picture *ret)
{
	scale_plane(&s->luma, s->columns, from->y, from->y_stride);
	scale_plane(&s->u, s->columns, from->u, from->c_stride);
	scale_plane(&s->v, s->columns, from->v, from->c_stride);
	*ret = (struct scale_picture){
		.y = s->luma.out,
		.u = s->u.out,
		.v = s->v.out,
		.y_stride = s->luma.to_width,
		.c_stride = s->u.to_width,
	};
}
