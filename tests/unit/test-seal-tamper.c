// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Whatever is done to a sealed access unit on its way, the first frame that it was done to is
 * refused; what nobody touched is accepted. On H.264 with B pictures and two slices (x264), HEVC
 * with leading pictures (x265), JPEG, and what our own encoder makes.
 */
#include "camera/encoder.h"
#include "camera/pattern.h"
#include "seal-house.h"

static const enum seal_codec codecs[] = {SEAL_CODEC_H264, SEAL_CODEC_HEVC, SEAL_CODEC_JPEG};

static bool refused(enum verdict verdict)
{
	return verdict != VERDICT_VALID && verdict != VERDICT_WAITING;
}

/* A viewer that has accepted all units before i. */
static void view_until(const struct house *h, struct verifier *v, size_t i)
{
	house_view(h, v);
	for (size_t k = 0; k < i; k++)
		assert_verdict(house_judge(v, h->sealed[k], k), VERDICT_VALID);
}

/* Judged by a viewer of before: v stays as it was. */
static enum verdict try(const struct verifier *v, struct slice unit, size_t i)
{
	struct verifier copy = *v;

	return house_judge(&copy, unit, i);
}

/* Bits of a delimiter that say nothing about what is shown: which slice types may come, and in
 * HEVC the temporal id. */
static bool free_bits(const struct house *h, struct slice unit, size_t at, uint8_t byte)
{
	struct slice nals[1];

	if (h->codec == SEAL_CODEC_JPEG || seal_camera_nals(unit, nals, 1) == 0)
		return false;
	if (nal_seal_classify(h->codec, nals[0]) != NAL_FRAMING)
		return false;
	if (at == (size_t)(nals[0].data + nals[0].len - 1 - unit.data))
		return (byte & 0x1f) == 0x10;
	return h->codec == SEAL_CODEC_HEVC && unit.data + at == nals[0].data + 1 &&
	       byte >> 3 == 0 && byte != 0;
}

static void flip_unit(const struct house *h, size_t i, unsigned bits)
{
	struct slice unit = h->sealed[i];
	struct verifier v;
	uint8_t *bytes = malloc(unit.len);

	view_until(h, &v, i);
	memcpy(bytes, unit.data, unit.len);
	for (size_t at = 0; at < unit.len; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			enum verdict verdict;

			if (!(bits >> ((bit + at) % 8) & 1))
				continue;
			bytes[at] ^= (uint8_t)(1U << bit);
			verdict = try(&v, slice_of(bytes, unit.len), i);
			if (!refused(verdict) && !free_bits(h, unit, at, bytes[at]))
				fail_msg("codec %d, unit %zu, byte %zu, bit %u: %s", h->codec, i,
					 at, bit, verdict_name(verdict));
			bytes[at] = unit.data[at];
		}
	assert_verdict(try(&v, slice_of(bytes, unit.len), i), VERDICT_VALID);
	free(bytes);
	verifier_release(&v);
}

static void test_every_bit_of_a_unit(void **state)
{
	for (size_t c = 0; c < ARRAY_SIZE(codecs); c++) {
		struct house h;

		house_open(&h, codecs[c]);
		for (size_t i = 0; i < h.n; i++)
			flip_unit(&h, i, i < 2 ? 0xff : 0x08);
		house_close(&h);
	}
}

static void test_valid_streams(void **state)
{
	for (size_t c = 0; c < ARRAY_SIZE(codecs); c++) {
		struct house h;
		struct verifier v;

		house_open(&h, codecs[c]);
		view_until(&h, &v, h.n);
		verifier_release(&v);
		house_close(&h);
	}
}

/* Cut at either end, doubled, with bytes before and after. */
static void test_cuts(void **state)
{
	for (size_t c = 0; c < ARRAY_SIZE(codecs); c++) {
		struct house h;
		struct verifier v;

		house_open(&h, codecs[c]);
		view_until(&h, &v, 1);
		for (size_t n = 0; n < h.sealed[1].len; n++) {
			assert_true(refused(try(&v, slice_of(h.sealed[1].data, n), 1)));
			if (n > 12) /* a delimiter may go */
				assert_true(refused(
					try(&v, slice_of(h.sealed[1].data + n, h.sealed[1].len - n),
					    1)));
		}
		verifier_release(&v);
		house_close(&h);
	}
}

