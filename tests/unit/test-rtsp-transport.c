// SPDX-License-Identifier: LGPL-2.1-or-later
/* The headers Transport, Session and Range. */
#include <errno.h>

#include "base/cleanup.h"
#include "wire.h"
#include "wire/rtsp-field.h"
#include "wire/transport.h"

static void test_accepted(void **state)
{
	static const struct {
		const char *text;
		uint8_t channel;
	} rows[] = {
		{"RTP/AVP/TCP;unicast;interleaved=0-1", 0}, /* ffmpeg, GStreamer */
		{"rtp/avp/tcp;UNICAST;Interleaved=0-1", 0},
		{"RTP/AVP/TCP;unicast;interleaved=254-255", 254},
		{"RTP/AVP/TCP;unicast;interleaved=2-3;ssrc=0", 2},
		{"RTP/AVP/TCP;unicast", 0},
		{"RTP/AVP/TCP", 0},
		{"RTP/AVP/TCP;interleaved=4-5", 4},
		{"RTP/AVP/TCP;unicast;mode=play", 0},
		{"RTP/AVP/TCP;unicast;~=!", 0},
		{"RTP/AVP/TCP;unicast;mode=\"PLAY\";interleaved=6-7", 6},
		{"RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;unicast;interleaved=2-3", 2},
		{"RTP/AVP;multicast, RTP/AVP/TCP;unicast;interleaved=2-3", 2},
		{"RTP/AVP/TCP;unicast;interleaved=2-3,RTP/AVP/TCP;unicast;interleaved=4-5", 2},
		{"RTP/AVP/TCP;multicast,RTP/AVP/TCP;unicast;interleaved=4-5", 4},
		{"RTP/AVP/TCP;mode=\"PLAY,RECORD\",RTP/AVP/TCP;interleaved=8-9", 8},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct transport t = {9, 9};

		assert_row(rows[i].text, transport_parse(&t, slice_text(rows[i].text)) == 0);
		assert_row(rows[i].text, t.rtp_channel == rows[i].channel);
		assert_row(rows[i].text, t.rtcp_channel == rows[i].channel + 1);
	}
}

/* 461: never substituted. */
static void test_unsupported(void **state)
{
	static const char *const texts[] = {
		"RTP/AVP;unicast;client_port=40804-40805", /* GStreamer's first */
		"RTP/AVP;multicast",                       /* and second */
		"RTP/AVP/UDP;unicast;client_port=1-2",
		"RTP/AVP;unicast;interleaved=0-1",
		"RTP/SAVP/TCP;unicast;interleaved=0-1",
		"RTP/AVP/TCP;multicast;interleaved=0-1",
		"RTP/AVP/TCP;unicast;interleaved=0-1;mode=record",
		"RTP/AVP/TCP;unicast;mode=\"RECORD\"",
		"RTP/AVP/TCP;unicast;mode=\"PLAY,RECORD\"",
		"RTP/AVP/TCPX;unicast;interleaved=0-1",
	};
	struct transport t;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_row(texts[i], transport_parse(&t, slice_text(texts[i])) == -EPROTONOSUPPORT);
}

static void test_malformed(void **state)
{
	static const char *const texts[] = {
		"",
		",",
		";",
		"RTP/AVP/TCP;",
		"RTP/AVP/TCP;;unicast",
		"RTP/AVP/TCP;unicast,",
		",RTP/AVP/TCP;unicast",
		"RTP/AVP/TCP;unicast,,RTP/AVP",
		"RTP/AVP/TCP; unicast",
		"RTP/AVP/TCP;unicast;multicast",
		"RTP/AVP/TCP;unicast;interleaved",
		"RTP/AVP/TCP;unicast;interleaved=",
		"RTP/AVP/TCP;unicast;interleaved=0",
		"RTP/AVP/TCP;unicast;interleaved=0-",
		"RTP/AVP/TCP;unicast;interleaved=-1",
		"RTP/AVP/TCP;unicast;interleaved=0-2",
		"RTP/AVP/TCP;unicast;interleaved=1-0",
		"RTP/AVP/TCP;unicast;interleaved=0-0",
		"RTP/AVP/TCP;unicast;interleaved=0-1-2",
		"RTP/AVP/TCP;unicast;interleaved=255-256",
		"RTP/AVP/TCP;unicast;interleaved=256-257",
		"RTP/AVP/TCP;unicast;interleaved=+0-1",
		"RTP/AVP/TCP;unicast;interleaved=0x0-0x1",
		"RTP/AVP/TCP;unicast;interleaved=0-1;interleaved=2-3",
		"RTP/AVP/TCP;unicast;mode",
		"RTP/AVP/TCP;unicast;mode=play;mode=record",
		"RTP/AVP;unicast;interleaved=0-9,RTP/AVP/TCP;unicast;interleaved=0-1",
	};
	struct transport t;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_row(texts[i], transport_parse(&t, slice_text(texts[i])) == -EINVAL);
}

