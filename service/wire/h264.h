// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * H.264 byte streams (ITU-T H.264 Annex B) and their NAL units (section 7.3.1). Nothing is copied
 * and emulation prevention is left as it is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/slice.h"

/* Table 7-1. */
enum h264_nal_type {
	H264_NAL_SLICE = 1,
	H264_NAL_PARTITION_A = 2,
	H264_NAL_PARTITION_C = 4,
	H264_NAL_IDR = 5,
	H264_NAL_SEI = 6,
	H264_NAL_SPS = 7,
	H264_NAL_PPS = 8,
	H264_NAL_AUD = 9,
	H264_NAL_END_OF_SEQUENCE = 10,
	H264_NAL_END_OF_STREAM = 11,
	H264_NAL_FILLER = 12,
};

/* More NAL units in one access unit than any encoder here makes: slices, parameter sets, SEI. */
#define H264_AU_NALS_MAX 256

/* Of a NAL unit that is not empty. */
static inline unsigned h264_nal_type(struct slice nal)
{
	return nal.data[0] & 0x1f;
}

static inline unsigned h264_nal_ref_idc(struct slice nal)
{
	return nal.data[0] >> 5 & 3;
}

/* A coded slice of a picture (types 1 to 5), in whole or partitioned. */
static inline bool h264_is_vcl(struct slice nal)
{
	return h264_nal_type(nal) >= H264_NAL_SLICE && h264_nal_type(nal) <= H264_NAL_IDR;
}

struct h264_iter {
	const uint8_t *next; /* after the start code of the next NAL unit; NULL: at the end */
	const uint8_t *end;
};

/* Bytes before the first start code other than zeros are no byte stream: it then has no NAL. */
void h264_iter_init(struct h264_iter *it, struct slice stream);

/* NAL units in order, without start codes (00 00 01, zeros before it) and trailing zeros; empty
 * ones are passed over. */
bool h264_iter_next(struct h264_iter *it, struct slice *nal);

/* Whether the access unit holds an IDR picture: where a viewer can begin. */
bool h264_is_idr(struct slice au);

/* The last SPS and PPS before the first slice, pointing into au; data NULL where there is none. */
struct h264_parameter_sets {
	struct slice sps;
	struct slice pps;
};
void h264_find_parameter_sets(struct slice au, struct h264_parameter_sets *sets);
