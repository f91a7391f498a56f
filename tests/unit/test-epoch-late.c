// SPDX-License-Identifier: LGPL-2.1-or-later
/* An epoch whose encoder gives what it makes later, and reads frames for longer than a step. */
#include <errno.h>
#include <linux/videodev2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/ring-reader.h"
#include "camera/epoch.h"
#include "epoch-certificate.h"

#define FRAMES 4

static const uint8_t keyframe[] = {0,    0, 1, 0x67, 66, 0, 30,   9, 0, 0, 1,
				   0x68, 1, 2, 0,    0,  1, 0x65, 3, 4, 5, 6};
static const uint8_t other[] = {0, 0, 1, 0x41, 7, 8, 9};

/* A source of few frames, which counts those that are out. */
static struct {
	struct source source;
	unsigned next;
	uint32_t out;    /* a bit each */
	uint32_t fourcc; /* of frames that bring their picture as it is */
	unsigned converted;
} camera;

static int camera_open(struct source *s, const struct source_want *want, struct source_format *ret)
{
	if (*s->offers)
		return -EOPNOTSUPP;
	*ret = (struct source_format){.encoded = true,
				      .codec = RING_CODEC_H264,
				      .width = 32,
				      .height = 32,
				      .fps_num = 10,
				      .fps_den = 1};
	return 0;
}

static void camera_close(struct source *s)
{
}

static int camera_next(struct source *s, struct source_frame *ret)
{
	if (camera.out == (1U << FRAMES) - 1)
		return -EAGAIN;
	while (camera.out & 1U << camera.next % FRAMES)
		camera.next++;
	ret->id = camera.next % FRAMES;
	ret->image.fourcc = camera.fourcc;
	camera.out |= 1U << ret->id;
	source_stamp(ret, 1000 + camera.next++);
	return 0;
}

static int camera_read(struct source *s, struct source_frame *frame)
{
	camera.converted++;
	return 0;
}

static int camera_release(struct source *s, uint32_t id)
{
	assert_true(camera.out & 1U << id);
	camera.out &= ~(1U << id);
	return 0;
}

static bool camera_exhausted(const struct source *s)
{
	return camera.out == (1U << FRAMES) - 1;
}

static const struct source_ops source_ops = {.open = camera_open,
					     .close = camera_close,
					     .next = camera_next,
					     .read = camera_read,
					     .release = camera_release,
					     .exhausted = camera_exhausted};

/* An encoder that does what the test says. */
static struct {
	struct encoder encoder;
	uint64_t keys[16];
	unsigned submitted, given, ready; /* frames that went in; units that came out, and may */
	unsigned skipped;                 /* the next unit is of a frame so much later */
	uint32_t holds;
	bool asked_for_keyframe;
	int error;
} late;

static int late_submit(struct encoder *e, const struct source_frame *frame, uint64_t key,
		       bool forced)
{
	late.keys[late.submitted++] = key;
	late.holds |= 1U << frame->id;
	late.asked_for_keyframe = forced;
	return 0;
}

static int late_next(struct encoder *e, struct encoder_unit *ret)
{
	if (late.error)
		return late.error;
	if (late.given + late.skipped >= late.ready)
		return -EAGAIN;
	late.given += late.skipped;
	late.skipped = 0;
	ret->bytes =
		late.given ? slice_of(other, sizeof(other)) : slice_of(keyframe, sizeof(keyframe));
	ret->key = late.keys[late.given++];
	return 0;
}

static bool late_holds(struct encoder *e, uint32_t frame)
{
	return late.holds & 1U << frame;
}

static uint64_t late_deadline(const struct encoder *e)
{
	return 4711;
}

static void late_free(struct encoder *e)
{
}

static const struct encoder_ops encoder_ops = {.submit = late_submit,
					       .next = late_next,
					       .holds = late_holds,
					       .deadline = late_deadline,
					       .free = late_free};

static struct sealer *sealer;

