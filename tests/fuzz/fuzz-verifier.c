// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A sealed stream, edited as the input says, against a verifier that wants it: what is accepted is
 * what was sealed, apart from framing, and never twice.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "seal/verifier.h"
#include "support/seal-camera.h"
#include "wire/h264.h"

#define UNITS     6
#define UNIT_MAX  4096
#define NALS_MAX  64
#define KEY_EVERY 3

struct stream {
	struct seal_camera camera;
	struct slice sealed[UNITS];
	struct verifier_config config;
};

/* An access unit of the codec: delimiter, parameter sets in keyframes, a foreign SEI, slices. */
static struct slice make_unit(enum seal_codec codec, size_t i)
{
	static const char *const h264[] = {"\x09\xf0",     "\x67\x42\x01\x02",
					   "\x68\xce\x03", "\x06\x05\x01\x07\x80",
					   "\x65\x88\x01", "\x41\x9a\x02"};
	static const char *const hevc[] = {"\x46\x01\x50", "\x40\x01\x0c", "\x42\x01\x02",
					   "\x44\x01\x03", "\x28\x01\x77", "\x02\x01\x66"};
	struct slice nals[8];
	char slice[16];
	size_t n = 0;
	bool key = i % KEY_EVERY == 0, is_hevc = codec == SEAL_CODEC_HEVC;
	const char *const *parts = is_hevc ? hevc : h264;

	nals[n++] = slice_text(parts[0]);
	for (size_t k = 1; key && k < (is_hevc ? 4U : 3U); k++)
		nals[n++] = slice_text(parts[k]);
	if (!is_hevc)
		nals[n++] = slice_text(parts[3]);
	memset(slice, 'a' + (int)i, sizeof(slice));
	memcpy(slice, parts[key ? 4 : 5], 3);
	nals[n++] = slice_of(slice, sizeof(slice));
	nals[n++] = slice_of(slice, sizeof(slice) - 1);
	return seal_camera_join(nals, n);
}

static struct slice make_jpeg(size_t i)
{
	static const char jpeg[] = "\xff\xd8\xff\xe0\0\4ab\xff\xda\0\4cdefgh\xff\xd9";
	uint8_t *copy = malloc(sizeof(jpeg) - 1);

	memcpy(copy, jpeg, sizeof(jpeg) - 1);
	copy[14] = (uint8_t)('a' + i);
	return slice_of(copy, sizeof(jpeg) - 1);
}

static const struct stream *stream_of(enum seal_codec codec)
{
	static struct stream streams[SEAL_CODEC_HEVC + 1];
	struct stream *s = &streams[codec];

	if (s->sealed[0].data)
		return s;
	seal_camera_init(&s->camera, codec, 1, 1, 3);
	for (size_t i = 0; i < UNITS; i++) {
		struct slice unit = codec == SEAL_CODEC_JPEG ? make_jpeg(i) : make_unit(codec, i);

		s->sealed[i] = seal_camera_seal(&s->camera, unit);
		free((void *)(uintptr_t)unit.data);
	}
	s->config = (struct verifier_config){.codec = codec, .freshness = VERIFIER_FILE};
	seal_camera_root(&s->camera, s->config.root);
	return s;
}

struct input {
	const uint8_t *next, *end;
};

static uint8_t take(struct input *in)
{
	return in->next < in->end ? *in->next++ : 0;
}

static size_t edit(struct input *in, const struct stream *s, uint8_t *unit, size_t size)
{
	uint8_t what = take(in);
	size_t at = ((size_t)take(in) << 8 | take(in)) % (size + 1), n = take(in);
	const struct slice *other = &s->sealed[n % UNITS];

	switch (what % 6) {
	case 1: /* change a byte */
		if (at < size)
			unit[at] ^= (uint8_t)n;
		break;
	case 2: /* cut n out */
		n = n < size - at ? n : size - at;
		memmove(unit + at, unit + at + n, size - at - n);
		return size - n;
	case 3: /* put a byte in */
		if (size == UNIT_MAX)
			break;
		memmove(unit + at + 1, unit + at, size - at);
		unit[at] = (uint8_t)n;
		return size + 1;
	case 4: /* a start code in */
		if (size + 3 > UNIT_MAX)
			break;
		memmove(unit + at + 3, unit + at, size - at);
		memcpy(unit + at, "\0\0\1", 3);
		return size + 3;
	case 5: /* another unit's end */
		if (at >= other->len)
			break;
		memcpy(unit + at, other->data + at, other->len - at);
		return other->len;
	}
	return size;
}

