// SPDX-License-Identifier: LGPL-2.1-or-later
/* What stands at the start of the bytes received. */
#include "base/cleanup.h"
#include "wire.h"
#include "wire/demux.h"
#include "wire/headers.h"

static enum demux_kind peek(const char *text)
{
	struct demux_frame frame;

	return demux_peek(text, strlen(text), DEMUX_FRAME_MAX_INBOUND, &frame);
}

static void test_first_lines(void **state)
{
	static const struct {
		const char *text;
		enum demux_kind kind;
	} rows[] = {
		{"", DEMUX_MORE},
		{"O", DEMUX_MORE},
		{"OPTIONS rtsp://h/front RTSP/1.0", DEMUX_MORE},
		{"OPTIONS rtsp://h/front RTSP/1.0\r", DEMUX_RTSP},
		{"OPTIONS rtsp://h/front RTSP/1.0\r\nCSeq", DEMUX_RTSP},
		{"OPTIONS rtsp://h/front RTSP/2.0\r\n", DEMUX_RTSP},
		{"OPTIONS * HTTP/1.1\r\n", DEMUX_HTTP},
		{"GET / HTTP/1.1\r\n", DEMUX_HTTP},
		{"GET / HTTP/1.0\r\n", DEMUX_HTTP},
		{"PRI * HTTP/2.0\r\n", DEMUX_HTTP},
		{"RTSP/1.0 200 OK\r\n", DEMUX_RTSP},
		{"HTTP/1.1 200 OK\r\n", DEMUX_HTTP},
		{"GET /\r\n", DEMUX_GARBAGE},
		{"GET / FTP/1.1\r\n", DEMUX_GARBAGE},
		{"SSH-2.0-OpenSSH_9.2\r\n", DEMUX_GARBAGE},
		{"\r\nGET / HTTP/1.1\r\n", DEMUX_GARBAGE},
		{"\n", DEMUX_GARBAGE},
		{"get / HTTP/1.1\r\n", DEMUX_GARBAGE},
		{"GET / HTTP/1.1\n", DEMUX_GARBAGE},
		{"GET /\x01", DEMUX_GARBAGE},
		{"\x16\x03\x01", DEMUX_GARBAGE},
		{" GET", DEMUX_GARBAGE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_row(rows[i].text, peek(rows[i].text) == rows[i].kind);
}

/* The parser then answers 414; what nobody here speaks gets no answer. */
static void test_endless_line(void **state)
{
	static const struct {
		const char *start;
		enum demux_kind kind;
	} rows[] = {
		{"GET /", DEMUX_HTTP},
		{"DESCRIBE rtsp://h/", DEMUX_RTSP},
		{"BREW /", DEMUX_GARBAGE},
		{"GET", DEMUX_GARBAGE},
	};
	char text[HEADERS_LINE_MAX + 1];
	struct demux_frame frame;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(text, 'a', sizeof(text));
		memcpy(text, rows[i].start, strlen(rows[i].start));
		assert_int_equal(demux_peek(text, HEADERS_LINE_MAX - 1, 0, &frame), DEMUX_MORE);
		assert_int_equal(demux_peek(text, sizeof(text), 0, &frame), rows[i].kind);
	}
}

static void test_frame(void **state)
{
	static const uint8_t bytes[] = {'$', 7, 0, 3, 'a', 'b', 'c', '$'};
	struct demux_frame frame;

	for (size_t n = 1; n < 7; n++)
		assert_int_equal(demux_peek(bytes, n, 4096, &frame), DEMUX_MORE);
	for (size_t n = 7; n <= sizeof(bytes); n++) {
		assert_int_equal(demux_peek(bytes, n, 4096, &frame), DEMUX_FRAME);
		assert_int_equal(frame.channel, 7);
		assert_slice(frame.payload, "abc");
		assert_int_equal(frame.size, 7);
	}
}

static void test_frame_bounds(void **state)
{
	static const uint8_t empty[] = {'$', 0, 0, 0}, large[] = {'$', 1, 0x10, 0x01};
	struct demux_frame frame;

	assert_int_equal(demux_peek(empty, 4, 4096, &frame), DEMUX_FRAME);
	assert_int_equal(frame.size, 4);
	assert_int_equal(demux_peek(large, 4, 0x1001, &frame), DEMUX_MORE);
	assert_int_equal(demux_peek(large, 4, 0x1000, &frame), DEMUX_GARBAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_lines),
		cmocka_unit_test(test_endless_line),
		cmocka_unit_test(test_frame),
		cmocka_unit_test(test_frame_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