static void begin(struct epoch *e)
{
	static const struct ring_description description = {
		.camera_uuid = {1}, .camera_name = "front", .epoch = 1};
	struct camera_epoch_key key = {.epoch = description.epoch};
	struct camera_configuration none = {};
	struct camera_certificate c;

	memset(&camera, 0, sizeof(camera));
	memset(&late, 0, sizeof(late));
	camera.source.ops = &source_ops;
	camera.source.events = 1;
	late.encoder.ops = &encoder_ops;
	late.encoder.forces_keyframes = true;
	assert_int_equal(sealer_new(&description, &sealer), 0);
	sealer_public_key(sealer, key.key);
	epoch_certificate(&key, description.camera_name, description.camera_uuid, &c);
	assert_int_equal(sealer_certify(sealer, c.certificate, c.size), 0);
	assert_int_equal(
		epoch_begin(e, &camera.source, sealer, &description, &none, 1U << RING_STREAM_MAIN),
		0);
	encoder_free(e->streams[RING_STREAM_MAIN].encoder);
	e->streams[RING_STREAM_MAIN].encoder = &late.encoder;
}

static void end(struct epoch *e)
{
	epoch_end(e);
	sealer = sealer_free(sealer);
}

/* Takes what is there; returns how many units were published. */
static unsigned collect(struct epoch *e)
{
	struct stream_progress progress;
	unsigned n = 0;
	int r;

	while ((r = epoch_collect(e, &progress)) > 0)
		n += progress.published;
	assert_int_equal(r, 0);
	return n;
}

/* Takes a frame; how often it was converted for that. */
static unsigned conversions(struct epoch *e, bool takes_image, uint32_t fourcc)
{
	late.encoder.reads = true;
	late.encoder.takes_image = takes_image;
	late.holds = 0;
	camera.fourcc = fourcc;
	camera.converted = 0;
	assert_int_equal(epoch_step(e), 0);
	late.ready = late.submitted;
	late.holds = 0;
	assert_int_equal(collect(e), 1);
	return camera.converted;
}

static void what_an_encoder_takes_as_it_is_is_not_converted(void **state)
{
	struct epoch e;

	begin(&e);
	assert_int_equal(conversions(&e, true, V4L2_PIX_FMT_NV12), 0);
	assert_int_equal(conversions(&e, true, 0), 1);
	assert_int_equal(conversions(&e, false, V4L2_PIX_FMT_NV12), 1);
	end(&e);
}

static void frames_go_back_when_no_encoder_reads_them(void **state)
{
	struct epoch e;

	begin(&e);
	assert_int_equal(epoch_deadline(&e), 4711);
	for (unsigned i = 0; i < FRAMES + 2; i++)
		assert_int_equal(epoch_step(&e), 0);
	assert_int_equal(collect(&e), 0);
	assert_int_equal(late.submitted, FRAMES);
	assert_int_equal(camera.out, 0xf);
	/* All frames are out: that none comes is not the source's fault. */
	assert_int_equal(source_events(&camera.source), 0);
	e.last_frame = clock_monotonic() - EPOCH_STALL_USEC - EPOCH_STALL_USEC / 2;
	assert_false(epoch_has_stalled(&e));
	/* An encoder that waits for one more than there are would wait for ever. */
	e.last_frame -= EPOCH_STALL_USEC;
	assert_true(epoch_has_stalled(&e));
	epoch_lose_stalled(&e);
	assert_true(e.may_return);
	assert_int_not_equal(camera.source.encoder_lost, 0);
	e.last_frame += EPOCH_STALL_USEC;
	late.holds &= ~4U;
	assert_int_equal(collect(&e), 0);
	assert_int_equal(camera.out, 0xb);
	assert_int_not_equal(source_events(&camera.source), 0);
	assert_true(epoch_has_stalled(&e));
	/* Nor does a unit that has come say that its frame is no longer read. */
	late.ready = 2;
	assert_int_equal(collect(&e), 2);
	assert_int_equal(camera.out, 0xb);
	late.holds = 0;
	assert_int_equal(collect(&e), 0);
	assert_int_equal(camera.out, 0);
	end(&e);
}

static void a_camera_of_unknown_formats_is_lost_by_their_names(void **state)
{
	static const struct ring_description description = {.epoch = 1};
	struct camera_configuration none = {};
	struct epoch e;

	memset(&camera, 0, sizeof(camera));
	camera.source.ops = &source_ops;
	strcpy(camera.source.offers, "P010, BA81");
	assert_int_equal(epoch_begin(&e, &camera.source, NULL, &description, &none, 1),
			 -EOPNOTSUPP);
	assert_string_equal(e.reason, "no picture format that can be used, only P010, BA81");
	assert_false(e.may_return);
}

