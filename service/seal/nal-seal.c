// SPDX-License-Identifier: LGPL-2.1-or-later
#include "seal/nal-seal.h"

#include "base/cleanup.h"
#include "seal/bytes.h"
#include "wire/h264.h"

#define H264_SPS_EXTENSION 13
#define H264_SUBSET_SPS    15

/* ITU-T H.265 table 7-1. */
#define HEVC_VCL_MAX         31
#define HEVC_IRAP_MIN        16
#define HEVC_IRAP_MAX        23
#define HEVC_VPS             32
#define HEVC_PPS             34
#define HEVC_AUD             35
#define HEVC_END_OF_SEQUENCE 36
#define HEVC_END_OF_STREAM   37
#define HEVC_FILLER          38
#define HEVC_PREFIX_SEI      39

#define SEI_USER_DATA_UNREGISTERED 5
#define PAYLOAD_SIZE_MAX           (UUID_SIZE + SEAL_SIZE_MAX)
#define TRAILING_BITS              0x80

static size_t header_size(enum seal_codec codec)
{
	return codec == SEAL_CODEC_HEVC ? 2 : 1;
}

static unsigned hevc_type(struct slice nal)
{
	return nal.data[0] >> 1 & 0x3f;
}

/* Payload type 5, a size in whatever spelling, our UUID: nobody else's message. */
static bool holds_our_uuid(struct slice payload)
{
	size_t at = 1;

	if (payload.len < 1 || payload.data[0] != SEI_USER_DATA_UNREGISTERED)
		return false;
	while (at < payload.len && payload.data[at] == 0xff)
		at++;
	at++;
	return at + UUID_SIZE <= payload.len &&
	       memcmp(payload.data + at, seal_uuid, UUID_SIZE) == 0;
}

static enum nal_class classify_sei(struct slice nal, size_t header)
{
	return holds_our_uuid(slice_of(nal.data + header, nal.len - header)) ? NAL_SEAL
									     : NAL_HASHED;
}

/* A byte that says which slice types may come, and the trailing bit. */
static bool delimiter_valid(struct slice payload)
{
	return payload.len == 1 && (payload.data[0] & 0x1f) == 0x10;
}

static bool filler_valid(struct slice payload)
{
	size_t n = 0;

	while (n < payload.len && payload.data[n] == 0xff)
		n++;
	return n + 1 == payload.len && payload.data[n] == TRAILING_BITS;
}

static enum nal_class framing_if(bool valid)
{
	return valid ? NAL_FRAMING : NAL_BAD;
}

static enum nal_class filler_if(bool valid)
{
	return valid ? NAL_FILLER : NAL_BAD;
}

static enum nal_class classify_h264(struct slice nal)
{
	struct slice payload = slice_of(nal.data + 1, nal.len - 1);
	bool plain = h264_nal_ref_idc(nal) == 0;

	switch (h264_nal_type(nal)) {
	case H264_NAL_SLICE ... H264_NAL_PARTITION_C:
		return NAL_SLICE;
	case H264_NAL_IDR:
		return NAL_KEY_SLICE;
	case H264_NAL_SEI:
		return classify_sei(nal, 1);
	case H264_NAL_SPS:
	case H264_NAL_PPS:
	case H264_SPS_EXTENSION:
	case H264_SUBSET_SPS:
		return NAL_PARAMETER_SET;
	case H264_NAL_AUD:
		return framing_if(plain && delimiter_valid(payload));
	case H264_NAL_END_OF_SEQUENCE:
	case H264_NAL_END_OF_STREAM:
		return framing_if(plain && payload.len == 0);
	case H264_NAL_FILLER:
		return filler_if(plain && filler_valid(payload));
	default:
		return NAL_HASHED;
	}
}

static enum nal_class classify_hevc(struct slice nal)
{
	struct slice payload = slice_of(nal.data + 2, nal.len - 2);
	/* nuh_layer_id 0; a temporal id of 0 where the standard wants it. */
	bool base_layer = (nal.data[0] & 1) == 0 && nal.data[1] >> 3 == 0;
	bool plain = base_layer && nal.data[1] == 1;
	unsigned type = hevc_type(nal);

