// SPDX-License-Identifier: LGPL-2.1-or-later
/* The session description, line by line. */
#include <errno.h>

#include "wire.h"
#include "wire/sdp.h"

static const uint8_t sps[] = {0x67, 0x42, 0xc0, 0x1e, 0x8c, 0x8d, 0x40};
static const uint8_t pps[] = {0x68, 0xce, 0x3c, 0x80};

static struct sdp_video make(void)
{
	return (struct sdp_video){
		.camera = "front",
		.session_id = UINT64_MAX,
		.payload_type = 96,
		.sps = slice_of(sps, sizeof(sps)),
		.pps = slice_of(pps, sizeof(pps)),
	};
}

static ssize_t write_sdp(const struct sdp_video *v, char *text, size_t size)
{
	struct writer w;

	writer_init(&w, text, size);
	sdp_write(&w, v);
	return writer_end(&w);
}

static void test_lines(void **state)
{
	struct sdp_video v = make();
	char text[SDP_SIZE_MAX];

	assert_slice(slice_of(text, write_sdp(&v, text, sizeof(text))),
		     "v=0\r\n"
		     "o=- 18446744073709551615 1 IN IP4 0.0.0.0\r\n"
		     "s=front\r\n"
		     "c=IN IP4 0.0.0.0\r\n"
		     "t=0 0\r\n"
		     "a=control:*\r\n"
		     "a=range:npt=now-\r\n"
		     "m=video 0 RTP/AVP 96\r\n"
		     "a=rtpmap:96 H264/90000\r\n"
		     "a=fmtp:96 packetization-mode=1;profile-level-id=42C01E;"
		     "sprop-parameter-sets=Z0LAHoyNQA==,aM48gA==\r\n"
		     "a=control:trackID=0\r\n");
}

static void test_jpeg(void **state)
{
	struct sdp_video v = {
		.camera = "front",
		.session_id = 7,
		.payload_type = 26,
		.fps_num = 30000,
		.fps_den = 1001,
	};
	char text[SDP_SIZE_MAX];

	assert_slice(slice_of(text, write_sdp(&v, text, sizeof(text))), "v=0\r\n"
									"o=- 7 1 IN IP4 0.0.0.0\r\n"
									"s=front\r\n"
									"c=IN IP4 0.0.0.0\r\n"
									"t=0 0\r\n"
									"a=control:*\r\n"
									"a=range:npt=now-\r\n"
									"m=video 0 RTP/AVP 26\r\n"
									"a=rtpmap:26 JPEG/90000\r\n"
									"a=framerate:29.970\r\n"
									"a=control:trackID=0\r\n");
	v.fps_num = 25;
	v.fps_den = 1;
	text[write_sdp(&v, text, sizeof(text))] = 0;
	assert_non_null(strstr(text, "\r\na=framerate:25\r\n"));
	v.fps_num = 0;
	text[write_sdp(&v, text, sizeof(text))] = 0;
	assert_null(strstr(text, "framerate"));
}

static void test_incomplete(void **state)
{
	struct sdp_video v;
	char text[SDP_SIZE_MAX];

	v = make();
	v.sps.len = 3;
	assert_int_equal(write_sdp(&v, text, sizeof(text)), -ENOSPC);
	v = make();
	v.pps.len = 0;
	assert_int_equal(write_sdp(&v, text, sizeof(text)), -ENOSPC);
	v = make();
	v.sps = v.pps;
	assert_int_equal(write_sdp(&v, text, sizeof(text)), -ENOSPC);
	v = make();
	v.pps = v.sps;
	assert_int_equal(write_sdp(&v, text, sizeof(text)), -ENOSPC);
}

static void test_bounds(void **state)
{
	struct sdp_video v = make();
	char text[SDP_SIZE_MAX];
	size_t len = write_sdp(&v, text, sizeof(text));

	assert_int_equal(write_sdp(&v, text, len), len);
	for (size_t room = 0; room < len; room++)
		assert_int_equal(write_sdp(&v, text, room), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_jpeg),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
