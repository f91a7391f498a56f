// SPDX-License-Identifier: LGPL-2.1-or-later
/* The streams of an epoch come and go beside each other. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/ring-reader.h"
#include "camera/epoch.h"
#include "seal/certificate.h"
#include "seal/verifier.h"

#define MAIN (1U << RING_STREAM_MAIN)
#define SUB  (1U << RING_STREAM_SUB)
#define ROOM 65536

static const struct ring_description description = {
	.camera_uuid = {1, 2, 3, 4},
	.camera_name = "front",
	.epoch = 1,
};

struct bench {
	struct source *source;
	struct sealer *sealer;
	struct epoch epoch;
	uint8_t root[SEAL_KEY_SIZE];
};

static void certify(struct bench *b)
{
	struct seal_certificate certificate = {.epoch = 1, .issued = 1, .camera_name = "front"};
	uint8_t bytes[SEAL_CERTIFICATE_SIZE_MAX];
	struct seal_key *root;
	int n;

	assert_int_equal(seal_key_generate(&root), 0);
	seal_key_public(root, b->root);
	memcpy(certificate.camera_uuid, description.camera_uuid, UUID_SIZE);
	sealer_public_key(b->sealer, certificate.key);
	n = seal_certificate_make(&certificate, root, bytes);
	assert_true(n > 0);
	assert_int_equal(sealer_certify(b->sealer, bytes, (size_t)n), 0);
	seal_key_free(root);
}

static void begin(struct bench *b, const struct camera_configuration *configuration,
		  uint32_t streams)
{
	*b = (struct bench){};
	assert_int_equal(source_pattern_new("front", &b->source), 0);
	assert_int_equal(sealer_new(&description, &b->sealer), 0);
	certify(b);
	assert_int_equal(
		epoch_begin(&b->epoch, b->source, b->sealer, &description, configuration, streams),
		0);
}

static void end(struct bench *b)
{
	epoch_end(&b->epoch);
	sealer_free(b->sealer);
	source_free(b->source);
}

/* Frames until n came; says which streams published, and whose ring came to be. */
static uint32_t take(struct bench *b, unsigned n, uint32_t *ret_rings)
{
	struct stream_progress progress;
	uint32_t published = 0;

	*ret_rings = 0;
	for (uint64_t until = b->epoch.captured + n; b->epoch.captured < until;) {
		struct pollfd p = {.fd = source_fd(b->source), .events = POLLIN};

		assert_int_equal(poll(&p, 1, 5000), 1);
		assert_int_equal(epoch_step(&b->epoch), 0);
		while (epoch_collect(&b->epoch, &progress) > 0) {
			if (progress.published)
				published |= 1U << progress.stream;
			if (progress.ring_ready)
				*ret_rings |= 1U << progress.stream;
		}
	}
	return published;
}

static void assert_sealed(struct bench *b, enum ring_stream stream, uint64_t from, unsigned n)
{
	const struct ring_writer *w = b->epoch.streams[stream].ring;
	struct verifier_config config = {
		.codec = SEAL_CODEC_H264,
		.freshness = VERIFIER_FILE,
	};
	static uint8_t bytes[ROOM];
	struct verifier_result result;
	struct ring_reader ring;
	struct ring_unit unit;
	struct verifier v;

	memcpy(config.root, b->root, sizeof(b->root));
	assert_int_equal(verifier_init(&v, &config), 0);
	assert_int_equal(ring_reader_open(&ring, ring_writer_fd(w), ring_writer_size(w)), 0);
	assert_int_equal(ring.description.stream, stream);
	ring.next = 0;
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(ring_reader_peek(&ring, &unit), 0);
		assert_true(unit.length <= ROOM);
		assert_int_equal(ring_reader_copy(&ring, &unit, bytes), 0);
		assert_int_equal(verifier_unit(&v, slice_of(bytes, unit.length),
					       (struct verifier_time){}, &result),
				 VERDICT_VALID);
		assert_int_equal(result.seal.stream, stream);
		assert_int_equal(result.seal.sequence, from + i);
	}
	ring_reader_close(&ring);
	verifier_release(&v);
}