static bool may_go(const struct house *h, const struct slice *nals, size_t i)
{
	return nal_seal_classify(h->codec, nals[i]) == NAL_FRAMING;
}

/* The NAL units from `nals`, joined, are refused as unit i. */
static void assert_join_refused(const struct house *h, const struct verifier *v,
				const struct slice *nals, size_t n, size_t i, const char *what,
				size_t at)
{
	struct slice joined = seal_camera_join(nals, n);
	enum verdict verdict = try(v, joined, i);

	if (!refused(verdict))
		fail_msg("codec %d, unit %zu, %s %zu: %s", h->codec, i, what, at,
			 verdict_name(verdict));
	house_free(joined);
}

static void assert_join_verdict(const struct house *h, const struct verifier *v,
				const struct slice *nals, size_t n, enum verdict verdict)
{
	struct slice joined = seal_camera_join(nals, n);

	assert_verdict(try(v, joined, 1), verdict);
	house_free(joined);
}

/* Whether the two stand where they stand for a reason: not both before all that is hashed. */
static bool swap_matters(const struct house *h, struct slice a, struct slice b)
{
	enum nal_class x = nal_seal_classify(h->codec, a), y = nal_seal_classify(h->codec, b);

	return x != NAL_FRAMING && y != NAL_FRAMING && !(x == NAL_PARAMETER_SET && y == NAL_SEAL);
}

static void shuffle_unit(const struct house *h, size_t i)
{
	struct slice nals[16], other[16];
	struct verifier v;
	size_t n;

	view_until(h, &v, i);
	n = seal_camera_nals(h->sealed[i], nals, ARRAY_SIZE(nals));
	assert_true(n > 2);
	for (size_t k = 0; k < n; k++) {
		if (may_go(h, nals, k))
			continue;
		memcpy(other, nals, sizeof(other));
		memmove(other + k, other + k + 1, (n - k - 1) * sizeof(*other));
		/* Parameter sets that are in force already may be left out all together only. */
		assert_join_refused(h, &v, other, n - 1, i, "without NAL unit", k);
		if (nal_seal_classify(h->codec, nals[k]) != NAL_PARAMETER_SET) {
			memcpy(other, nals, (k + 1) * sizeof(*other));
			memcpy(other + k + 1, nals + k, (n - k) * sizeof(*other));
			assert_join_refused(h, &v, other, n + 1, i, "doubled NAL unit", k);
		}
		if (k + 1 < n && swap_matters(h, nals[k], nals[k + 1])) {
			memcpy(other, nals, sizeof(other));
			other[k] = nals[k + 1];
			other[k + 1] = nals[k];
			assert_join_refused(h, &v, other, n, i, "swapped NAL unit", k);
		}
	}
	verifier_release(&v);
}

static void test_nal_units_moved(void **state)
{
	static const enum seal_codec with_nals[] = {SEAL_CODEC_H264, SEAL_CODEC_HEVC};

	for (size_t c = 0; c < ARRAY_SIZE(with_nals); c++) {
		struct house h;

		house_open(&h, with_nals[c]);
		for (size_t i = 0; i < h.n; i++)
			shuffle_unit(&h, i);
		house_close(&h);
	}
}

/* The NAL units of a unit with one more between the last two. */
static void assert_between(const struct house *h, const struct verifier *v,
			   const struct slice *nals, size_t n, struct slice put,
			   enum verdict verdict)
{
	struct slice other[18];

	memcpy(other, nals, n * sizeof(*nals));
	other[n - 1] = put;
	other[n] = nals[n - 1];
	assert_join_verdict(h, v, other, n + 1, verdict);
}

