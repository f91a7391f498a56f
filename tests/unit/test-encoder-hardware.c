// SPDX-License-Identifier: LGPL-2.1-or-later
/* A hardware encoder as a camera has it, with what may stand before it, all played: which way
 * pictures take, what is told of it, and what stays as it was when that changes amidst them. */
#include <errno.h>
#include <linux/videodev2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "camera/encoder.h"
#include "tests/support/v4l2-trio.h"
#include "v4l2/capture.h"

#define STALL_US      1000000
#define DISTRUST_USEC (600 * USEC_PER_SEC)

/* A source that is nothing but a camera. */
struct bench {
	struct source source;
	struct trio trio;
	struct v4l2_capture *camera;
	struct encoder *encoder;
	char obstacle[PROTO_REASON_SIZE];
};

static struct v4l2_capture *capture_of(struct source *s)
{
	return ((struct bench *)s)->camera; /* its first member */
}

static const struct source_ops ops = {.capture = capture_of};

/* What the drivers are like is set between init and open. */
static void init(struct bench *b)
{
	*b = (struct bench){.source = {.ops = &ops, .converter = "converter"}};
	trio_init(&b->trio);
	b->trio.duet.camera.colorspace = V4L2_COLORSPACE_REC709;
	b->trio.duet.camera.ycbcr_enc = V4L2_YCBCR_ENC_709;
	b->trio.duet.camera.quantization = V4L2_QUANTIZATION_FULL_RANGE;
	b->trio.duet.camera.xfer_func = V4L2_XFER_FUNC_SRGB;
}

static void open_camera(struct bench *b)
{
	const struct v4l2_capture_want want = {
		.width = DUET_WIDTH, .height = DUET_HEIGHT, .fps = 30};

	assert_int_equal(v4l2_capture_open(&b->trio.duet.sys, "camera", &want, &b->camera), 0);
}

static int make(struct bench *b)
{
	const struct encoder_config config = {
		.width = DUET_WIDTH, .height = DUET_HEIGHT, .fps_num = 30, .fps_den = 1};

	return encoder_v4l2m2m_new("encoder", &b->source, &config, &b->encoder, b->obstacle);
}

static void expect(const struct bench *b, enum camera_path path, const char *reason)
{
	assert_int_equal(b->encoder->path, path);
	if (!strstr(b->encoder->reason, reason))
		fail_msg("\"%s\" does not say \"%s\"", b->encoder->reason, reason);
}

static void begin(struct bench *b, enum camera_path path, const char *reason)
{
	assert_int_equal(make(b), 0);
	expect(b, path, reason);
}

static void close_encoder(struct bench *b)
{
	b->encoder = encoder_free(b->encoder);
	assert_int_equal(b->trio.opened, b->trio.closed);
	assert_int_equal(b->trio.duet.encoder.opened, b->trio.duet.encoder.closed);
}

static void end(struct bench *b)
{
	close_encoder(b);
	v4l2_capture_close(b->camera);
	assert_int_equal(duet_dmabufs_open(&b->trio.duet), 0);
	assert_int_equal(b->trio.duet.mapped, 0);
	if (b->trio.duet.breach)
		fail_msg("%s", b->trio.duet.breach);
}

/* Whoever opens the encoder tells it: what it was told before does not count. */
static void expect_colours(struct bench *b)
{
	const struct duet_node *camera = &b->trio.duet.camera;
	struct duet_node *encoder = &b->trio.duet.encoder;

	assert_int_equal(encoder->colorspace, camera->colorspace);
	assert_int_equal(encoder->ycbcr_enc, camera->ycbcr_enc);
	assert_int_equal(encoder->quantization, camera->quantization);
	assert_int_equal(encoder->xfer_func, camera->xfer_func);
	encoder->colorspace = encoder->ycbcr_enc = encoder->quantization = encoder->xfer_func = 0;
}

static void put(struct bench *b, int expected)
{
	static const uint8_t grey[DUET_WIDTH * DUET_HEIGHT] = {128};
	const struct source_frame frame = {.y = grey,
					   .u = grey,
					   .v = grey,
					   .y_stride = DUET_WIDTH,
					   .c_stride = DUET_WIDTH / 2};

	b->trio.duet.now += 33333;
	assert_int_equal(encoder_submit(b->encoder, &frame, b->trio.duet.now, false), expected);
}

