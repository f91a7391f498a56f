// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/h264-sps.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "wire/bit-reader.h"
#include "wire/h264.h"

#define CHROMA_420          1
#define CHROMA_444          3
#define ASPECT_EXTENDED_SAR 255
/* Large enough for every level, small enough that the products below cannot overflow. */
#define MACROBLOCKS_MAX (H264_DIMENSION_MAX / 16)

/* Profiles whose SPS tells the chroma format and may carry scaling lists. */
static bool has_chroma_format(unsigned profile)
{
	static const uint8_t list[] = {44,  83,  86,  100, 110, 118, 122,
				       128, 134, 135, 138, 139, 244};

	return memchr(list, (int)profile, sizeof(list)) != NULL;
}

/* Section 7.3.2.1.1.1, only to get past it. */
static void skip_scaling_list(struct bit_reader *b, unsigned size)
{
	int32_t last = 8, next = 8;

	for (unsigned i = 0; i < size && next != 0 && !b->failed; i++) {
		int32_t delta = bit_reader_se(b);

		if (delta < -128 || delta > 127)
			b->failed = true;
		next = (last + delta + 256) % 256;
		last = next ? next : last;
	}
}

/* Returns ChromaArrayType. */
static unsigned read_chroma(struct bit_reader *b)
{
	unsigned format = bit_reader_ue_max(b, CHROMA_444);
	bool separate = format == CHROMA_444 && bit_reader_u(b, 1);

	bit_reader_ue_max(b, 6); /* bit_depth_luma_minus8 */
	bit_reader_ue_max(b, 6); /* bit_depth_chroma_minus8 */
	bit_reader_u(b, 1);      /* qpprime_y_zero_transform_bypass_flag */
	if (bit_reader_u(b, 1)) {
		for (unsigned i = 0; i < (format == CHROMA_444 ? 12 : 8); i++)
			if (bit_reader_u(b, 1))
				skip_scaling_list(b, i < 6 ? 16 : 64);
	}
	return separate ? 0 : format;
}

static void skip_picture_order(struct bit_reader *b)
{
	unsigned n, type = bit_reader_ue_max(b, 2);

	if (type == 0)
		bit_reader_ue_max(b, 12); /* log2_max_pic_order_cnt_lsb_minus4 */
	if (type != 1)
		return;
	bit_reader_u(b, 1); /* delta_pic_order_always_zero_flag */
	bit_reader_se(b);   /* offset_for_non_ref_pic */
	bit_reader_se(b);   /* offset_for_top_to_bottom_field */
	n = bit_reader_ue_max(b, 255);
	while (n-- > 0 && !b->failed)
		bit_reader_se(b);
}

/* Takes left + right units off a dimension; something must be left. */
static uint32_t crop(struct bit_reader *b, uint32_t dimension, uint32_t unit)
{
	uint64_t first = bit_reader_ue(b);
	uint64_t cut = (first + bit_reader_ue(b)) * unit;

	if (cut < dimension)
		return dimension - (uint32_t)cut;
	b->failed = true;
	return 0;
}

/* -EMSGSIZE: larger than the bounds; everything else shows in b->failed. */
static int read_dimensions(struct h264_sps *sps, struct bit_reader *b, unsigned chroma)
{
	uint32_t width = bit_reader_ue(b), height = bit_reader_ue(b);
	bool frames_only = bit_reader_u(b, 1);

	if (width >= MACROBLOCKS_MAX || height >= MACROBLOCKS_MAX / (frames_only ? 1 : 2))
		return -EMSGSIZE;
	sps->width = (width + 1) * 16;
	sps->height = (height + 1) * 16 * (frames_only ? 1 : 2);
	if (!frames_only)
		bit_reader_u(b, 1); /* mb_adaptive_frame_field_flag */
	bit_reader_u(b, 1);         /* direct_8x8_inference_flag */
	if (bit_reader_u(b, 1)) {
		unsigned unit_x = chroma == CHROMA_420 || chroma == 2 ? 2 : 1;
		unsigned unit_y = (chroma == CHROMA_420 ? 2 : 1) * (frames_only ? 1 : 2);

		sps->width = crop(b, sps->width, unit_x);
		sps->height = crop(b, sps->height, unit_y);
	}
	return 0;
}

static void read_timing(struct h264_sps *sps, struct bit_reader *b)
{
	uint32_t units = bit_reader_u(b, 32), scale = bit_reader_u(b, 32);

	/* A tick is a field: two to a frame. */
	if (units == 0 || scale == 0 || (scale % 2 && units > UINT32_MAX / 2))
		return;
	sps->fps_num = scale % 2 ? scale : scale / 2;
	sps->fps_den = scale % 2 ? units * 2 : units;
}

/* Annex E.1.1 up to the timing. */
static void read_vui(struct h264_sps *sps, struct bit_reader *b)
{
	if (bit_reader_u(b, 1) && bit_reader_u(b, 8) == ASPECT_EXTENDED_SAR)
		bit_reader_u(b, 32); /* sar_width, sar_height */
	if (bit_reader_u(b, 1))
		bit_reader_u(b, 1); /* overscan_appropriate_flag */
	if (bit_reader_u(b, 1)) {
		bit_reader_u(b, 4); /* video_format, video_full_range_flag */
		if (bit_reader_u(b, 1))
			bit_reader_u(b, 24); /* colour description */
	}
	if (bit_reader_u(b, 1)) {
		bit_reader_ue_max(b, 5); /* chroma_sample_loc_type_top_field */
		bit_reader_ue_max(b, 5);
	}
	if (bit_reader_u(b, 1))
		read_timing(sps, b);
}

int h264_sps_parse(struct h264_sps *sps, struct slice nal)
{
	struct bit_reader b;
	unsigned chroma = CHROMA_420;
	int r;

	*sps = (struct h264_sps){0};
	if (nal.len == 0 || h264_nal_type(nal) != H264_NAL_SPS)
		return -EBADMSG;
	if (nal.len > H264_SPS_MAX)
		return -EMSGSIZE;
	bit_reader_init(&b, slice_of(nal.data + 1, nal.len - 1));
	sps->profile_idc = bit_reader_u(&b, 8);
	sps->constraints = bit_reader_u(&b, 8);
	sps->level_idc = bit_reader_u(&b, 8);
	sps->id = bit_reader_ue_max(&b, 31);
	if (has_chroma_format(sps->profile_idc))
		chroma = read_chroma(&b);
	bit_reader_ue_max(&b, 12); /* log2_max_frame_num_minus4 */
	skip_picture_order(&b);
	bit_reader_ue_max(&b, 16); /* max_num_ref_frames */
	bit_reader_u(&b, 1);       /* gaps_in_frame_num_value_allowed_flag */
	r = read_dimensions(sps, &b, chroma);
	if (r < 0)
		return r;
	if (bit_reader_u(&b, 1))
		read_vui(sps, &b);
	return b.failed ? -EBADMSG : 0;
}
