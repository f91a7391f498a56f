// SPDX-License-Identifier: LGPL-2.1-or-later
/* What an epoch makes of a source whose first frame decides what it gives: sealed units. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/ring-reader.h"
#include "camera/epoch.h"
#include "epoch-certificate.h"
#include "seal/verifier.h"

#define SIZE 32
#define ROOM 65536

struct undecided {
	struct source source;
	struct source_format format; /* that the first frame brings */
	bool ready;                  /* a frame waits */
	uint32_t dropped;            /* before it */
	struct slice au;             /* NULL: the picture itself */
	uint8_t picture[SIZE * SIZE * 3 / 2];
};

static int undecided_open(struct source *s, const struct source_want *want,
			  struct source_format *ret)
{
	*ret = (struct source_format){.undecided = true, .fps_num = 10, .fps_den = 1};
	return 0;
}

static void undecided_close(struct source *s)
{
}

static int undecided_next(struct source *s, struct source_frame *ret)
{
	struct undecided *u = (struct undecided *)s;

	if (!u->ready)
		return -EAGAIN;
	source_stamp(ret, clock_monotonic());
	ret->format = &u->format;
	ret->y = ret->u = ret->v = u->picture;
	ret->y_stride = SIZE;
	ret->c_stride = SIZE / 2;
	ret->au = u->au.data ? u->au : slice_of(u->picture, sizeof(u->picture));
	ret->dropped = u->dropped;
	return 0;
}

static int undecided_release(struct source *s, uint32_t id)
{
	return 0;
}

static const struct source_ops ops = {
	.open = undecided_open,
	.close = undecided_close,
	.next = undecided_next,
	.release = undecided_release,
};

static const struct ring_description description = {
	.camera_uuid = {1}, .camera_name = "front", .epoch = 1};

static struct sealer *sealer;

static void make_sealer(void)
{
	struct camera_epoch_key key = {.epoch = description.epoch};
	struct camera_certificate c;

	assert_int_equal(sealer_new(&description, &sealer), 0);
	sealer_public_key(sealer, key.key);
	epoch_certificate(&key, description.camera_name, description.camera_uuid, &c);
	assert_int_equal(sealer_certify(sealer, c.certificate, c.size), 0);
	assert_int_equal(sealer_certify(sealer, c.certificate, c.size), -EALREADY);
}

static void end(struct epoch *e)
{
	epoch_end(e);
	sealer = sealer_free(sealer);
}

static void begin_verifier(struct verifier *v, enum seal_codec codec)
{
	struct verifier_config config = {
		.codec = codec, .freshness = VERIFIER_FILE, .camera_name = "front"};
	struct seal_key *root;

	assert_int_equal(seal_key_from_seed(root_seed, &root), 0);
	seal_key_public(root, config.root);
	seal_key_free(root);
	assert_int_equal(verifier_init(v, &config), 0);
}

/* The next n units of the ring are valid and follow each other; returns the last one's size. */
static size_t verify_units(const struct epoch *e, enum seal_codec codec, unsigned n,
			   uint8_t bytes[ROOM])
{
	struct verifier_result result;
	struct ring_reader ring;
	struct ring_unit unit;
	struct verifier v;

	begin_verifier(&v, codec);
	assert_int_equal(ring_reader_open(&ring, ring_writer_fd(epoch_told(e)->ring),
					  ring_writer_size(epoch_told(e)->ring)),
			 0);
	ring.next = 0;
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(ring_reader_peek(&ring, &unit), 0);
		assert_true(unit.length <= ROOM);
		assert_int_equal(ring_reader_copy(&ring, &unit, bytes), 0);
		assert_int_equal(verifier_unit(&v, slice_of(bytes, unit.length),
					       (struct verifier_time){}, &result),
				 VERDICT_VALID);
		assert_int_equal(result.seal.sequence, i + 1);
		assert_int_equal(result.seal.sequence, unit.sequence);
		assert_int_equal(result.seal.epoch, 1);
		assert_int_equal(result.seal.realtime, unit.captured_realtime);
		assert_true(result.seal.boottime <= clock_now(CLOCK_BOOTTIME));
		assert_true(result.seal.boottime + USEC_PER_SEC > clock_now(CLOCK_BOOTTIME));
	}
	ring_reader_close(&ring);
	verifier_release(&v);
	return unit.length;
}

