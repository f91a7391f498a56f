// SPDX-License-Identifier: LGPL-2.1-or-later
#include <linux/videodev2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "v4l2/m2m-headers.h"

/* A buffer, and what it is. */
struct sample {
	const char *data;
	size_t size;
	enum v4l2_m2m_content content;
	bool complete;
	size_t headers_at, kept;
};

#define SAMPLE(bytes, ...)                                            \
	{                                                             \
		.data = bytes, .size = sizeof(bytes) - 1, __VA_ARGS__ \
	}

static void check(uint32_t codec, const struct sample *samples, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct sample *s = &samples[i];
		struct v4l2_m2m_headers headers = {.codec = codec};
		struct v4l2_m2m_judgement j = v4l2_m2m_headers_judge(
			&headers, (const uint8_t *)s->data, s->size, V4L2_BUF_FLAG_KEYFRAME);

		if (j.content != s->content || j.complete != s->complete ||
		    j.headers_at != s->headers_at || headers.size != s->kept)
			fail_msg("sample %zu: %d %d %zu %zu", i, j.content, j.complete,
				 j.headers_at, headers.size);
	}
}

static void h264_is_told_by_its_nal_units(void **state)
{
	const struct sample samples[] = {
		SAMPLE("", .content = V4L2_M2M_EMPTY),
		SAMPLE("\0\0\1", .content = V4L2_M2M_EMPTY),
		SAMPLE("no byte stream", .content = V4L2_M2M_EMPTY),
		SAMPLE("\0\1\1\0\1\0\0\2\1", .content = V4L2_M2M_EMPTY),
		SAMPLE("\0\0\1\x06SEI", .content = V4L2_M2M_EMPTY),
		SAMPLE("\0\0\1\x41p", .content = V4L2_M2M_PICTURE),
		SAMPLE("\0\0\1\x42p", .content = V4L2_M2M_PICTURE),
		SAMPLE("\0\0\1\x65k", .content = V4L2_M2M_KEYFRAME),
		SAMPLE("\0\0\1\x67s", .content = V4L2_M2M_HEADERS),
		SAMPLE("\0\0\1\x67s\0\0\1\x68p", .content = V4L2_M2M_HEADERS, .kept = 11),
		SAMPLE("\0\0\0\1\x67s\0\0\0\1\x68p", .content = V4L2_M2M_HEADERS, .kept = 12),
		SAMPLE("\0\0\1\x67s\0\0\1\x68p\0\0\1\x65k", .content = V4L2_M2M_KEYFRAME,
		       .complete = true, .kept = 11),
		SAMPLE("\0\0\1\x67s\0\0\1\x65k", .content = V4L2_M2M_KEYFRAME),
		SAMPLE("\0\0\0\1\x09\x10\0\0\0\1\x65k", .content = V4L2_M2M_KEYFRAME,
		       .headers_at = 6),
		SAMPLE("\0\0\1\x65k\0\0\1\x09\x10", .content = V4L2_M2M_KEYFRAME),
		/* Behind the picture they are the next one's, and come too late for this. */
		SAMPLE("\0\0\1\x65k\0\0\1\x67s\0\0\1\x68p", .content = V4L2_M2M_KEYFRAME,
		       .complete = true),
	};

	check(V4L2_PIX_FMT_H264, samples, ARRAY_SIZE(samples));
}

static void hevc_is_told_by_its_nal_units(void **state)
{
	const struct sample samples[] = {
		SAMPLE("\0\0\1\x02\1p", .content = V4L2_M2M_PICTURE),
		SAMPLE("\0\0\1\x26\1k", .content = V4L2_M2M_KEYFRAME),
		SAMPLE("\0\0\1\x2a\1c", .content = V4L2_M2M_KEYFRAME),
		SAMPLE("\0\0\1\x4e\1SEI", .content = V4L2_M2M_EMPTY),
		SAMPLE("\0\0\1\x42\1s\0\0\1\x44\1p", .content = V4L2_M2M_HEADERS),
		SAMPLE("\0\0\1\x46\1a\0\0\1\x40\1v\0\0\1\x42\1s\0\0\1\x44\1p\0\0\1\x26\1k",
		       .content = V4L2_M2M_KEYFRAME, .complete = true, .headers_at = 6, .kept = 19),
	};

	check(V4L2_PIX_FMT_HEVC, samples, ARRAY_SIZE(samples));
}

