// SPDX-License-Identifier: LGPL-2.1-or-later
/* The viewer's side of RTSP: what it asks, and what it takes for an answer. */
#include "view/rtsp-client.h"
#include "wire.h"

#define SDP                                                         \
	"v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n" \
	"a=fmtp:96 packetization-mode=1\r\na=control:trackID=0\r\n"
#define TRANSPORT "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"

static const uint8_t nonce[RTSP_CLIENT_NONCE_SIZE] = {0xff};

static struct slice request(struct rtsp_client *c)
{
	static uint8_t text[RTSP_CLIENT_REQUEST_MAX];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	rtsp_client_request(c, &w);
	assert_false(w.failed);
	return slice_of(text, w.len);
}

static enum rtsp_event take(struct rtsp_client *c, const char *text, struct rtsp_taken *taken)
{
	return rtsp_client_take(c, text, strlen(text), taken);
}

static struct rtsp_client start(void)
{
	struct rtsp_client c;

	rtsp_client_init(&c, "rtsps://h:322/front", "owner", "secret", nonce);
	request(&c);
	return c;
}

static enum rtsp_event describe(struct rtsp_client *c, const char *headers, const char *sdp,
				struct rtsp_taken *taken)
{
	static char text[4096]; /* what is taken points into it */

	snprintf(text, sizeof(text),
		 "RTSP/1.0 200 OK\r\nCSeq: %u\r\nContent-Type: application/sdp\r\n%s"
		 "Content-Length: %zu\r\n\r\n%s",
		 (unsigned)c->cseq, headers, strlen(sdp), sdp);
	return take(c, text, taken);
}

static void test_dialogue(void **state)
{
	struct rtsp_client c;
	struct rtsp_taken taken;

	rtsp_client_init(&c, "rtsps://h:322/front", "owner", "secret", nonce);
	assert_slice(request(&c), "DESCRIBE rtsps://h:322/front RTSP/1.0\r\n"
				  "CSeq: 1\r\n"
				  "User-Agent: camward-view\r\n"
				  "Authorization: Basic b3duZXI6c2VjcmV0\r\n"
				  "Accept: application/sdp\r\n"
				  "Camward-Nonce: /wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n"
				  "\r\n");
	assert_int_equal(describe(&c, "Camward-Certificate: AA==\r\nCamward-Statement: AQ==\r\n",
				  SDP, &taken),
			 RTSP_DESCRIBED);
	assert_slice(taken.certificate, "AA==");
	assert_slice(taken.statement, "AQ==");
	assert_slice(request(&c), "SETUP rtsps://h:322/front/trackID=0 RTSP/1.0\r\n"
				  "CSeq: 2\r\n"
				  "User-Agent: camward-view\r\n"
				  "Authorization: Basic b3duZXI6c2VjcmV0\r\n"
				  "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
				  "\r\n");
	assert_int_equal(take(&c,
			      "RTSP/1.0 200 OK\r\nCSeq: 2\r\nSession: abc;timeout=60\r\n" TRANSPORT
			      "\r\n",
			      &taken),
			 RTSP_SET_UP);
	assert_slice(request(&c), "PLAY rtsps://h:322/front RTSP/1.0\r\n"
				  "CSeq: 3\r\n"
				  "User-Agent: camward-view\r\n"
				  "Authorization: Basic b3duZXI6c2VjcmV0\r\n"
				  "Session: abc\r\n"
				  "Range: npt=now-\r\n"
				  "\r\n");
	assert_int_equal(take(&c, "RTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n", &taken), RTSP_STARTED);
	assert_int_equal(rtsp_client_take(&c, "$\0\0\3abc$", 8, &taken), RTSP_MEDIA);
	assert_slice(taken.packet, "abc");
	assert_int_equal(taken.size, 7);
	assert_int_equal(rtsp_client_take(&c, "$\1\0\1a", 5, &taken), RTSP_REPORT);
	assert_int_equal(rtsp_client_take(&c, "$\1\0\1", 4, &taken), RTSP_MORE);
	request(&c);
	assert_int_equal(take(&c, "RTSP/1.0 454 Session Not Found\r\nCSeq: 4\r\n\r\n", &taken),
			 RTSP_NOTHING);
}

