// SPDX-License-Identifier: LGPL-2.1-or-later
/* An encoder of v4l2/m2m.h over a played driver: what the tests of it share. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tests/support/v4l2-encoder-driver.h"
#include "v4l2/m2m.h"

#define STALL_US 1000000

static const struct v4l2_m2m_want bench_want = {
	.codec = V4L2_PIX_FMT_H264,
	.width = 64,
	.height = 64,
	.fps_num = 30,
	.fps_den = 1,
};

/* Open and started; the driver is changed beforehand by whoever likes to. */
static inline struct v4l2_m2m *bench_begin(struct encoder_driver *d,
					   const struct v4l2_m2m_want *want)
{
	struct v4l2_m2m *m2m = NULL;

	assert_int_equal(v4l2_m2m_open(&d->sys, "encoder", want, &m2m), 0);
	assert_int_equal(v4l2_m2m_events(m2m), 0);
	assert_int_equal(v4l2_m2m_start(m2m), 0);
	return m2m;
}

static inline void bench_end(struct encoder_driver *d, struct v4l2_m2m *m2m)
{
	assert_null(v4l2_m2m_close(m2m));
	assert_false(d->open);
	if (d->breach)
		fail_msg("%s", d->breach);
}

/* Puts N pictures, of timestamps 100, 200 ... us after the clock; the driver's to give back. */
static inline void bench_put(struct v4l2_m2m *m2m, unsigned int from, unsigned int n)
{
	struct v4l2_m2m_raw raw;

	for (unsigned int i = from; i < from + n; i++) {
		assert_int_equal(v4l2_m2m_take(m2m, &raw), 0);
		assert_int_equal(v4l2_m2m_put(m2m, raw.index, CLOCK + 100 * (i + 1)), 0);
	}
}

/* The next coded picture is number `of`. */
static inline void bench_expect(struct v4l2_m2m *m2m, unsigned int of, bool keyframe,
				unsigned int lost, const char *data, size_t size)
{
	struct v4l2_m2m_coded coded;

	assert_int_equal(v4l2_m2m_next(m2m, &coded), 0);
	assert_int_equal(coded.timestamp_us, CLOCK + 100 * (of + 1));
	assert_int_equal(coded.keyframe, keyframe);
	assert_int_equal(coded.lost_before, lost);
	assert_int_equal(coded.size, size);
	assert_memory_equal(coded.data, data, size);
	assert_int_equal(v4l2_m2m_release(m2m, &coded), 0);
	assert_null(coded.data);
}

static inline void bench_expect_error(struct v4l2_m2m *m2m, int error)
{
	struct v4l2_m2m_coded coded;

	assert_int_equal(v4l2_m2m_next(m2m, &coded), error);
}

#define EXPECT_KEY(m2m, of, lost) \
	bench_expect(m2m, of, true, lost, HEADERS KEYFRAME, sizeof(HEADERS KEYFRAME) - 1)
#define EXPECT_PICTURE(m2m, of, lost) \
	bench_expect(m2m, of, false, lost, PICTURE, sizeof(PICTURE) - 1)

#define STEP_KEY(n)                              \
	{                                        \
		.of = n, BYTES(HEADERS KEYFRAME) \
	}
#define STEP_PICTURE(n)                 \
	{                               \
		.of = n, BYTES(PICTURE) \
	}