static void of_other_codecs_the_flags_tell(void **state)
{
	struct v4l2_m2m_headers headers = {.codec = V4L2_PIX_FMT_VP8};
	const uint8_t data[] = "data";

	assert_int_equal(v4l2_m2m_headers_judge(&headers, data, 4, 0).content, V4L2_M2M_PICTURE);
	assert_int_equal(v4l2_m2m_headers_judge(&headers, data, 4, V4L2_BUF_FLAG_KEYFRAME).content,
			 V4L2_M2M_KEYFRAME);
	headers.codec = V4L2_PIX_FMT_JPEG;
	assert_true(v4l2_m2m_headers_judge(&headers, data, 4, 0).complete);
	assert_int_equal(v4l2_m2m_headers_judge(&headers, data, 0, 0).content, V4L2_M2M_EMPTY);
}

static void kept_headers_go_behind_the_delimiter(void **state)
{
	static const char with[] = "\0\0\1\x67s\0\0\1\x68p\0\0\1\x65k";
	static const char bare[] = "\0\0\0\1\x09\x10\0\0\0\1\x65k";
	static const char joined[] = "\0\0\0\1\x09\x10\0\0\0\1\x67s\0\0\1\x68p\0\0\0\1\x65k";
	struct v4l2_m2m_headers headers = {.codec = V4L2_PIX_FMT_H264};
	struct v4l2_m2m_judgement j;
	uint8_t buffer[64];
	size_t size;

	v4l2_m2m_headers_judge(&headers, (const uint8_t *)with, sizeof(with) - 1, 0);
	j = v4l2_m2m_headers_judge(&headers, (const uint8_t *)bare, sizeof(bare) - 1, 0);
	assert_false(j.complete);
	size = v4l2_m2m_headers_join(&headers, (const uint8_t *)bare, sizeof(bare) - 1,
				     j.headers_at, buffer);
	assert_int_equal(size, sizeof(joined) - 1);
	assert_memory_equal(buffer, joined, size);
}

static void newer_headers_take_the_place_of_older(void **state)
{
	static const char one[] = "\0\0\1\x67s\0\0\1\x68p", two[] = "\0\0\1\x67sss\0\0\1\x68p";
	struct v4l2_m2m_headers headers = {.codec = V4L2_PIX_FMT_H264};
	uint8_t large[V4L2_M2M_HEADERS_MAX + 16] = {0, 0, 1, 0x67};

	v4l2_m2m_headers_judge(&headers, (const uint8_t *)one, sizeof(one) - 1, 0);
	v4l2_m2m_headers_judge(&headers, (const uint8_t *)two, sizeof(two) - 1, 0);
	assert_int_equal(headers.size, sizeof(two));
	/* Too large to be headers: what is there stays. */
	memset(large + 4, 'x', sizeof(large) - 4);
	memcpy(large + sizeof(large) - 5, "\0\0\1\x68", 4);
	v4l2_m2m_headers_judge(&headers, large, sizeof(large), 0);
	assert_int_equal(headers.size, sizeof(two));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(h264_is_told_by_its_nal_units),
		cmocka_unit_test(hevc_is_told_by_its_nal_units),
		cmocka_unit_test(of_other_codecs_the_flags_tell),
		cmocka_unit_test(kept_headers_go_behind_the_delimiter),
		cmocka_unit_test(newer_headers_take_the_place_of_older),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
