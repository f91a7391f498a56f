// SPDX-License-Identifier: GPL-2.0-only
/*
 * ITU-T H.264, constrained baseline, without loss: a changed macroblock is I_PCM, an unchanged one
 * P_Skip; in a keyframe all are I_PCM.
 */
#include <linux/string.h>

#include "codec.h"
#include "writer.h"

#define HEADERS_ROOM 256u

#define NAL_SLICE 0x61
#define NAL_IDR   0x65
#define NAL_SPS   0x67
#define NAL_PPS   0x68

static u32 size_max(u32 width, u32 height)
{
	/* Emulation prevention adds a byte to two at worst. */
	return macroblocks(width) * macroblocks(height) * (MACROBLOCK * 3 / 2 + 8) + HEADERS_ROOM;
}

/* Section E.1.1: the rate, and that nothing is reordered. */
static void put_vui(struct writer *w, const struct venc_stream *s)
{
	writer_bits(w, 4, 0); /* aspect ratio, overscan, video signal, chroma location */
	writer_bits(w, 1, 1);
	writer_bits(w, 32, s->interval.numerator);
	writer_bits(w, 32, s->interval.denominator * 2);
	writer_bits(w, 1, 1); /* fixed rate */
	writer_bits(w, 3, 0); /* NAL and VCL HRD, picture structure */
	writer_bits(w, 1, 1); /* bitstream restrictions */
	writer_bits(w, 1, 1);
	writer_ue(w, 0);
	writer_ue(w, 0);
	writer_ue(w, 16);
	writer_ue(w, 16);
	writer_ue(w, 0); /* reordered */
	writer_ue(w, 1); /* kept for reference */
}

/* Section 7.3.2.1.1. */
static void put_sps(struct writer *w, const struct venc_stream *s)
{
	u32 wide = macroblocks(s->width), high = macroblocks(s->height);
	u32 right = wide * 16 - s->width, bottom = high * 16 - s->height;

	writer_begin_nal(w, NAL_SPS, 1);
	writer_bits(w, 8, 66);   /* baseline */
	writer_bits(w, 8, 0xc0); /* constrained */
	writer_bits(w, 8, 51);
	writer_ue(w, 0);
	writer_ue(w, 4); /* 8 bits of frame_num */
	writer_ue(w, 2); /* output in order of decoding */
	writer_ue(w, 1); /* one reference */
	writer_bits(w, 1, 0);
	writer_ue(w, wide - 1);
	writer_ue(w, high - 1);
	writer_bits(w, 2, 3); /* frames only, direct_8x8_inference */
	writer_bits(w, 1, right || bottom);
	if (right || bottom) {
		writer_ue(w, 0);
		writer_ue(w, right / 2);
		writer_ue(w, 0);
		writer_ue(w, bottom / 2);
	}
	writer_bits(w, 1, 1);
	put_vui(w, s);
	writer_end_nal(w);
}

/* Section 7.3.2.2. */
static void put_pps(struct writer *w)
{
	writer_begin_nal(w, NAL_PPS, 1);
	writer_ue(w, 0);
	writer_ue(w, 0);
	writer_bits(w, 2, 0); /* CAVLC, no field order */
	writer_ue(w, 0);
	writer_ue(w, 0);
	writer_ue(w, 0);
	writer_bits(w, 3, 0); /* no weighted prediction */
	writer_ue(w, 0);
	writer_ue(w, 0);
	writer_ue(w, 0);
	writer_bits(w, 3, 4); /* the deblocking filter can be switched off, and is */
	writer_end_nal(w);
}

static int write_headers(const struct venc_stream *s, u8 *to, u32 size)
{
	struct writer w = {.at = to, .end = to + size};

	put_sps(&w, s);
	put_pps(&w);
	return writer_result(&w, to);
}

/* Section 7.3.3. */
static void put_slice_header(struct writer *w, const struct venc_stream *s, bool keyframe)
{
	writer_begin_nal(w, keyframe ? NAL_IDR : NAL_SLICE, 1);
	writer_ue(w, 0);
	writer_ue(w, keyframe ? 7 : 5); /* I or P, the same for all slices */
	writer_ue(w, 0);
	writer_bits(w, 8, s->frame_num & 255);
	if (keyframe) {
		writer_ue(w, s->idr_pic_id);
		writer_bits(w, 2, 0);
	} else {
		writer_bits(w, 3, 0);
	}
	writer_ue(w, 0); /* slice_qp_delta */
	writer_ue(w, 1); /* no deblocking */
}

static int write_picture(struct venc_stream *s, const struct venc_picture *picture, bool keyframe,
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
			codec_gather(picture, x * 16, y * 16, samples);
			if (!keyframe && !memcmp(samples, before, MACROBLOCK)) {
				skipped++;
				continue;
			}
			memcpy(before, samples, MACROBLOCK);
			if (!keyframe)
				writer_ue(&w, skipped);
			skipped = 0;
			writer_ue(&w, keyframe ? 25 : 30); /* I_PCM */
			writer_align(&w);
			writer_samples(&w, samples, MACROBLOCK);
		}
	}
	if (skipped)
		writer_ue(&w, skipped);
	writer_end_nal(&w);
	s->frame_num++;
	return writer_result(&w, to);
}

const struct venc_codec codec_h264 = {
	.fourcc = V4L2_PIX_FMT_H264,
	.size_max = size_max,
	.headers = write_headers,
	.picture = write_picture,
};