/* A decoder would take one picture for two, and make up what each lacks. */
static void test_picture_split(void **state)
{
	static const uint8_t aud[] = {0x09, 0x10}, filler[] = {0x0c, 0xff, 0x80};
	static const uint8_t end_of_sequence[] = {0x0a}, end_of_stream[] = {0x0b};
	const struct slice splitting[] = {
		slice_of(aud, sizeof(aud)),
		slice_of(end_of_sequence, sizeof(end_of_sequence)),
		slice_of(end_of_stream, sizeof(end_of_stream)),
	};
	struct slice nals[17];
	struct verifier v;
	struct house h;
	size_t n;

	house_open(&h, SEAL_CODEC_H264);
	view_until(&h, &v, 1);
	n = seal_camera_nals(h.sealed[1], nals, 16);
	assert_true(nal_class_is_slice(nal_seal_classify(h.codec, nals[n - 2])));
	for (size_t i = 0; i < ARRAY_SIZE(splitting); i++) {
		assert_between(&h, &v, nals, n, splitting[i], VERDICT_MALFORMED);
		/* After the last slice nothing is split. */
		nals[n] = splitting[i];
		assert_join_verdict(&h, &v, nals, n + 1, VERDICT_VALID);
	}
	assert_between(&h, &v, nals, n, slice_of(filler, sizeof(filler)), VERDICT_VALID);
	verifier_release(&v);
	house_close(&h);
}

/* Sealed units in another order than that in which they were made, once each and twice. */
static void test_units_moved(void **state)
{
	for (size_t c = 0; c < ARRAY_SIZE(codecs); c++) {
		struct house h;
		struct verifier v;

		house_open(&h, codecs[c]);
		view_until(&h, &v, h.n / 2);
		for (size_t i = 0; i < h.n / 2; i++)
			assert_verdict(try(&v, h.sealed[i], i), VERDICT_SEQUENCE);
		verifier_release(&v);
		house_close(&h);
	}
}

/* The NAL unit of class `class` of a unit; its place in *ret_at. */
static size_t find(const struct house *h, const struct slice *nals, size_t n, enum nal_class class)
{
	for (size_t i = 0; i < n; i++)
		if (nal_seal_classify(h->codec, nals[i]) == class)
			return i;
	fail_msg("codec %d: no NAL unit of class %d", h->codec, class);
	return 0;
}

static void test_seal_on_another_frame(void **state)
{
	for (size_t c = 0; c < 2; c++) {
		struct slice a[16], b[16];
		struct verifier v;
		struct house h;
		size_t n_a, n_b;

		house_open(&h, codecs[c]);
		view_until(&h, &v, 2);
		n_a = seal_camera_nals(h.sealed[2], a, ARRAY_SIZE(a));
		n_b = seal_camera_nals(h.sealed[3], b, ARRAY_SIZE(b));
		b[find(&h, b, n_b, NAL_SEAL)] = a[find(&h, a, n_a, NAL_SEAL)];
		assert_join_refused(&h, &v, b, n_b, 2, "seal of another frame", 0);
		verifier_release(&v);
		house_close(&h);
	}
}

static void test_parameter_sets_of_another_keyframe(void **state)
{
	struct slice nals[16], other[16], joined;
	struct verifier v;
	struct house h;
	uint8_t sps[64];
	size_t n, at;

	house_open(&h, SEAL_CODEC_H264);
	view_until(&h, &v, 4);
	n = seal_camera_nals(h.sealed[4], nals, ARRAY_SIZE(nals));
	at = find(&h, nals, n, NAL_PARAMETER_SET);
	memcpy(sps, nals[at].data, nals[at].len);
	sps[3] ^= 1; /* level_idc */
	memcpy(other, nals, sizeof(other));
	other[at] = slice_of(sps, nals[at].len);
	joined = seal_camera_join(other, n);
	assert_verdict(try(&v, joined, 4), VERDICT_PARAMETER_SETS);
	house_free(joined);

	/* A foreign set before a frame that is no keyframe. */
	n = seal_camera_nals(h.sealed[5], nals, ARRAY_SIZE(nals));
	assert_verdict(house_judge(&v, h.sealed[4], 4), VERDICT_VALID);
	memcpy(other, nals, n * sizeof(*nals));
	memmove(other + 2, other + 1, (n - 1) * sizeof(*nals));
	other[1] = slice_of(sps, 24);
	joined = seal_camera_join(other, n + 1);
	assert_verdict(try(&v, joined, 5), VERDICT_PARAMETER_SETS);
	house_free(joined);
	verifier_release(&v);
	house_close(&h);
}