static void test_denied(void **state)
{
	struct rtsp_client c = start();
	struct rtsp_taken taken;

	assert_int_equal(take(&c, "RTSP/1.0 404 Not Found\r\nCSeq: 1\r\n\r\n", &taken),
			 RTSP_DENIED);
	assert_int_equal(taken.status, 404);
}

static void test_broken(void **state)
{
	static const char *const rows[] = {
		"RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n",
		"RTSP/1.0 200 OK\r\n\r\n",
		"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n",
		"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n",
		"HTTP/1.1 200 OK\r\n\r\n",
		"hello",
	};
	struct rtsp_taken taken;
	struct rtsp_client c;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		c = start();
		assert_row(rows[i], take(&c, rows[i], &taken) == RTSP_BROKEN);
		assert_row(rows[i], taken.broken && *taken.broken);
	}
	c = start();
	assert_int_equal(rtsp_client_take(&c, "$\0\0\1a", 5, &taken), RTSP_BROKEN);
}

static void test_descriptions(void **state)
{
	static const struct {
		const char *headers, *sdp, *track; /* NULL: refused */
	} rows[] = {
		{"", SDP, "rtsps://h:322/front/trackID=0"},
		{"Content-Base: rtsp://r/x/\r\n", SDP, "rtsp://r/x/trackID=0"},
		{"Content-Base: a b\r\n", SDP, NULL},
		{"Content-Base: \r\n", SDP, NULL},
		{"",
		 "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
		 "a=control:rtsp://r/t\r\n",
		 "rtsp://r/t"},
		{"", "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:a b\r\n",
		 NULL},
		{"", "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\n", NULL},
		{"", "v=0\r\nm=audio 0 RTP/AVP 96\r\n", NULL},
		{"", "", NULL},
	};
	struct rtsp_taken taken;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rtsp_client c = start();
		enum rtsp_event event = describe(&c, rows[i].headers, rows[i].sdp, &taken);

		assert_row(rows[i].sdp, event == (rows[i].track ? RTSP_DESCRIBED : RTSP_BROKEN));
		if (rows[i].track)
			assert_string_equal(c.track, rows[i].track);
	}
}

static void test_transports(void **state)
{
	static const struct {
		const char *headers;
		enum rtsp_event event;
	} rows[] = {
		{"Session: a\r\n" TRANSPORT, RTSP_SET_UP},
		{"Session: a\r\n", RTSP_BROKEN},
		{TRANSPORT, RTSP_BROKEN},
		{"Session: ;x\r\n" TRANSPORT, RTSP_BROKEN},
		{"Session: a\r\nTransport: RTP/AVP;unicast;client_port=1-2\r\n", RTSP_BROKEN},
		{"Session: a\r\nTransport: RTP/AVP/TCP;unicast;interleaved=2-3\r\n", RTSP_BROKEN},
		{"Session: a\r\nTransport: RTP/AVP/TCP;unicast\r\n", RTSP_BROKEN},
	};
	struct rtsp_taken taken;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rtsp_client c = start();
		char text[512];

		assert_int_equal(describe(&c, "", SDP, &taken), RTSP_DESCRIBED);
		request(&c);
		snprintf(text, sizeof(text), "RTSP/1.0 200 OK\r\nCSeq: 2\r\n%s\r\n",
			 rows[i].headers);
		assert_row(rows[i].headers, take(&c, text, &taken) == rows[i].event);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dialogue),   cmocka_unit_test(test_denied),
		cmocka_unit_test(test_broken),     cmocka_unit_test(test_descriptions),
		cmocka_unit_test(test_transports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
