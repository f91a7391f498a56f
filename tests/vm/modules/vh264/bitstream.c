// SPDX-License-Identifier: GPL-2.0-only
/*
 * ITU-T H.264, constrained baseline, without loss: a changed macroblock is I_PCM, an unchanged one
 * P_Skip; in a keyframe all are I_PCM.
 */
#include <asm/unaligned.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "vh264.h"

#define MACROBLOCK   384u /* samples: 16x16 luma, two of 8x8 chroma */
#define HEADERS_ROOM 256u

#define NAL_SLICE 0x61
#define NAL_IDR   0x65
#define NAL_SPS   0x67
#define NAL_PPS   0x68

struct writer {
	u8 *at, *end;
	u32 bits, n_bits;
	unsigned int zeros; /* bytes of 0 just before, for emulation prevention */
	bool overflow;
};

static void put_raw(struct writer *w, u8 byte)
{
	if (w->at < w->end)
		*w->at++ = byte;
	else
		w->overflow = true;
}

static void put_byte(struct writer *w, u8 byte)
{
	if (w->zeros >= 2 && byte <= 3) {
		put_raw(w, 3);
		w->zeros = 0;
	}
	put_raw(w, byte);
	w->zeros = byte ? 0 : w->zeros + 1;
}

static void put_bits(struct writer *w, unsigned int n, u32 value)
{
	while (n--) {
		w->bits = w->bits << 1 | (value >> n & 1);
		if (++w->n_bits == 8) {
			put_byte(w, w->bits);
			w->n_bits = w->bits = 0;
		}
	}
}

static void put_ue(struct writer *w, u32 value)
{
	unsigned int length = fls(value + 1);

	put_bits(w, length - 1, 0);
	put_bits(w, length, value + 1);
}

static void align_with_zeros(struct writer *w)
{
	while (w->n_bits)
		put_bits(w, 1, 0);
}

static void begin_nal(struct writer *w, u8 header)
{
	put_raw(w, 0);
	put_raw(w, 0);
	put_raw(w, 0);
	put_raw(w, 1);
	put_raw(w, header);
	w->zeros = 0;
}

static void end_nal(struct writer *w)
{
	put_bits(w, 1, 1);
	align_with_zeros(w);
}

/* Samples as they are; eight at a time where none is 0. */
static void put_samples(struct writer *w, const u8 *samples)
{
	u32 i, k;

	for (i = 0; i < MACROBLOCK; i += 8) {
		u64 v = get_unaligned((const u64 *)(samples + i));
		bool has_zero = (v - 0x0101010101010101ULL) & ~v & 0x8080808080808080ULL;

		if (!has_zero && w->zeros < 2 && w->end - w->at >= 8) {
			put_unaligned(v, (u64 *)w->at);
			w->at += 8;
			w->zeros = 0;
		} else {
			for (k = 0; k < 8; k++)
				put_byte(w, samples[i + k]);
		}
	}
}

static u32 macroblocks(u32 length)
{
	return DIV_ROUND_UP(length, 16);
}

u32 vh264_coded_size_max(u32 width, u32 height)
{
	/* Emulation prevention adds a byte to two at worst. */
	return macroblocks(width) * macroblocks(height) * (MACROBLOCK * 3 / 2 + 8) + HEADERS_ROOM;
}

int vh264_stream_begin(struct vh264_stream *stream, u32 width, u32 height)
{
	vfree(stream->reference);
	stream->width = width;
	stream->height = height;
	stream->reference = vzalloc(macroblocks(width) * macroblocks(height) * MACROBLOCK);
	return stream->reference ? 0 : -ENOMEM;
}

void vh264_stream_end(struct vh264_stream *stream)
{
	vfree(stream->reference);
	stream->reference = NULL;
}

/* Section E.1.1: the rate, and that nothing is reordered. */
static void put_vui(struct writer *w, const struct vh264_stream *s)
{
	put_bits(w, 4, 0); /* aspect ratio, overscan, video signal, chroma location */
	put_bits(w, 1, 1);
	put_bits(w, 32, s->interval.numerator);
	put_bits(w, 32, s->interval.denominator * 2);
	put_bits(w, 1, 1); /* fixed rate */
	put_bits(w, 3, 0); /* NAL and VCL HRD, picture structure */
	put_bits(w, 1, 1); /* bitstream restrictions */
	put_bits(w, 1, 1);
	put_ue(w, 0);
	put_ue(w, 0);
	put_ue(w, 16);
	put_ue(w, 16);
	put_ue(w, 0); /* reordered */
	put_ue(w, 1); /* kept for reference */
}