/* The converter takes a picture and keeps it. */
static void stall(struct bench *b)
{
	struct encoder_unit unit;

	b->trio.script = "w";
	put(b, 0);
	assert_int_equal(encoder_next(b->encoder, &unit), -EAGAIN);
	expect(b, CAMERA_PATH_CONVERTER, "");
	b->trio.duet.now += STALL_US;
	assert_int_equal(encoder_next(b->encoder, &unit), -EAGAIN);
}

static void colours_stay_when_a_converter_is_left(void **state)
{
	struct bench b;

	init(&b);
	open_camera(&b);
	begin(&b, CAMERA_PATH_CONVERTER, "no format that the encoder could read");
	expect_colours(&b);
	assert_int_equal(b.trio.in.colorspace, V4L2_COLORSPACE_REC709);
	assert_int_equal(b.trio.in.ycbcr_enc, V4L2_YCBCR_ENC_709);
	assert_int_equal(b.trio.in.quantization, V4L2_QUANTIZATION_FULL_RANGE);
	assert_int_equal(b.trio.in.xfer_func, V4L2_XFER_FUNC_SRGB);
	assert_int_equal(v4l2_capture_start(b.camera), 0);
	stall(&b);
	expect(&b, CAMERA_PATH_COPY, "the converter converter stalled");
	assert_int_equal(b.trio.opened, b.trio.closed);
	expect_colours(&b);
	/* The camera goes on: pictures are copied for the encoder. */
	for (unsigned int i = 0; i < 10; i++)
		put(&b, 0);
	end(&b);
}

/* The same where it breaks: what was put is lost, and nothing else. */
static void colours_stay_when_a_converter_breaks(void **state)
{
	struct bench b;

	init(&b);
	open_camera(&b);
	begin(&b, CAMERA_PATH_CONVERTER, "");
	expect_colours(&b);
	assert_int_equal(v4l2_capture_start(b.camera), 0);
	b.trio.from.queue_r = -EIO;
	put(&b, -ENODATA);
	expect(&b, CAMERA_PATH_COPY, "the converter converter failed");
	expect_colours(&b);
	put(&b, 0);
	end(&b);
}

/* As if it had been so long ago. */
static void age(struct bench *b, uint64_t usec)
{
	b->source.converter_lost = clock_monotonic() - usec;
}

static void a_converter_that_failed_is_left_alone_for_ten_minutes(void **state)
{
	struct bench b;

	init(&b);
	open_camera(&b);
	begin(&b, CAMERA_PATH_CONVERTER, "");
	assert_int_equal(v4l2_capture_start(b.camera), 0);
	stall(&b);
	assert_true(clock_monotonic() - b.source.converter_lost < DISTRUST_USEC);
	close_encoder(&b);
	b.trio.script = NULL;
	begin(&b, CAMERA_PATH_COPY, "the converter converter stalled");
	close_encoder(&b);
	/* A minute is left, for a machine that is slow. */
	age(&b, DISTRUST_USEC - 60 * USEC_PER_SEC);
	begin(&b, CAMERA_PATH_COPY, "the converter converter stalled");
	assert_int_equal(b.trio.opened, 1);
	close_encoder(&b);
	age(&b, DISTRUST_USEC);
	begin(&b, CAMERA_PATH_CONVERTER, "");
	assert_int_equal(b.trio.opened, 2);
	put(&b, 0);
	end(&b);
}

static void an_encoder_that_keeps_too_many_buffers_is_told(void **state)
{
	struct bench b;

	/* All that it could share: pictures are copied into them. */
	init(&b);
	b.trio.duet.camera.formats[0] = V4L2_PIX_FMT_NV12;
	b.trio.duet.encoder.least = DUET_BUFFERS;
	open_camera(&b);
	begin(&b, CAMERA_PATH_COPY, "the encoder keeps all of its 8 buffers");
	end(&b);
	/* More than there can be. */
	init(&b);
	b.trio.duet.camera.formats[0] = V4L2_PIX_FMT_NV12;
	b.trio.duet.encoder.least = DUET_BUFFERS + 1;
	open_camera(&b);
	assert_int_equal(make(&b), -ENOBUFS);
	assert_string_equal(b.obstacle, "encoder needs more buffers than there can be");
	end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(colours_stay_when_a_converter_is_left),
		cmocka_unit_test(colours_stay_when_a_converter_breaks),
		cmocka_unit_test(a_converter_that_failed_is_left_alone_for_ten_minutes),
		cmocka_unit_test(an_encoder_that_keeps_too_many_buffers_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
