// SPDX-License-Identifier: LGPL-2.1-or-later
/* Requests of HTTP/1.1. What it shares with RTSP is tried in test-rtsp.c. */
#include "base/cleanup.h"
#include "wire.h"
#include "wire/http.h"

static enum request_result parse(struct http_request *r, const char *text)
{
	return http_request_parse(r, text, strlen(text));
}

static void test_curl(void **state)
{
	struct slice t = wire_load("fuzz/corpus/requests/curl-7.88-get");
	struct http_request r;

	assert_int_equal(http_request_parse(&r, t.data, t.len), REQUEST_COMPLETE);
	assert_int_equal(r.size, t.len);
	assert_int_equal(r.method, HTTP_GET);
	assert_slice(r.path, "/api/cameras");
	assert_null(r.query.data);
	assert_slice(r.host, "127.0.0.1:18080");
	assert_false(r.close);
	wire_free(t);

	t = wire_load("fuzz/corpus/requests/curl-7.88-post");
	assert_int_equal(http_request_parse(&r, t.data, t.len - 1), REQUEST_MORE);
	assert_int_equal(http_request_parse(&r, t.data, t.len), REQUEST_COMPLETE);
	assert_int_equal(r.method, HTTP_POST);
	assert_slice(r.body, "a=x");
	wire_free(t);
}

static void test_ffmpeg(void **state)
{
	struct slice t = wire_load("fuzz/corpus/requests/ffmpeg-5.1-http");
	struct http_request r;

	assert_int_equal(http_request_parse(&r, t.data, t.len), REQUEST_COMPLETE);
	assert_slice(r.path, "/cameras/front/live.mp4");
	assert_true(r.close);
	wire_free(t);
}

static void test_target(void **state)
{
	struct http_request r;

	assert_int_equal(parse(&r, "HEAD /a?b=c?d HTTP/1.1\r\nHost: h\r\n\r\n"), REQUEST_COMPLETE);
	assert_int_equal(r.method, HTTP_HEAD);
	assert_slice(r.path, "/a");
	assert_slice(r.query, "b=c?d");
	assert_int_equal(parse(&r, "GET /? HTTP/1.1\r\nHost: h\r\n\r\n"), REQUEST_COMPLETE);
	assert_slice(r.path, "/");
	assert_non_null(r.query.data);
	assert_int_equal(r.query.len, 0);
	assert_int_equal(parse(&r, "GET /%2e%2e/../x!~ HTTP/1.1\r\nHost: h\r\n\r\n"),
			 REQUEST_COMPLETE);
	assert_slice(r.path, "/%2e%2e/../x!~");
}

static void test_connection(void **state)
{
	struct http_request r;

	assert_int_equal(parse(&r, "GET / HTTP/1.1\r\nHost: h\r\n"
				   "Connection: keep-alive, Close\r\n\r\n"),
			 REQUEST_COMPLETE);
	assert_true(r.close);
	assert_int_equal(parse(&r, "GET / HTTP/1.1\r\nHost: h\r\n"
				   "Connection: Upgrade\r\nConnection: x\r\n\r\n"),
			 REQUEST_COMPLETE);
	assert_false(r.close);
	assert_true(headers_has_token(&r.headers, "Connection", "upgrade"));
}

static void test_pipelined(void **state)
{
	static const char text[] = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
				   "GET /b HTTP/1.1\r\nHost: h\r\n\r\n";
	struct http_request r;

	assert_int_equal(parse(&r, text), REQUEST_COMPLETE);
	assert_slice(r.path, "/a");
	assert_int_equal(parse(&r, text + r.size), REQUEST_COMPLETE);
	assert_slice(r.path, "/b");
	assert_int_equal(r.size, (sizeof(text) - 1) / 2);
}

static void test_refused(void **state)
{
	static const struct {
		const char *name;
		const char *text;
		unsigned status;
		bool goes_on;
	} rows[] = {
		{"HTTP/1.0", "GET / HTTP/1.0\r\nHost: h\r\n\r\n", 505, false},
		{"HTTP/2.0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, false},
		{"HTTP/0.9", "GET /\r\n\r\n", 400, false},
		{"RTSP", "GET / RTSP/1.0\r\nHost: h\r\n\r\n", 400, false},
		{"small letters", "GET / http/1.1\r\nHost: h\r\n\r\n", 400, false},
		{"bare LF", "GET / HTTP/1.1\nHost: h\n\n", 400, false},
		{"folding", "GET / HTTP/1.1\r\nHost: h\r\n x\r\n\r\n", 400, false},
		{"space before the colon", "GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400, false},
		{"two Host", "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400, false},
		{"chunked", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
		 false},
		{"both framings",
		 "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n"
		 "Transfer-Encoding: chunked\r\n\r\n",
		 400, false},
		{"two lengths",
		 "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-length: 2\r\n\r\n",
		 400, false},
		{"large body", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999\r\n\r\n", 413,
		 false},
		{"two Authorization",
		 "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n", 400,
		 false},
		{"no Host", "GET / HTTP/1.1\r\n\r\n", 400, true},
		{"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, true},
		{"absolute form", "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400, true},
		{"asterisk form", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400, true},
		{"fragment", "GET /#a HTTP/1.1\r\nHost: h\r\n\r\n", 400, true},
		{"PUT", "PUT / HTTP/1.1\r\nHost: h\r\n\r\n", 501, true},
		{"OPTIONS", "OPTIONS / HTTP/1.1\r\nHost: h\r\n\r\n", 501, true},
		{"CONNECT", "CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n", 501, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct http_request r;

		assert_row(rows[i].name, parse(&r, rows[i].text) == REQUEST_REFUSED);
		assert_row(rows[i].name, r.status == rows[i].status);
		assert_row(rows[i].name, r.size == (rows[i].goes_on ? strlen(rows[i].text) : 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_curl),      cmocka_unit_test(test_ffmpeg),
		cmocka_unit_test(test_target),    cmocka_unit_test(test_connection),
		cmocka_unit_test(test_pipelined), cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