static void both_are_made_and_sealed(void **state)
{
	const struct camera_configuration c = {
		.width = 640, .height = 480, .fps = 60, .gop = 12, .sub_fps = 20};
	const struct stream *sub;
	uint32_t rings;
	struct bench b;

	begin(&b, &c, MAIN | SUB);
	assert_int_equal(epoch_possible_streams(&b.epoch), MAIN | SUB);
	assert_int_equal(take(&b, 12, &rings), MAIN | SUB);
	assert_int_equal(rings, MAIN | SUB);
	sub = &b.epoch.streams[RING_STREAM_SUB];
	assert_int_equal(sub->description.width, 320);
	assert_int_equal(sub->description.height, 240);
	assert_int_equal(sub->description.fps_numerator, 20);
	assert_int_equal(sub->config.gop, 4);
	assert_in_range(sub->encoded, 3, 5);
	assert_int_equal(b.epoch.streams[RING_STREAM_MAIN].encoded, 12);
	assert_int_equal(b.epoch.streams[RING_STREAM_MAIN].description.width, 640);
	assert_sealed(&b, RING_STREAM_MAIN, 1, 12);
	assert_sealed(&b, RING_STREAM_SUB, 1, 3);
	end(&b);
}

static void one_goes_and_comes_back_while_the_other_goes_on(void **state)
{
	struct camera_configuration c = {.width = 320, .height = 240, .fps = 60};
	const struct stream *sub;
	uint32_t rings;
	uint64_t next;
	struct bench b;

	begin(&b, &c, MAIN | SUB);
	sub = &b.epoch.streams[RING_STREAM_SUB];
	take(&b, 4, &rings);
	assert_int_equal(epoch_want(&b.epoch, MAIN), 0);
	assert_null(sub->ring);
	next = sub->next_sequence;
	assert_int_equal(next, 5);
	assert_int_equal(take(&b, 4, &rings), MAIN);
	/* Made anew it has what is configured now, another ring and new numbers. */
	c.sub_width = 96;
	c.sub_height = 64;
	assert_int_equal(epoch_configure(&b.epoch, &c), 0);
	assert_int_equal(epoch_want(&b.epoch, MAIN | SUB), 0);
	assert_int_equal(stream_first_sequence(sub), next);
	assert_int_equal(take(&b, 4, &rings), MAIN | SUB);
	assert_int_equal(rings, SUB);
	assert_int_equal(sub->description.width, 96);
	assert_sealed(&b, RING_STREAM_SUB, next, 4);
	assert_sealed(&b, RING_STREAM_MAIN, 1, 12);
	end(&b);
}

static void sub_may_be_alone(void **state)
{
	const struct camera_configuration c = {.width = 320, .height = 240, .fps = 60};
	uint32_t rings;
	struct bench b;

	begin(&b, &c, SUB);
	assert_int_equal(take(&b, 3, &rings), SUB);
	assert_ptr_equal(epoch_told(&b.epoch), &b.epoch.streams[RING_STREAM_SUB]);
	assert_true(epoch_has_ring(&b.epoch));
	assert_null(b.epoch.streams[RING_STREAM_MAIN].encoder);
	end(&b);
}

static void of_what_the_camera_encoded_there_is_no_sub(void **state)
{
	const struct camera_configuration c = {.width = 320, .height = 240, .fps = 60};
	uint32_t rings;
	struct bench b;

	begin(&b, &c, 0);
	b.epoch.format.encoded = true;
	assert_int_equal(epoch_possible_streams(&b.epoch), MAIN);
	assert_int_equal(epoch_want(&b.epoch, SUB), 0);
	assert_int_equal(take(&b, 2, &rings), 0);
	b.epoch.format.undecided = true;
	assert_int_equal(epoch_possible_streams(&b.epoch), 0);
	end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_are_made_and_sealed),
		cmocka_unit_test(one_goes_and_comes_back_while_the_other_goes_on),
		cmocka_unit_test(sub_may_be_alone),
		cmocka_unit_test(of_what_the_camera_encoded_there_is_no_sub),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