/* Section 7.3.2.1.1. */
static void put_sps(struct writer *w, const struct vh264_stream *s)
{
	u32 wide = macroblocks(s->width), high = macroblocks(s->height);
	u32 right = wide * 16 - s->width, bottom = high * 16 - s->height;

	begin_nal(w, NAL_SPS);
	put_bits(w, 8, 66);   /* baseline */
	put_bits(w, 8, 0xc0); /* constrained */
	put_bits(w, 8, 51);
	put_ue(w, 0);
	put_ue(w, 4); /* 8 bits of frame_num */
	put_ue(w, 2); /* output in order of decoding */
	put_ue(w, 1); /* one reference */
	put_bits(w, 1, 0);
	put_ue(w, wide - 1);
	put_ue(w, high - 1);
	put_bits(w, 2, 3); /* frames only, direct_8x8_inference */
	put_bits(w, 1, right || bottom);
	if (right || bottom) {
		put_ue(w, 0);
		put_ue(w, right / 2);
		put_ue(w, 0);
		put_ue(w, bottom / 2);
	}
	put_bits(w, 1, 1);
	put_vui(w, s);
	end_nal(w);
}

/* Section 7.3.2.2. */
static void put_pps(struct writer *w)
{
	begin_nal(w, NAL_PPS);
	put_ue(w, 0);
	put_ue(w, 0);
	put_bits(w, 2, 0); /* CAVLC, no field order */
	put_ue(w, 0);
	put_ue(w, 0);
	put_ue(w, 0);
	put_bits(w, 3, 0); /* no weighted prediction */
	put_ue(w, 0);
	put_ue(w, 0);
	put_ue(w, 0);
	put_bits(w, 3, 4); /* the deblocking filter can be switched off, and is */
	end_nal(w);
}

int vh264_write_headers(const struct vh264_stream *s, u8 *to, u32 size)
{
	struct writer w = {.at = to, .end = to + size};

	put_sps(&w, s);
	put_pps(&w);
	return w.overflow ? -ENOSPC : w.at - to;
}

/* The samples of a macroblock; beyond the picture its edge is repeated. */
static void gather(const struct vh264_picture *p, u32 x0, u32 y0, u8 *to)
{
	u8 *cb = to + 256, *cr = to + 320;
	u32 x, y;

	for (y = 0; y < 16; y++, to += 16) {
		const u8 *line = p->y + min(y0 + y, p->height - 1) * p->y_stride;

		if (x0 + 16 <= p->width)
			memcpy(to, line + x0, 16);
		else
			for (x = 0; x < 16; x++)
				to[x] = line[min(x0 + x, p->width - 1)];
	}
	for (y = 0; y < 8; y++) {
		u32 line = min(y0 / 2 + y, p->height / 2 - 1) * p->c_stride;

		for (x = 0; x < 8; x++) {
			u32 at = line + min(x0 / 2 + x, p->width / 2 - 1) * p->c_step;

			*cb++ = p->cb[at];
			*cr++ = p->cr[at];
		}
	}
}

/* Section 7.3.3. */
static void put_slice_header(struct writer *w, const struct vh264_stream *s, bool keyframe)
{
	begin_nal(w, keyframe ? NAL_IDR : NAL_SLICE);
	put_ue(w, 0);
	put_ue(w, keyframe ? 7 : 5); /* I or P, the same for all slices */
	put_ue(w, 0);
	put_bits(w, 8, s->frame_num & 255);
	if (keyframe) {
		put_ue(w, s->idr_pic_id);
		put_bits(w, 2, 0);
	} else {
		put_bits(w, 3, 0);
	}
	put_ue(w, 0); /* slice_qp_delta */
	put_ue(w, 1); /* no deblocking */
}

int vh264_write_picture(struct vh264_stream *s, const struct vh264_picture *picture, bool keyframe,
			u8 *to, u32 size)
{
	struct writer w = {.at = to, .end = to + size};
	u32 wide = macroblocks(s->width), high = macroblocks(s->height);
	u32 x, y, skipped = 0;
	u8 samples[MACROBLOCK] __aligned(8);
	u8 *before = s->reference;

	if (keyframe) {
		s->frame_num = 0;
		s->idr_pic_id ^= 1;
	}
	put_slice_header(&w, s, keyframe);
	for (y = 0; y < high; y++) {
		for (x = 0; x < wide; x++, before += MACROBLOCK) {
			gather(picture, x * 16, y * 16, samples);
			if (!keyframe && !memcmp(samples, before, MACROBLOCK)) {
				skipped++;
				continue;
			}
			memcpy(before, samples, MACROBLOCK);
			if (!keyframe)
				put_ue(&w, skipped);
			skipped = 0;
			put_ue(&w, keyframe ? 25 : 30); /* I_PCM */
			align_with_zeros(&w);
			put_samples(&w, samples);
		}
	}
	if (skipped)
		put_ue(&w, skipped);
	end_nal(&w);
	s->frame_num++;
	return w.overflow ? -ENOSPC : w.at - to;
}
