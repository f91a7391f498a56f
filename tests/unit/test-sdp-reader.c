// SPDX-License-Identifier: LGPL-2.1-or-later
/* Session descriptions: our own, those of relays, and what neither should send. */
#include <errno.h>

#include "wire.h"
#include "wire/sdp-reader.h"
#include "wire/sdp.h"

#define HEAD  "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=x\r\n"
#define VIDEO HEAD "m=video 0 RTP/AVP 96\r\n"
#define MAP   "a=rtpmap:96 H264/90000\r\n"

static void test_own(void **state)
{
	static const uint8_t sps[] = {0x67, 0x42, 0xc0, 0x1e, 0x8c, 0x8d, 0x40};
	static const uint8_t pps[] = {0x68, 0xce, 0x3c, 0x80};
	struct sdp_track t;
	char text[SDP_SIZE_MAX];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	sdp_write(&w, &(struct sdp_video){.camera = "front",
					  .session_id = 1,
					  .payload_type = 96,
					  .sps = slice_of(sps, sizeof(sps)),
					  .pps = slice_of(pps, sizeof(pps))});
	assert_int_equal(sdp_read(&t, slice_of(text, w.len)), 0);
	assert_slice(t.session_control, "*");
	assert_slice(t.control, SDP_CONTROL);
	assert_int_equal(t.payload_type, 96);
	assert_slice(t.encoding, "H264");
	assert_int_equal(t.clock, 90000);
	assert_int_equal(t.packetization_mode, 1);
	assert_int_equal(t.n_sets, 2);
	assert_slice(t.sets[0], "Z0LAHoyNQA==");
	assert_slice(t.sets[1], "aM48gA==");
	for (size_t n = 0; n < w.len; n++)
		if (n > 0 && text[n - 1] != '\n')
			assert_int_equal(sdp_read(&t, slice_of(text, n)), -EBADMSG);
}

/* Audio before and after, other payload types, attributes that mean nothing here. */
static void test_relay(void **state)
{
	struct sdp_track t;

	assert_int_equal(
		sdp_read(&t,
			 slice_text(HEAD
				    "m=audio 0 RTP/AVP 97\r\n"
				    "a=rtpmap:97 OPUS/48000/2\r\n"
				    "a=control:trackID=1\r\n"
				    "m=video 0 RTP/AVP 98 96\r\n"
				    "b=AS:5000\r\n"
				    "a=rtpmap:96 H265/90000\r\n"
				    "a=rtpmap:98 H264/90000\r\n"
				    "a=fmtp:98 profile-level-id=42C01E; packetization-mode=1\r\n"
				    "a=recvonly\r\n"
				    "a=control:rtsp://h/x/trackID=0\r\n"
				    "m=video 0 RTP/AVP 98\r\n"
				    "a=control:second\r\n")),
		0);
	assert_int_equal(t.payload_type, 98);
	assert_slice(t.encoding, "H264");
	assert_slice(t.control, "rtsp://h/x/trackID=0");
	assert_int_equal(t.packetization_mode, 1);
	assert_int_equal(t.n_sets, 0);
	assert_null(t.session_control.data);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		int result;
	} rows[] = {
		{VIDEO MAP, 0},
		{"", -EBADMSG},
		{HEAD, -ENOENT},
		{VIDEO, -EPROTONOSUPPORT},
		{HEAD "m=video 0 RTP/SAVP 96\r\n" MAP, -EPROTONOSUPPORT},
		{"s=x\r\n" VIDEO MAP, -EBADMSG},
		{VIDEO MAP "a=control", -EBADMSG},
		{VIDEO MAP MAP, -EBADMSG},
		{VIDEO MAP "a=control:a\r\na=control:b\r\n", -EBADMSG},
		{VIDEO MAP "a=control:\r\n", -EBADMSG},
		{VIDEO MAP "a=fmtp:96 x\r\na=fmtp:96 x\r\n", -EBADMSG},
		{VIDEO MAP "a=fmtp:96 packetization-mode=3\r\n", -EBADMSG},
		{VIDEO MAP "a=fmtp:96 sprop-parameter-sets=\r\n", -EBADMSG},
		{VIDEO MAP "a=fmtp:96 sprop-parameter-sets=a,,b\r\n", -EBADMSG},
		{VIDEO MAP "a=fmtp:96 sprop-parameter-sets=a,b,c,d,e,f,g,h,i\r\n", -EBADMSG},
		{VIDEO "a=rtpmap:96 H264\r\n", -EBADMSG},
		{VIDEO "a=rtpmap:96 H264/0\r\n", -EBADMSG},
		{HEAD "m=video 0 RTP/AVP 128\r\n" MAP, -EBADMSG},
		{HEAD "m=video x RTP/AVP 96\r\n" MAP, -EBADMSG},
		{HEAD "m=video 0 RTP/AVP\r\n" MAP, -EBADMSG},
		{VIDEO "a=rtpmap:96 H264/90000\n", -EBADMSG},
		{VIDEO MAP "\r\n", -EBADMSG},
		{VIDEO MAP "A=x\r\n", -EBADMSG},
		{VIDEO MAP "a=x\ty\r\n", -EBADMSG},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sdp_track t;

		assert_row(rows[i].text, sdp_read(&t, slice_text(rows[i].text)) == rows[i].result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_relay),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
