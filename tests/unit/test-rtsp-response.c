// SPDX-License-Identifier: LGPL-2.1-or-later
/* Responses as a viewer takes them. */
#include <errno.h>

#include "wire.h"
#include "wire/rtsp-response.h"

static const char answer[] = "RTSP/1.0 200 OK\r\n"
			     "CSeq: 7\r\n"
			     "Session: abc;timeout=60\r\n"
			     "Content-Length: 4\r\n"
			     "\r\n"
			     "v=0\n"
			     "$";

static void test_parts(void **state)
{
	struct rtsp_response r;

	assert_int_equal(rtsp_response_parse(&r, answer, strlen(answer)), 1);
	assert_int_equal(r.status, 200);
	assert_slice(r.reason, "OK");
	assert_true(r.has_cseq);
	assert_int_equal(r.cseq, 7);
	assert_slice(headers_value(&r.headers, "session"), "abc;timeout=60");
	assert_slice(r.body, "v=0\n");
	assert_int_equal(r.size, strlen(answer) - 1);
}

static void test_every_beginning_waits(void **state)
{
	struct rtsp_response r;

	for (size_t n = 0; n < strlen(answer) - 1; n++)
		assert_int_equal(rtsp_response_parse(&r, answer, n), 0);
}

static void test_status_lines(void **state)
{
	static const struct {
		const char *line;
		int result;
	} rows[] = {
		{"RTSP/1.0 200 OK", 1},
		{"RTSP/1.0 404 Not Found", 1},
		{"RTSP/1.0 200 ", 1},
		{"RTSP/1.0 200", -EBADMSG},
		{"RTSP/1.0 20 OK", -EBADMSG},
		{"RTSP/1.0 2000 OK", -EBADMSG},
		{"RTSP/1.0 099 OK", -EBADMSG},
		{"RTSP/1.0 600 OK", -EBADMSG},
		{"RTSP/1.0 +20 OK", -EBADMSG},
		{"RTSP/1.0  200 OK", -EBADMSG},
		{"RTSP/2.0 200 OK", -EBADMSG},
		{"HTTP/1.1 200 OK", -EBADMSG},
		{" RTSP/1.0 200 OK", -EBADMSG},
		{"RTSP/1.0 200 O\x01K", -EBADMSG},
		{"OPTIONS * RTSP/1.0", -EBADMSG},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rtsp_response r;
		char text[128];
		int n = snprintf(text, sizeof(text), "%s\r\nCSeq: 1\r\n\r\n", rows[i].line);

		assert_row(rows[i].line,
			   rtsp_response_parse(&r, text, (size_t)n) == rows[i].result);
	}
}

static void test_headers(void **state)
{
	static const struct {
		const char *lines;
		int result;
	} rows[] = {
		{"", 1},
		{"CSeq: x\r\n", -EBADMSG},
		{"CSeq: 1\r\nCSeq: 1\r\n", -EBADMSG},
		{"Content-Length: 4097\r\n", -EBADMSG},
		{"Content-Length: 1\r\nContent-Length: 1\r\n", -EBADMSG},
		{"Camward-Statement: a\r\nCamward-Statement: b\r\n", -EBADMSG},
		{"Camward-Certificate: a\r\nCamward-Certificate: b\r\n", -EBADMSG},
		{"Content-Base: a\r\nContent-Base: b\r\n", -EBADMSG},
		{"Transfer-Encoding: chunked\r\n", -EBADMSG},
		{"Server: a\r\nServer: b\r\n", 1},
		{"Server : a\r\n", -EBADMSG},
		{"Server: a\r\n b\r\n", -EBADMSG},
		{"Server: a\n", -EBADMSG},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rtsp_response r;
		char text[256];
		int n = snprintf(text, sizeof(text), "RTSP/1.0 200 OK\r\n%s\r\n", rows[i].lines);

		assert_row(rows[i].lines,
			   rtsp_response_parse(&r, text, (size_t)n) == rows[i].result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_every_beginning_waits),
		cmocka_unit_test(test_status_lines),
		cmocka_unit_test(test_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