/* The camera keeps the rest, and waits for more of them. */
static void an_encoder_and_a_camera_that_both_wait_are_parted(void **state)
{
	struct epoch e;

	for (unsigned int held = 0; held < 2; held++) {
		begin(&e);
		camera.source.encoder_lost = 0;
		assert_int_equal(epoch_step(&e), 0);
		late.holds = held;
		assert_int_equal(collect(&e), 0);
		assert_int_equal(camera.out, held);
		assert_int_not_equal(source_events(&camera.source), 0);
		epoch_lose_stalled(&e);
		assert_int_equal(camera.source.encoder_lost != 0, held);
		/* They have worked together: it is the camera. */
		camera.source.encoder_lost = 0;
		e.captured = 1000;
		epoch_lose_stalled(&e);
		assert_int_equal(camera.source.encoder_lost, 0);
		end(&e);
	}
}

static void units_carry_the_times_of_their_own_frames(void **state)
{
	struct ring_reader ring;
	struct ring_unit unit;
	struct epoch e;

	begin(&e);
	for (unsigned i = 0; i < FRAMES; i++)
		assert_int_equal(epoch_step(&e), 0);
	late.ready = 1;
	assert_int_equal(collect(&e), 1);
	/* It left two out, and does not say so. */
	late.skipped = 2;
	late.ready = FRAMES;
	assert_int_equal(collect(&e), 1);
	assert_int_equal(epoch_told(&e)->dropped[CAMERA_DROP_ENCODER], 2);
	assert_int_equal(ring_reader_open(&ring, ring_writer_fd(epoch_told(&e)->ring),
					  ring_writer_size(epoch_told(&e)->ring)),
			 0);
	ring.next = 0;
	assert_int_equal(ring_reader_peek(&ring, &unit), 0);
	assert_int_equal(unit.captured_monotonic, 1000);
	assert_int_equal(unit.dropped_before, 0);
	ring.next = 1;
	assert_int_equal(ring_reader_peek(&ring, &unit), 0);
	assert_int_equal(unit.captured_monotonic, 1003);
	assert_int_equal(unit.sequence, 2);
	assert_int_equal(unit.dropped_before, 2);
	ring_reader_close(&ring);
	end(&e);
}

static void a_keyframe_that_was_asked_for_is_not_asked_for_with_each_frame(void **state)
{
	struct epoch e;

	begin(&e);
	stream_want_keyframe(&e.streams[RING_STREAM_MAIN]);
	assert_int_equal(epoch_step(&e), 0);
	assert_true(late.asked_for_keyframe);
	assert_int_equal(epoch_step(&e), 0);
	assert_false(late.asked_for_keyframe);
	end(&e);
}

static void an_encoder_that_breaks_or_makes_things_up_loses_the_epoch(void **state)
{
	struct stream_progress progress;
	struct epoch e;

	begin(&e);
	assert_int_equal(epoch_step(&e), 0);
	late.error = -EIO;
	assert_int_equal(epoch_collect(&e, &progress), -EIO);
	assert_non_null(strstr(e.reason, "the encoder failed"));
	late.error = 0;
	late.keys[0]++;
	late.ready = 1;
	assert_int_equal(epoch_collect(&e, &progress), -EPROTO);
	assert_non_null(strstr(e.reason, "nobody waits for"));
	end(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_go_back_when_no_encoder_reads_them),
		cmocka_unit_test(what_an_encoder_takes_as_it_is_is_not_converted),
		cmocka_unit_test(a_camera_of_unknown_formats_is_lost_by_their_names),
		cmocka_unit_test(an_encoder_and_a_camera_that_both_wait_are_parted),
		cmocka_unit_test(units_carry_the_times_of_their_own_frames),
		cmocka_unit_test(a_keyframe_that_was_asked_for_is_not_asked_for_with_each_frame),
		cmocka_unit_test(an_encoder_that_breaks_or_makes_things_up_loses_the_epoch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
