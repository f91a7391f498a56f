// SPDX-License-Identifier: LGPL-2.1-or-later
/* RTP headers and RTCP, byte by byte. */
#include <errno.h>

#include "base/cleanup.h"
#include "wire.h"
#include "wire/demux.h"
#include "wire/rtcp.h"

static struct rtp_stream stream(void)
{
	return (struct rtp_stream){.ssrc = 0x01020304,
				   .sequence = 0xffff,
				   .payload_type = 96,
				   .channel = 2,
				   .packets = 0xffffffff,
				   .octets = 10};
}

#define ASSERT_WRITTEN(w, bytes)                                          \
	do {                                                              \
		assert_int_equal(writer_end(w), sizeof(bytes) - 1);       \
		assert_memory_equal((w)->data, bytes, sizeof(bytes) - 1); \
	} while (0)

static void test_rtp_written(void **state)
{
	struct rtp_stream s = stream();
	uint8_t out[64];
	struct writer w;

	writer_init(&w, out, sizeof(out));
	rtp_begin(&w, &s, 0xa0b0c0d0, true, 5);
	ASSERT_WRITTEN(&w, "$\x02\x00\x11\x80\xe0\xff\xff\xa0\xb0\xc0\xd0\x01\x02\x03\x04");
	assert_int_equal(s.sequence, 0);
	assert_int_equal(s.packets, 0);
	assert_int_equal(s.octets, 15);
	writer_init(&w, out, sizeof(out));
	rtp_begin(&w, &s, 1, false, 1400);
	ASSERT_WRITTEN(&w, "$\x02\x05\x84\x80\x60\x00\x00\x00\x00\x00\x01\x01\x02\x03\x04");
}

static int parse(struct rtp_packet *p, const char *bytes, size_t len)
{
	return rtp_parse(p, slice_of(bytes, len));
}

#define RTP(first)      first "\xe0\x12\x34\x00\x00\x00\x07\x01\x02\x03\x04"
#define PARSE(p, bytes) parse(p, bytes, sizeof(bytes) - 1)

static void test_rtp_parsed(void **state)
{
	struct rtp_packet p;

	assert_int_equal(PARSE(&p, RTP("\x80") "ab"), 0);
	assert_true(p.marker);
	assert_int_equal(p.payload_type, 96);
	assert_int_equal(p.sequence, 0x1234);
	assert_int_equal(p.timestamp, 7);
	assert_int_equal(p.ssrc, 0x01020304);
	assert_slice(p.payload, "ab");
	assert_int_equal(PARSE(&p, RTP("\x80")), 0);
	assert_int_equal(p.payload.len, 0);
	assert_int_equal(PARSE(&p, RTP("\xb1") "CSRCxx\0\1EXT.ab\0\0\3"), 0);
	assert_slice(p.payload, "ab");
}

static void test_rtp_malformed(void **state)
{
	struct rtp_packet p;

	assert_int_equal(PARSE(&p, ""), -EBADMSG);
	assert_int_equal(parse(&p, RTP("\x80"), 11), -EBADMSG);
	assert_int_equal(PARSE(&p, RTP("\x40") "ab"), -EBADMSG);     /* version 1 */
	assert_int_equal(PARSE(&p, RTP("\x81") "CSR"), -EBADMSG);    /* CSRC cut */
	assert_int_equal(PARSE(&p, RTP("\x90") "xx\0"), -EBADMSG);   /* extension cut */
	assert_int_equal(PARSE(&p, RTP("\x90") "xx\0\1"), -EBADMSG); /* its words cut */
	assert_int_equal(PARSE(&p, RTP("\xa0") "a\0"), -EBADMSG);    /* padding of none */
	assert_int_equal(PARSE(&p, RTP("\xa0") "a\0\4"), -EBADMSG);  /* more than there is */
	assert_int_equal(PARSE(&p, RTP("\xa0")), -EBADMSG);
}

static void test_report(void **state)
{
	struct rtp_stream s = stream();
	uint8_t out[RTCP_SIZE_MAX];
	struct writer w;

	s.packets = 0x10;
	s.octets = 0x2000;
	writer_init(&w, out, sizeof(out));
	/* 1970 and half a second: 2208988800.5 in NTP */
	rtcp_write_report(&w, &s, 500000000, 0x01020304, "abcde");
	ASSERT_WRITTEN(&w, "$\x03\x00\x2c"
			   "\x80\xc8\x00\x06\x01\x02\x03\x04\x83\xaa\x7e\x80\x80\x00\x00\x00"
			   "\x01\x02\x03\x04\x00\x00\x00\x10\x00\x00\x20\x00"
			   "\x81\xca\x00\x03\x01\x02\x03\x04\x01\x05"
			   "abcde\0");
}

static void test_sign_of_life(void **state)
{
	struct rtp_stream s = {.ssrc = 0x01020304, .channel = 0};
	static const uint8_t expected[] = {
		'$',  1,   0, 24,             /* interleaved, RTCP */
		0x80, 201, 0, 1,  1, 2, 3, 4, /* RR without blocks */
		0x81, 202, 0, 3,  1, 2, 3, 4, 1, 4, 'a', 'b', 'c', 'd', 0, 0,
	};
	struct rtcp_summary r;
	uint8_t out[64];
	struct writer w;

	writer_init(&w, out, sizeof(out));
	rtcp_write_sign_of_life(&w, &s, "abcd");
	assert_int_equal(writer_end(&w), sizeof(expected));
	assert_memory_equal(out, expected, sizeof(expected));
	assert_int_equal(rtcp_parse(&r, slice_of(out + 4, sizeof(expected) - 4)), 0);
	assert_true(r.report && !r.bye && r.packets == 2);
	writer_init(&w, out, sizeof(out));
	rtcp_write_sign_of_life(&w, &s, "");
	assert_int_equal(writer_end(&w), -ENOSPC);
}