	if (type <= HEVC_VCL_MAX)
		return type >= HEVC_IRAP_MIN && type <= HEVC_IRAP_MAX ? NAL_KEY_SLICE : NAL_SLICE;
	if (type <= HEVC_PPS)
		return NAL_PARAMETER_SET;
	switch (type) {
	case HEVC_AUD:
		return framing_if(base_layer && delimiter_valid(payload));
	case HEVC_END_OF_SEQUENCE:
	case HEVC_END_OF_STREAM:
		return framing_if(plain && payload.len == 0);
	case HEVC_FILLER:
		return filler_if(base_layer && filler_valid(payload));
	case HEVC_PREFIX_SEI:
		return classify_sei(nal, 2);
	default:
		return NAL_HASHED;
	}
}

enum nal_class nal_seal_classify(enum seal_codec codec, struct slice nal)
{
	/* The first bit is 0 in every NAL unit, and so is never the temporal id plus 1. */
	if (nal.len < header_size(codec) || nal.data[0] & 0x80)
		return NAL_BAD;
	if (codec == SEAL_CODEC_HEVC)
		return (nal.data[1] & 7) == 0 ? NAL_BAD : classify_hevc(nal);
	return classify_h264(nal);
}

unsigned nal_seal_set_rank(enum seal_codec codec, struct slice nal)
{
	if (codec == SEAL_CODEC_HEVC)
		return hevc_type(nal) - HEVC_VPS;
	return h264_nal_type(nal) == H264_NAL_PPS ? 2 : 1;
}

/* A 03 before each byte 00 to 03 that follows two zeros. Returns the size. */
static size_t emulation_put(const uint8_t *in, size_t n, uint8_t *out)
{
	size_t used = 0, zeros = 0;

	for (size_t i = 0; i < n; i++) {
		if (zeros == 2 && in[i] <= 3) {
			out[used++] = 3;
			zeros = 0;
		}
		out[used++] = in[i];
		zeros = in[i] == 0 ? zeros + 1 : 0;
	}
	return used;
}

/* The reverse, of a payload not longer than out has room for. */
static size_t emulation_remove(struct slice in, uint8_t *out)
{
	size_t used = 0, zeros = 0;

	for (size_t i = 0; i < in.len; i++) {
		if (zeros >= 2 && in.data[i] == 3) {
			zeros = 0;
			continue;
		}
		out[used++] = in.data[i];
		zeros = in.data[i] == 0 ? zeros + 1 : 0;
	}
	return used;
}

int nal_seal_wrap(enum seal_codec codec, const uint8_t *seal, size_t n,
		  uint8_t ret[NAL_SEAL_SIZE_MAX])
{
	uint8_t message[1 + PAYLOAD_SIZE_MAX / 255 + 1 + PAYLOAD_SIZE_MAX + 1], *p = message;
	size_t left = UUID_SIZE + n, header = header_size(codec);

	if (n > SEAL_SIZE_MAX)
		return -EMSGSIZE;
	p = put_number(p, SEI_USER_DATA_UNREGISTERED, 1);
	for (; left >= 255; left -= 255)
		p = put_number(p, 255, 1);
	p = put_number(p, left, 1);
	p = put_bytes(p, seal_uuid, UUID_SIZE);
	p = put_bytes(p, seal, n);
	p = put_number(p, TRAILING_BITS, 1);
	if (codec == SEAL_CODEC_HEVC)
		put_number(ret, HEVC_PREFIX_SEI << 9 | 1, 2);
	else
		put_number(ret, H264_NAL_SEI, 1);
	return (int)(header + emulation_put(message, (size_t)(p - message), ret + header));
}

int nal_seal_unwrap(enum seal_codec codec, struct slice nal, uint8_t ret[SEAL_SIZE_MAX])
{
	uint8_t message[NAL_SEAL_SIZE_MAX], again[NAL_SEAL_SIZE_MAX];
	size_t header = header_size(codec), size, at = 1, n;

	if (nal.len < header || nal.len > NAL_SEAL_SIZE_MAX)
		return -EBADMSG;
	size = emulation_remove(slice_of(nal.data + header, nal.len - header), message);
	while (at < size && message[at] == 0xff)
		at++;
	at += 1 + UUID_SIZE;
	if (at + 1 > size || size - 1 - at > SEAL_SIZE_MAX)
		return -EBADMSG;
	n = size - 1 - at;
	memcpy(ret, message + at, n);
	/* One seal has one encoding: whatever was read leniently differs here. */
	if (nal_seal_wrap(codec, ret, n, again) != (int)nal.len ||
	    memcmp(again, nal.data, nal.len) != 0)
		return -EBADMSG;
	return (int)n;
}
