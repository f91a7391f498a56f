// SPDX-License-Identifier: GPL-2.0-only
/*
 * ITU-T H.265, main profile, without loss: coding units of 16x16, as large as the tree blocks, each
 * of them PCM. A picture refers to no other, but only keyframes are IDR.
 */
#include "codec.h"
#include "writer.h"

#define HEADERS_ROOM 512u

/* Type of the NAL unit, layer 0, temporal id 1. */
#define NAL(type) ((type) << 9 | 1)
#define NAL_TRAIL NAL(1)
#define NAL_IDR   NAL(20)
#define NAL_VPS   NAL(32)
#define NAL_SPS   NAL(33)
#define NAL_PPS   NAL(34)

#define LEVEL 153 /* 5.1 */

static u32 size_max(u32 width, u32 height)
{
	/* Emulation prevention adds a byte to two at worst. */
	return macroblocks(width) * macroblocks(height) * (MACROBLOCK * 3 / 2 + 8) + HEADERS_ROOM;
}

/* Section 7.3.3: main, of one layer. */
static void put_profile(struct writer *w)
{
	writer_bits(w, 8, 1);
	writer_bits(w, 32, 0x60000000);
	writer_bits(w, 4, 9); /* progressive, frames only */
	writer_bits(w, 32, 0);
	writer_bits(w, 12, 0);
	writer_bits(w, 8, LEVEL);
}

/* How many pictures are kept, that none is reordered. */
static void put_ordering(struct writer *w)
{
	writer_bits(w, 1, 1);
	writer_ue(w, 1);
	writer_ue(w, 0);
	writer_ue(w, 0);
}

static void put_timing(struct writer *w, const struct venc_stream *s)
{
	writer_bits(w, 1, 1);
	writer_bits(w, 32, s->interval.numerator);
	writer_bits(w, 32, s->interval.denominator);
	writer_bits(w, 1, 0); /* not by picture order */
}

/* Section 7.3.2.1. */
static void put_vps(struct writer *w, const struct venc_stream *s)
{
	writer_begin_nal(w, NAL_VPS, 2);
	writer_bits(w, 4, 0);
	writer_bits(w, 2, 3);  /* a base layer, and it is here */
	writer_bits(w, 10, 1); /* one layer, one sub-layer, nested */
	writer_bits(w, 16, 0xffff);
	put_profile(w);
	put_ordering(w);
	writer_bits(w, 6, 0);
	writer_ue(w, 0); /* layer sets */
	put_timing(w, s);
	writer_ue(w, 0);      /* HRD */
	writer_bits(w, 1, 0); /* extension */
	writer_end_nal(w);
}

static void put_size(struct writer *w, const struct venc_stream *s)
{
	u32 width = macroblocks(s->width) * 16, height = macroblocks(s->height) * 16;
	u32 right = width - s->width, bottom = height - s->height;

	writer_ue(w, width);
	writer_ue(w, height);
	writer_bits(w, 1, right || bottom);
	if (right || bottom) {
		writer_ue(w, 0);
		writer_ue(w, right / 2);
		writer_ue(w, 0);
		writer_ue(w, bottom / 2);
	}
}

/* Blocks: of coding, of transforms, of PCM. */
static void put_blocks(struct writer *w)
{
	writer_ue(w, 1); /* coding blocks of 16 and no others */
	writer_ue(w, 0);
	writer_ue(w, 0); /* transforms of 4 to 16 */
	writer_ue(w, 2);
	writer_ue(w, 0);
	writer_ue(w, 0);
	writer_bits(w, 3, 0); /* scaling lists, asymmetric partitions, adaptive offset */
	writer_bits(w, 1, 1); /* PCM, of 8 bits */
	writer_bits(w, 8, 0x77);
	writer_ue(w, 1); /* in blocks of 16 */
	writer_ue(w, 0);
	writer_bits(w, 1, 1); /* no filter over it */
}

static void put_vui(struct writer *w, const struct venc_stream *s)
{
	writer_bits(w, 1, 1);
	writer_bits(w, 4, 0); /* aspect ratio, overscan, video signal, chroma location */
	writer_bits(w, 4, 0); /* neutral chroma, fields, field info, display window */
	put_timing(w, s);
	writer_bits(w, 2, 0); /* HRD, restrictions */
}