static void test_bye(void **state)
{
	struct rtp_stream s = stream();
	uint8_t out[RTCP_SIZE_MAX];
	struct writer w;

	writer_init(&w, out, sizeof(out));
	rtcp_write_bye(&w, &s, "abcdef");
	/* The CNAME fills its word: four more zeros end the chunk. */
	ASSERT_WRITTEN(&w, "$\x03\x00\x24"
			   "\x80\xc9\x00\x01\x01\x02\x03\x04"
			   "\x81\xca\x00\x04\x01\x02\x03\x04\x01\x06"
			   "abcdef\0\0\0\0"
			   "\x81\xcb\x00\x01\x01\x02\x03\x04");
}

/* Any length of CNAME, and a reader that agrees with the writer. */
static void test_round_trip(void **state)
{
	static const uint64_t now = 1790000000123456789;
	char cname[RTCP_CNAME_MAX + 2] = "";
	struct rtp_stream s = stream();
	uint8_t out[RTCP_SIZE_MAX];
	struct rtcp_summary r;
	struct writer w;

	for (size_t n = 1; n <= RTCP_CNAME_MAX; n++) {
		struct demux_frame frame;

		cname[n - 1] = 'c';
		writer_init(&w, out, sizeof(out));
		rtcp_write_report(&w, &s, now, 77, cname);
		assert_true(writer_end(&w) > 0);
		assert_int_equal(demux_peek(out, w.len, 4096, &frame), DEMUX_FRAME);
		assert_int_equal(frame.size, w.len);
		assert_int_equal(frame.channel, 3);
		assert_int_equal(rtcp_parse(&r, frame.payload), 0);
		assert_int_equal(r.packets, 2);
		assert_true(r.has_sender_report && r.report && !r.bye);
		assert_int_equal(r.ssrc, s.ssrc);
		assert_int_equal(r.timestamp, 77);
		assert_true(r.realtime_ns <= now && now - r.realtime_ns <= 1);
		writer_init(&w, out, sizeof(out));
		rtcp_write_bye(&w, &s, cname);
		assert_true(writer_end(&w) > 0);
		assert_int_equal(rtcp_parse(&r, slice_of(out + 4, w.len - 4)), 0);
		assert_int_equal(r.packets, 3);
		assert_true(r.bye && r.report && !r.has_sender_report);
	}
	cname[RTCP_CNAME_MAX] = 'c';
	writer_init(&w, out, sizeof(out));
	rtcp_write_report(&w, &s, now, 77, cname);
	assert_int_equal(writer_end(&w), -ENOSPC);
	writer_init(&w, out, sizeof(out));
	rtcp_write_bye(&w, &s, "");
	assert_int_equal(writer_end(&w), -ENOSPC);
}

/* What GStreamer 1.22 sends between PLAY and TEARDOWN. */
static void test_gstreamer(void **state)
{
	struct slice t = wire_load("fuzz/corpus/requests/gstreamer-1.22-rtsps");
	const uint8_t *p = memchr(t.data, '$', t.len);
	const uint8_t *end = t.data + t.len;
	struct demux_frame frame;
	struct rtcp_summary r;
	unsigned reports = 0;

	assert_non_null(p);
	while (demux_peek(p, end - p, 4096, &frame) == DEMUX_FRAME) {
		assert_int_equal(frame.channel, 1);
		assert_int_equal(rtcp_parse(&r, frame.payload), 0);
		reports += r.report;
		p += frame.size;
	}
	assert_true(reports > 0);
	wire_free(t);
}

static void test_rtcp_malformed(void **state)
{
	static const struct {
		const char *name;
		const char bytes[16];
		size_t len;
	} rows[] = {
		{"nothing", "", 0},
		{"cut header", "\x80\xc9\0", 3},
		{"version 1", "\x40\xc9\0\1abcd", 8},
		{"RTP", "\x80\x60\0\1abcd", 8},
		{"beyond RTCP's types", "\x80\xe0\0\1abcd", 8},
		{"longer than it is", "\x80\xc9\0\2abcd", 8},
		{"rubbish after it", "\x80\xc9\0\1abcdx", 9},
	};
	struct rtcp_summary r;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_row(rows[i].name,
			   rtcp_parse(&r, slice_of(rows[i].bytes, rows[i].len)) == -EBADMSG);
	/* Lenient with what is framed well: a sender report too short to be one. */
	assert_int_equal(rtcp_parse(&r, slice_of("\x80\xc8\0\1abcd", 8)), 0);
	assert_false(r.has_sender_report);
	assert_int_equal(rtcp_parse(&r, slice_of("\x80\xcb\0\0", 4)), 0);
	assert_true(r.bye && !r.report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rtp_written),    cmocka_unit_test(test_rtp_parsed),
		cmocka_unit_test(test_rtp_malformed),  cmocka_unit_test(test_report),
		cmocka_unit_test(test_sign_of_life),   cmocka_unit_test(test_bye),
		cmocka_unit_test(test_round_trip),     cmocka_unit_test(test_gstreamer),
		cmocka_unit_test(test_rtcp_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
