// SPDX-License-Identifier: GPL-2.0-only
/* ITU-T H.264, as venc writes it. */
#include <linux/errno.h>
#include <linux/string.h>

#include "vh264dec.h"

#define SLICE 1
#define IDR   5
#define SPS   7

#define MB_I_PCM_IN_I 25
#define MB_I_PCM_IN_P 30
#define SLICE_P       5
#define SLICE_I       7
#define MACROBLOCKS   512u /* a side, at most */

/* Bits of a NAL unit, without its emulation prevention. */
struct reader {
	const u8 *at, *end;
	unsigned int zeros;
	u32 byte, n_bits; /* left of the current byte */
	bool failed;
};

static u8 next_byte(struct reader *r)
{
	u8 byte;

	if (r->zeros >= 2 && r->at < r->end && *r->at == 3) {
		r->at++;
		r->zeros = 0;
	}
	if (r->at >= r->end) {
		r->failed = true;
		return 0;
	}
	byte = *r->at++;
	r->zeros = byte ? 0 : r->zeros + 1;
	return byte;
}

static u32 get_bits(struct reader *r, unsigned int n)
{
	u32 value = 0;

	while (n--) {
		if (!r->n_bits) {
			r->byte = next_byte(r);
			r->n_bits = 8;
		}
		value = value << 1 | (r->byte >> --r->n_bits & 1);
	}
	return value;
}

static u32 get_ue(struct reader *r)
{
	unsigned int zeros = 0;

	while (!r->failed && !get_bits(r, 1))
		if (++zeros > 30)
			r->failed = true;
	return r->failed ? 0 : (1u << zeros) - 1 + get_bits(r, zeros);
}

/* The next NAL unit after its start code; its header is read. */
static bool next_nal(const u8 **at, const u8 *end, struct reader *ret, u8 *type)
{
	const u8 *p = *at, *stop;

	while (end - p >= 4 && (p[0] || p[1] || p[2] != 1))
		p++;
	if (end - p < 4)
		return false;
	p += 3;
	stop = p;
	while (end - stop >= 3 && (stop[0] || stop[1] || stop[2] > 1))
		stop++;
	if (end - stop < 3)
		stop = end;
	*type = *p & 31;
	*ret = (struct reader){.at = p + 1, .end = stop};
	*at = stop;
	return true;
}

/* Section 7.3.2.1.1. */
static int read_sps(struct reader *r, struct vh264dec_size *ret)
{
	u32 profile = get_bits(r, 8), wide, high;

	get_bits(r, 16);
	get_ue(r);
	if (profile != 66 || get_ue(r) != 4 || get_ue(r) != 2)
		return -EBADMSG;
	get_ue(r);
	get_bits(r, 1);
	wide = get_ue(r) + 1;
	high = get_ue(r) + 1;
	if (wide > MACROBLOCKS || high > MACROBLOCKS || get_bits(r, 2) != 3)
		return -EBADMSG;
	*ret = (struct vh264dec_size){wide * 16, high * 16, wide * 16, high * 16};
	if (get_bits(r, 1)) {
		u32 left = get_ue(r), right = get_ue(r), top = get_ue(r), bottom = get_ue(r);

		if (left || top || right > 7 || bottom > 7)
			return -EBADMSG;
		ret->visible_width -= right * 2;
		ret->visible_height -= bottom * 2;
	}
	return r->failed ? -EBADMSG : 0;
}

int vh264dec_read_size(const u8 *data, u32 len, struct vh264dec_size *ret)
{
	const u8 *at = data;
	struct reader r;
	u8 type;

	while (next_nal(&at, data + len, &r, &type))
		if (type == SPS)
			return read_sps(&r, ret) < 0 ? -EBADMSG : 1;
	return 0;
}

static void read_plane(struct reader *r, u8 *to, u32 stride, u32 side)
{
	u32 x, y;

	for (y = 0; y < side; y++, to += stride)
		for (x = 0; x < side; x++)
			to[x] = next_byte(r);
}

static void read_pcm(struct reader *r, const struct vh264dec_size *s, u8 *to, u32 macroblock)
{
	u32 x = macroblock % (s->width / 16), y = macroblock / (s->width / 16);
	u8 *cb = to + s->width * s->height, *cr = cb + s->width * s->height / 4;
	u32 chroma = y * 8 * (s->width / 2) + x * 8;

	r->n_bits = 0;
	read_plane(r, to + y * 16 * s->width + x * 16, s->width, 16);
	read_plane(r, cb + chroma, s->width / 2, 8);
	read_plane(r, cr + chroma, s->width / 2, 8);
}

/* Section 7.3.3: whether it is a P slice, or -EBADMSG. */
static int read_slice_header(struct reader *r, bool keyframe)
{
	u32 type;

	if (get_ue(r) != 0)
		return -EBADMSG;
	type = get_ue(r);
	get_ue(r);
	get_bits(r, 8);
	if (keyframe)
		get_ue(r);
	get_bits(r, keyframe ? 2 : 3);
	get_ue(r);
	if (type != (keyframe ? SLICE_I : SLICE_P) || get_ue(r) != 1 || r->failed)
		return -EBADMSG;
	return !keyframe;
}

static int read_slice(struct vh264dec_ctx *ctx, struct reader *r, bool keyframe)
{
	u32 n = ctx->size.width / 16 * (ctx->size.height / 16), i = 0;
	int p = read_slice_header(r, keyframe);

	if (p < 0)
		return p;
	while (i < n && !r->failed) {
		if (p)
			i += get_ue(r);
		if (i >= n)
			break;
		if (get_ue(r) != (p ? MB_I_PCM_IN_P : MB_I_PCM_IN_I))
			return -EBADMSG;
		read_pcm(r, &ctx->size, ctx->reference, i++);
	}
	return r->failed || i > n ? -EBADMSG : 1;
}

int vh264dec_decode(struct vh264dec_ctx *ctx, const u8 *data, u32 len, bool *keyframe)
{
	const u8 *at = data;
	struct reader r;
	u8 type;

	while (next_nal(&at, data + len, &r, &type)) {
		if (type != SLICE && type != IDR)
			continue;
		*keyframe = type == IDR;
		if (!*keyframe && !ctx->has_picture)
			return -EBADMSG;
		ctx->has_picture = true;
		return read_slice(ctx, &r, *keyframe);
	}
	return 0;
}