/* What containers and relays do, and what changes nothing that is shown. */
static void test_remuxed(void **state)
{
	struct slice nals[16], other[16], joined;
	struct verifier v;
	struct house h;
	size_t n, used;

	for (size_t c = 0; c < 2; c++) {
		house_open(&h, codecs[c]);
		house_view(&h, &v);
		for (size_t i = 0; i < h.n; i++) {
			used = 0;
			n = seal_camera_nals(h.sealed[i], nals, ARRAY_SIZE(nals));
			for (size_t k = 0; k < n; k++) {
				enum nal_class class = nal_seal_classify(h.codec, nals[k]);

				/* No delimiters; the sets of the first keyframe out of band. */
				if (class == NAL_PARAMETER_SET && i == 0)
					assert_int_equal(verifier_parameter_set(&v, nals[k]), 0);
				else if (class != NAL_FRAMING)
					other[used++] = nals[k];
			}
			joined = seal_camera_join(other, used);
			assert_verdict(house_judge(&v, joined, i), VERDICT_VALID);
			house_free(joined);
		}
		verifier_release(&v);
		house_close(&h);
	}
}

/* Our own encoder's stream. */
static void test_software_encoder(void **state)
{
	static const uint8_t uuid[UUID_SIZE] = {1};
	static const uint8_t delimiter[] = {0, 0, 0, 1, 9, 0xf0};
	struct source_format format = {.width = 320, .height = 240, .fps_num = 10, .fps_den = 1};
	struct encoder_config config =
		encoder_config_of(&format, &(struct camera_configuration){.gop = 4});
	struct house h = {.codec = SEAL_CODEC_H264, .n = 3};
	struct encoder *encoder;
	struct pattern *pattern;

	assert_int_equal(pattern_new("front", uuid, 320, 240, &pattern), 0);
	assert_int_equal(encoder_new(NULL, &format, &config, &encoder), 0);
	for (size_t i = 0; i < h.n; i++) {
		struct source_frame frame = {.captured_monotonic = i * SEAL_CAMERA_FRAME};
		struct pattern_planes p = pattern_planes(pattern);
		struct encoder_unit unit;
		uint8_t *copy;
		struct slice au;

		pattern_draw(pattern, (uint32_t)i, SEAL_CAMERA_REAL + frame.captured_monotonic);
		frame.y = p.y;
		frame.u = p.u;
		frame.v = p.v;
		frame.y_stride = p.y_stride;
		frame.c_stride = p.c_stride;
		assert_int_equal(encoder_submit(encoder, &frame, i, false), 0);
		assert_int_equal(encoder_next(encoder, &unit), 0);
		au = unit.bytes;
		copy = malloc(sizeof(delimiter) + au.len);
		memcpy(copy, delimiter, sizeof(delimiter));
		memcpy(copy + sizeof(delimiter), au.data, au.len);
		h.units[i] = slice_of(copy, sizeof(delimiter) + au.len);
	}
	house_seal(&h);
	for (size_t i = 0; i < h.n; i++)
		flip_unit(&h, i, 0x10);
	for (size_t i = 0; i < h.n; i++)
		house_free(h.units[i]);
	pattern_free(pattern);
	encoder_free(encoder);
	house_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid_streams),
		cmocka_unit_test(test_every_bit_of_a_unit),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_nal_units_moved),
		cmocka_unit_test(test_picture_split),
		cmocka_unit_test(test_units_moved),
		cmocka_unit_test(test_seal_on_another_frame),
		cmocka_unit_test(test_parameter_sets_of_another_keyframe),
		cmocka_unit_test(test_remuxed),
		cmocka_unit_test(test_software_encoder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