static void test_number_of_alternatives(void **state)
{
	char text[1024] = "RTP/AVP/TCP";
	struct transport t;

	for (unsigned i = 1; i < TRANSPORT_ALTERNATIVES_MAX; i++)
		strcat(text, ",RTP/AVP");
	assert_int_equal(transport_parse(&t, slice_text(text)), 0);
	strcat(text, ",RTP/AVP");
	assert_int_equal(transport_parse(&t, slice_text(text)), -EINVAL);
}

static void test_written(void **state)
{
	struct transport t = {2, 3};
	char text[128];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	transport_write(&w, &t, 0xabcd);
	assert_slice(slice_of(text, w.len), "RTP/AVP/TCP;unicast;interleaved=2-3;ssrc=0000ABCD");
}

static void test_session(void **state)
{
	static const char id[] = "0123456789abcdef0123456789abcdef";
	static const char *const others[] = {
		"",
		";timeout=60",
		"0123456789abcdef0123456789abcde",
		"0123456789abcdef0123456789abcdef0",
		"0123456789abcdef0123456789abcdee",
		"1123456789abcdef0123456789abcdef",
		"0123456789ABCDEF0123456789ABCDEF",
		"0123456789abcdef0123456789abcdef,x",
	};

	assert_true(rtsp_session_matches(slice_text(id), id));
	assert_true(rtsp_session_matches(slice_text("0123456789abcdef0123456789abcdef;timeout=60"),
					 id));
	assert_true(rtsp_session_matches(slice_text("0123456789abcdef0123456789abcdef ; a"), id));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_row(others[i], !rtsp_session_matches(slice_text(others[i]), id));
}

static void test_range(void **state)
{
	static const struct {
		const char *text;
		int result;
	} rows[] = {
		{"npt=0.000-", 0}, /* ffmpeg */
		{"npt=now-", 0},   /* GStreamer */
		{"npt=0-", 0},
		{"NPT=now-", 0},
		{"npt=10-20.5", 0},
		{"npt=-20", 0},
		{"npt=0:10:20.25-", 0},
		{"npt=0-;time=19970123T143720Z", 0},
		{"clock=19961108T142300Z-", -EPROTONOSUPPORT},
		{"smpte=0:10:20-", -EPROTONOSUPPORT},
		{"smpte-30-drop=0:10:20-", -EPROTONOSUPPORT},
		{"", -EINVAL},
		{"npt", -EINVAL},
		{"npt=", -EINVAL},
		{"npt=-", -EINVAL},
		{"npt=0", -EINVAL},
		{"npt=a-", -EINVAL},
		{"npt=0-b", -EINVAL},
		{"npt=0--1", -EINVAL},
		{"npt=.5-", -EINVAL},
		{"npt=1:2-", -EINVAL},
		{"npt=1:2:3:4-", -EINVAL},
		{"npt=1:2:-", -EINVAL},
		{"npt=1::3-", -EINVAL},
		{"npt=:-", -EINVAL},
		{" ", -EINVAL},
		{";npt=0-", -EINVAL},
		{"0-", -EINVAL},
		{"npt=1:002:3-", -EINVAL},
		{"npt=1.-x", -EINVAL},
		{"npt=1.2.3-", -EINVAL},
		{"bytes=0-", -EINVAL},
		{"=0-", -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_row(rows[i].text,
			   rtsp_range_check(slice_text(rows[i].text)) == rows[i].result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),  cmocka_unit_test(test_unsupported),
		cmocka_unit_test(test_malformed), cmocka_unit_test(test_number_of_alternatives),
		cmocka_unit_test(test_written),   cmocka_unit_test(test_session),
		cmocka_unit_test(test_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