/* Section 7.3.2.2. */
static void put_sps(struct writer *w, const struct venc_stream *s)
{
	writer_begin_nal(w, NAL_SPS, 2);
	writer_bits(w, 8, 1); /* of VPS 0; one sub-layer, nested */
	put_profile(w);
	writer_ue(w, 0);
	writer_ue(w, 1); /* 4:2:0 */
	put_size(w, s);
	writer_ue(w, 0); /* 8 bits */
	writer_ue(w, 0);
	writer_ue(w, 4); /* 8 bits of picture order */
	put_ordering(w);
	put_blocks(w);
	writer_ue(w, 1); /* one set of references, which is empty */
	writer_ue(w, 0);
	writer_ue(w, 0);
	writer_bits(w, 3, 0); /* long-term references, temporal MVs, smoothing */
	put_vui(w, s);
	writer_bits(w, 1, 0); /* extension */
	writer_end_nal(w);
}

/* Section 7.3.2.3. */
static void put_pps(struct writer *w)
{
	writer_begin_nal(w, NAL_PPS, 2);
	writer_ue(w, 0);
	writer_ue(w, 0);
	writer_bits(w, 7, 0); /* dependent slices, output flag, extra bits, sign hiding, CABAC */
	writer_ue(w, 0);
	writer_ue(w, 0);
	writer_ue(w, 0);      /* quantizer 26 */
	writer_bits(w, 3, 0); /* constrained prediction, skipped transforms, other quantizers */
	writer_ue(w, 0);
	writer_ue(w, 0);
	writer_bits(w, 6, 0); /* chroma offsets, weights, bypass, tiles, wave fronts */
	writer_bits(w, 1, 0); /* filters stay in a slice */
	writer_bits(w, 3, 5); /* deblocking: told here alone, and it is off */
	writer_bits(w, 2, 0); /* scaling lists, modified lists */
	writer_ue(w, 0);
	writer_bits(w, 2, 0); /* more in slices, extension */
	writer_end_nal(w);
}

static int write_headers(const struct venc_stream *s, u8 *to, u32 size)
{
	struct writer w = {.at = to, .end = to + size};

	put_vps(&w, s);
	put_sps(&w, s);
	put_pps(&w);
	return writer_result(&w, to);
}

/* Section 7.3.6.1. */
static void put_slice_header(struct writer *w, const struct venc_stream *s, bool keyframe)
{
	writer_begin_nal(w, keyframe ? NAL_IDR : NAL_TRAIL, 2);
	writer_bits(w, 1, 1); /* the picture's first */
	if (keyframe)
		writer_bits(w, 1, 0);
	writer_ue(w, 0);
	writer_ue(w, 2); /* I */
	if (!keyframe) {
		writer_bits(w, 8, s->frame_num & 255);
		writer_bits(w, 1, 1); /* the one set of references */
	}
	writer_ue(w, 0); /* slice_qp_delta */
	writer_end_nal(w);
}

/*
 * Table 9-46, for the widest range: all that an arithmetic coder comes to where PCM makes it begin
 * anew for each unit. In each it codes at most three bins: that the slice goes on, which takes 2 of
 * the range; that the unit is not parted, the likelier symbol each time, so that its state rises to
 * the last; that it is PCM. The register does not overflow before the last one empties it.
 */
static const u8 least_likely[] = {
	240, 227, 216, 205, 195, 185, 175, 166, 158, 150, 142, 135, 128, 122, 116, 110,
	104, 99,  94,  89,  85,  80,  76,  72,  69,  65,  62,  59,  56,  53,  50,  48,
	45,  43,  41,  39,  37,  35,  33,  31,  30,  28,  27,  25,  24,  23,  22,  21,
	20,  19,  18,  17,  16,  15,  14,  14,  13,  12,  12,  11,  11,  10,  9,
};

/* The last bit is the stop bit. */
static void flush(struct writer *w, u32 range)
{
	writer_bits(w, 9, (range - 2) | 1);
	writer_align(w);
}

static int write_picture(struct venc_stream *s, const struct venc_picture *picture, bool keyframe,
			 u8 *to, u32 size)
{
	struct writer w = {.at = to, .end = to + size};
	u32 wide = macroblocks(s->width), n = wide * macroblocks(s->height), i;
	u8 samples[MACROBLOCK] __aligned(8);

	if (keyframe)
		s->frame_num = 0;
	put_slice_header(&w, s, keyframe);
	for (i = 0; i < n; i++) {
		u32 state = min_t(u32, i, ARRAY_SIZE(least_likely) - 1);

		flush(&w, (i ? 508 : 510) - least_likely[state]);
		codec_gather(picture, i % wide * 16, i / wide * 16, samples);
		writer_samples(&w, samples, MACROBLOCK);
	}
	flush(&w, 510);
	s->frame_num++;
	return writer_result(&w, to);
}

const struct venc_codec codec_hevc = {
	.fourcc = V4L2_PIX_FMT_HEVC,
	.size_max = size_max,
	.headers = write_headers,
	.picture = write_picture,
};