/* One frame through it all. */
static int take(struct epoch *e, struct stream_progress *ret)
{
	struct stream_progress more;
	int r = epoch_step(e);

	*ret = (struct stream_progress){};
	if (r >= 0)
		r = epoch_collect(e, ret);
	if (r > 0)
		r = epoch_collect(e, &more);
	return r;
}

static void begin(struct epoch *e, struct undecided *u)
{
	const struct camera_configuration none = {};
	struct stream_progress progress;

	u->source.ops = &ops;
	make_sealer();
	assert_int_equal(
		epoch_begin(e, &u->source, sealer, &description, &none, 1U << RING_STREAM_MAIN), 0);
	assert_null(epoch_told(e)->encoder);
	assert_int_equal(take(e, &progress), 0);
	assert_null(epoch_told(e)->encoder);
	assert_false(progress.published);
	u->ready = true;
}

/* SOI, a comment, a scan, EOI. */
static void draw_jpeg(uint8_t *picture, size_t size)
{
	static const uint8_t head[] = {0xff, 0xd8, 0xff, 0xfe, 0, 3, 7, 0xff, 0xda, 0, 2};

	memset(picture, 0x5a, size);
	memcpy(picture, head, sizeof(head));
	memcpy(picture + size - 2, "\xff\xd9", 2);
}

static void step(struct epoch *e, unsigned n)
{
	struct stream_progress progress;

	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(take(e, &progress), 0);
		assert_int_equal(progress.ring_ready, i == 0);
		assert_true(progress.published);
	}
}

static void jpeg_pictures_go_into_the_ring_as_they_are_but_sealed(void **state)
{
	struct undecided u = {
		.format = {.encoded = true,
			   .codec = RING_CODEC_JPEG,
			   .width = SIZE,
			   .height = SIZE,
			   .fps_num = 10,
			   .fps_den = 1},
	};
	uint8_t bytes[ROOM];
	size_t size, sealed;
	struct epoch e;

	draw_jpeg(u.picture, sizeof(u.picture));
	begin(&e, &u);
	step(&e, 3);
	assert_int_equal(epoch_told(&e)->encoder->path, CAMERA_PATH_PASSTHROUGH);
	assert_int_equal(epoch_told(&e)->description.codec, RING_CODEC_JPEG);
	assert_int_equal(epoch_told(&e)->description.width, SIZE);
	assert_int_equal(epoch_told(&e)->description.parameter_sets_size, 0);
	size = verify_units(&e, SEAL_CODEC_JPEG, 3, bytes);
	assert_memory_equal(bytes, u.picture, 2);
	sealed = size - sizeof(u.picture);
	assert_memory_equal(bytes + 2 + sealed, u.picture + 2, sizeof(u.picture) - 2);
	end(&e);
}

static void a_seal_that_a_picture_brings_is_replaced(void **state)
{
	struct undecided u = {
		.format = {.encoded = true,
			   .codec = RING_CODEC_JPEG,
			   .width = SIZE,
			   .height = SIZE,
			   .fps_num = 10,
			   .fps_den = 1},
	};
	static const uint8_t old[] = {0xff, 0xd8, 0xff, 0xeb, 0,    20,   0xf1, 0xf8, 0xec, 0x4a,
				      0x3b, 0x5c, 0x4b, 0x0e, 0x9c, 0x1d, 0x63, 0x61, 0x6d, 0x77,
				      0x61, 0x72, 1,    1,    0xff, 0xda, 0,    2};
	uint8_t bytes[ROOM];
	struct epoch e;

	draw_jpeg(u.picture, sizeof(u.picture));
	memcpy(u.picture, old, sizeof(old));
	begin(&e, &u);
	step(&e, 1);
	verify_units(&e, SEAL_CODEC_JPEG, 1, bytes);
	end(&e);
}

static void nothing_is_published_unsealed(void **state)
{
	struct undecided u = {
		.format = {.width = SIZE, .height = SIZE, .fps_num = 10, .fps_den = 1},
	};
	struct stream_progress progress;
	struct sealer *uncertified;
	struct epoch e;

	begin(&e, &u);
	assert_int_equal(sealer_new(&description, &uncertified), 0);
	e.streams[RING_STREAM_MAIN].sealer = uncertified;
	assert_int_equal(take(&e, &progress), -ENOKEY);
	assert_false(progress.published);
	sealer_free(uncertified);
	end(&e);
}