/* The NAL units of the classes that `wanted` says, in their order. */
static size_t pick(enum seal_codec codec, struct slice unit, bool (*wanted)(enum nal_class),
		   struct slice *ret)
{
	struct h264_iter it;
	struct slice nal;
	size_t n = 0;

	h264_iter_init(&it, unit);
	while (h264_iter_next(&it, &nal) && n < NALS_MAX)
		if (wanted(nal_seal_classify(codec, nal)))
			ret[n++] = nal;
	return n;
}

static bool is_seal(enum nal_class class)
{
	return class == NAL_SEAL;
}

static bool is_set(enum nal_class class)
{
	return class == NAL_PARAMETER_SET;
}

static bool same_nal(struct slice a, struct slice b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static bool same(enum seal_codec codec, struct slice a, struct slice b,
		 bool (*wanted)(enum nal_class))
{
	struct slice x[NALS_MAX], y[NALS_MAX];
	size_t n = pick(codec, a, wanted, x), m = pick(codec, b, wanted, y);

	for (size_t i = 0; i < n && i < m; i++)
		if (!same_nal(x[i], y[i]))
			return false;
	return n == m;
}

/* Each parameter set of a is one of b. */
static bool sets_known(enum seal_codec codec, struct slice a, struct slice b)
{
	struct slice x[NALS_MAX], y[NALS_MAX];
	size_t n = pick(codec, a, is_set, x), m = pick(codec, b, is_set, y);

	for (size_t i = 0; i < n; i++) {
		bool known = false;

		for (size_t k = 0; k < m && !known; k++)
			known = same_nal(x[i], y[k]);
		if (!known)
			return false;
	}
	return true;
}

static void check_accepted(const struct stream *s, struct slice unit, const struct seal *seal)
{
	enum seal_codec codec = s->config.codec;
	struct slice made, keyframe;
	size_t i;

	CHECK(seal->sequence >= 1 && seal->sequence <= UNITS);
	i = (size_t)seal->sequence - 1;
	made = s->sealed[i];
	keyframe = s->sealed[i - i % KEY_EVERY];
	if (codec == SEAL_CODEC_JPEG) {
		CHECK(same_nal(unit, made));
		return;
	}
	CHECK(same(codec, unit, made, nal_class_is_hashed));
	CHECK(same(codec, unit, made, is_seal));
	CHECK(sets_known(codec, unit, keyframe));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, data + size};
	const struct stream *s = stream_of((enum seal_codec)(take(&in) % 3 + 1));
	uint64_t last = 0;
	struct verifier v;

	CHECK(verifier_init(&v, &s->config) == 0);
	while (in.next < in.end) {
		struct slice from = s->sealed[take(&in) % UNITS];
		struct verifier_result result;
		uint8_t unit[UNIT_MAX];
		size_t n = from.len, edits = take(&in) % 4;
		enum verdict verdict;

		memcpy(unit, from.data, n);
		while (edits-- > 0)
			n = edit(&in, s, unit, n);
		verdict = verifier_unit(&v, slice_of(unit, n), (struct verifier_time){0}, &result);
		if (verdict != VERDICT_VALID && verdict != VERDICT_WAITING)
			continue;
		check_accepted(s, slice_of(unit, n), &result.seal);
		CHECK(result.seal.sequence > last);
		CHECK(verdict == VERDICT_WAITING || result.seal.keyframe ||
		      result.seal.sequence == last + 1);
		last = result.seal.sequence;
	}
	verifier_release(&v);
	return 0;
}
