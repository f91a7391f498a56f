// SPDX-License-Identifier: LGPL-2.1-or-later
/* Responses are exact, bounded, and no value can add a line to them. */
#include <errno.h>

#include "wire.h"
#include "wire/http-reply.h"
#include "wire/rtsp-reply.h"
#include "wire/status.h"

static char buffer[1024];
static struct writer w;

static int setup(void **state)
{
	memset(buffer, 'x', sizeof(buffer));
	writer_init(&w, buffer, sizeof(buffer));
	return 0;
}

static void assert_written(const char *text)
{
	assert_int_equal(writer_end(&w), strlen(text));
	assert_memory_equal(buffer, text, strlen(text));
}

static void test_body(void **state)
{
	rtsp_reply_begin(&w, 200, true, 9999999999);
	rtsp_reply_header(&w, "Session", "%s;timeout=%d", "ab", 60);
	rtsp_reply_body(&w, "application/sdp", "v=0\r\n", 5);
	assert_written("RTSP/1.0 200 OK\r\n"
		       "CSeq: 9999999999\r\n"
		       "Server: camward\r\n"
		       "Session: ab;timeout=60\r\n"
		       "Content-Type: application/sdp\r\n"
		       "Content-Length: 5\r\n"
		       "\r\n"
		       "v=0\r\n");
}

static void test_challenge(void **state)
{
	rtsp_reply_begin(&w, 401, true, 2);
	rtsp_reply_end(&w);
	assert_written("RTSP/1.0 401 Unauthorized\r\n"
		       "CSeq: 2\r\n"
		       "Server: camward\r\n"
		       "WWW-Authenticate: Basic realm=\"camward\", charset=\"UTF-8\"\r\n"
		       "\r\n");
}

static void test_unknown_method(void **state)
{
	rtsp_reply_begin(&w, 501, true, 3);
	rtsp_reply_end(&w);
	assert_written("RTSP/1.0 501 Not Implemented\r\n"
		       "CSeq: 3\r\n"
		       "Server: camward\r\n"
		       "Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN\r\n"
		       "\r\n");
}

static void test_method_not_allowed(void **state)
{
	rtsp_reply_begin(&w, 405, true, 4);
	rtsp_reply_end(&w);
	assert_written("RTSP/1.0 405 Method Not Allowed\r\n"
		       "CSeq: 4\r\n"
		       "Server: camward\r\n"
		       "Allow: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN\r\n"
		       "\r\n");
}

static void test_without_cseq(void **state)
{
	rtsp_reply_begin(&w, 461, false, 0);
	rtsp_reply_end(&w);
	assert_written("RTSP/1.0 461 Unsupported transport\r\nServer: camward\r\n\r\n");
}

#define HTTP_COMMON                            \
	"Server: camward\r\n"                  \
	"Cache-Control: no-store, private\r\n" \
	"X-Content-Type-Options: nosniff\r\n"

static void test_http_body(void **state)
{
	http_reply_begin(&w, 200);
	http_reply_header(&w, "Connection", "close");
	http_reply_body(&w, "text/plain", "hi", 2);
	assert_written("HTTP/1.1 200 OK\r\n" HTTP_COMMON "Connection: close\r\n"
		       "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi");
}

static void test_http_head(void **state)
{
	http_reply_begin(&w, 200);
	http_reply_body(&w, "text/plain", NULL, 2);
	assert_written("HTTP/1.1 200 OK\r\n" HTTP_COMMON
		       "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n");
}

static void test_http_challenge(void **state)
{
	http_reply_begin(&w, 401);
	http_reply_end(&w);
	assert_written("HTTP/1.1 401 Unauthorized\r\n" HTTP_COMMON
		       "WWW-Authenticate: Basic realm=\"camward\", charset=\"UTF-8\"\r\n\r\n");
}

static void test_http_method(void **state)
{
	http_reply_begin(&w, 501);
	http_reply_end(&w);
	assert_written("HTTP/1.1 501 Not Implemented\r\n" HTTP_COMMON "Allow: GET, HEAD\r\n\r\n");
}

static void test_no_header_splitting(void **state)
{
	static const char *const values[] = {"a\r\nX: 1", "a\nX: 1", "a\rX: 1", "a\x1b", "\x7f"};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		writer_init(&w, buffer, sizeof(buffer));
		rtsp_reply_begin(&w, 200, true, 1);
		rtsp_reply_header(&w, "Content-Base", "%s", values[i]);
		assert_int_equal(writer_end(&w), -ENOSPC);
		writer_init(&w, buffer, sizeof(buffer));
		http_reply_begin(&w, 200);
		http_reply_header(&w, "Location", "%s", values[i]);
		assert_int_equal(writer_end(&w), -ENOSPC);
	}
}

static void test_unknown_status(void **state)
{
	rtsp_reply_begin(&w, 299, true, 1);
	assert_int_equal(writer_end(&w), -ENOSPC);
	writer_init(&w, buffer, sizeof(buffer));
	http_reply_begin(&w, 418);
	assert_int_equal(writer_end(&w), -ENOSPC);
}

/* Formatted text needs a byte more than it leaves; plain text and bytes fill to the last. */
static void test_writer_is_full(void **state)
{
	writer_init(&w, buffer, 3);
	writer_printf(&w, "%d", 123);
	assert_int_equal(writer_end(&w), -ENOSPC);
	writer_init(&w, buffer, 4);
	writer_printf(&w, "%d%s", 123, "");
	writer_printf(&w, "%s", "");
	writer_u8(&w, 'x');
	assert_int_equal(writer_end(&w), 4);
	assert_memory_equal(buffer, "123x", 4);
	writer_u8(&w, 'x');
	assert_int_equal(writer_end(&w), -ENOSPC);
}

/* Whatever the room, the whole is written or the writer fails; nothing beyond it is touched. */
static void test_bounds(void **state)
{
	char full[sizeof(buffer)];
	size_t len;

	rtsp_reply_begin(&w, 200, true, 1);
	rtsp_reply_body(&w, "a/b", "body", 4);
	len = writer_end(&w);
	memcpy(full, buffer, len);
	for (size_t room = 0; room <= len; room++) {
		memset(buffer, 'x', sizeof(buffer));
		writer_init(&w, buffer, room);
		rtsp_reply_begin(&w, 200, true, 1);
		rtsp_reply_body(&w, "a/b", "body", 4);
		assert_int_equal(writer_end(&w), room == len ? (int)len : -ENOSPC);
		assert_int_equal(buffer[room], 'x');
	}
	assert_memory_equal(buffer, full, len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_body, setup),
		cmocka_unit_test_setup(test_challenge, setup),
		cmocka_unit_test_setup(test_unknown_method, setup),
		cmocka_unit_test_setup(test_method_not_allowed, setup),
		cmocka_unit_test_setup(test_without_cseq, setup),
		cmocka_unit_test_setup(test_http_body, setup),
		cmocka_unit_test_setup(test_http_head, setup),
		cmocka_unit_test_setup(test_http_challenge, setup),
		cmocka_unit_test_setup(test_http_method, setup),
		cmocka_unit_test_setup(test_no_header_splitting, setup),
		cmocka_unit_test_setup(test_unknown_status, setup),
		cmocka_unit_test_setup(test_writer_is_full, setup),
		cmocka_unit_test_setup(test_bounds, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