static void raw_pictures_are_encoded(void **state)
{
	struct undecided u = {
		.format = {.width = SIZE, .height = SIZE, .fps_num = 10, .fps_den = 1},
	};
	const struct camera_configuration later = {.bitrate = 300000, .gop = 5};
	struct stream_progress progress;
	uint8_t bytes[ROOM];
	struct epoch e;

	begin(&e, &u);
	/* What is set before the decision counts. */
	assert_int_equal(epoch_configure(&e, &later), 0);
	assert_int_equal(take(&e, &progress), 0);
	assert_true(progress.published);
	assert_int_equal(epoch_told(&e)->encoder->path, CAMERA_PATH_SOFTWARE);
	assert_int_equal(epoch_told(&e)->config.gop, 5);
	assert_int_equal(epoch_told(&e)->config.bitrate, 300000);
	assert_int_equal(epoch_told(&e)->description.codec, RING_CODEC_H264);
	for (unsigned i = 1; i < 12; i++) {
		u.picture[i] = 0x80;
		assert_int_equal(take(&e, &progress), 0);
		assert_true(progress.published);
	}
	verify_units(&e, SEAL_CODEC_H264, 12, bytes);
	end(&e);
}

static bool publishes(struct epoch *e, struct undecided *u, struct slice au, uint32_t dropped)
{
	struct stream_progress progress;

	u->au = au;
	u->dropped = dropped;
	assert_int_equal(take(e, &progress), 0);
	return progress.published;
}

/* What comes after a hole refers to what was lost. */
static void after_a_hole_in_a_camera_s_own_stream_comes_a_keyframe(void **state)
{
	static const uint8_t idr[] = {0,    0, 1, 0x67, 66, 0, 30,   9, 0, 0, 1,
				      0x68, 1, 2, 0,    0,  1, 0x65, 3, 4, 5, 6};
	static const uint8_t p[] = {0, 0, 1, 0x41, 7, 8, 9};
	struct slice keyframe = slice_of(idr, sizeof(idr)), other = slice_of(p, sizeof(p));
	struct undecided u = {
		.format = {.encoded = true,
			   .codec = RING_CODEC_H264,
			   .width = SIZE,
			   .height = SIZE,
			   .fps_num = 10,
			   .fps_den = 1},
	};
	uint8_t bytes[ROOM];
	struct epoch e;

	begin(&e, &u);
	assert_true(publishes(&e, &u, keyframe, 0));
	assert_true(publishes(&e, &u, other, 0));
	assert_false(publishes(&e, &u, other, 2));
	assert_false(publishes(&e, &u, other, 0));
	assert_true(publishes(&e, &u, keyframe, 0));
	assert_true(publishes(&e, &u, other, 0));
	assert_true(publishes(&e, &u, keyframe, 1));
	assert_int_equal(epoch_told(&e)->dropped[e.source->dropped_as], 3);
	assert_int_equal(epoch_told(&e)->dropped[CAMERA_DROP_ENCODER], 2);
	verify_units(&e, SEAL_CODEC_H264, 5, bytes);
	end(&e);
}

static void what_no_encoder_takes_loses_the_epoch(void **state)
{
	struct undecided u = {
		.format = {.width = SIZE - 1, .height = SIZE, .fps_num = 10, .fps_den = 1},
	};
	struct stream_progress progress;
	struct epoch e;

	begin(&e, &u);
	assert_int_equal(take(&e, &progress), -EINVAL);
	assert_non_null(strstr(e.reason, "31x32"));
	assert_false(e.may_return);
	end(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jpeg_pictures_go_into_the_ring_as_they_are_but_sealed),
		cmocka_unit_test(a_seal_that_a_picture_brings_is_replaced),
		cmocka_unit_test(nothing_is_published_unsealed),
		cmocka_unit_test(raw_pictures_are_encoded),
		cmocka_unit_test(after_a_hole_in_a_camera_s_own_stream_comes_a_keyframe),
		cmocka_unit_test(what_no_encoder_takes_loses_the_epoch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
