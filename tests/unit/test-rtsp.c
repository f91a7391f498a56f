// SPDX-License-Identifier: LGPL-2.1-or-later
/* Requests of RTSP: what real clients send is read, everything malformed gets its own status. */
#include "base/cleanup.h"
#include "wire.h"
#include "wire/demux.h"
#include "wire/rtsp.h"

static enum request_result parse(struct rtsp_request *r, const char *text)
{
	return rtsp_request_parse(r, text, strlen(text));
}

/* The requests of a transcript in order; *ret_frames: interleaved frames between them. */
static size_t read_transcript(struct slice t, struct rtsp_request *list, size_t max,
			      unsigned *ret_frames)
{
	struct demux_frame frame;
	size_t n = 0;

	*ret_frames = 0;
	while (t.len > 0) {
		size_t size;

		if (demux_peek(t.data, t.len, DEMUX_FRAME_MAX_INBOUND, &frame) == DEMUX_FRAME) {
			(*ret_frames)++;
			size = frame.size;
		} else {
			assert_true(n < max);
			assert_int_equal(rtsp_request_parse(&list[n], t.data, t.len),
					 REQUEST_COMPLETE);
			size = list[n++].size;
		}
		t = slice_of(t.data + size, t.len - size);
	}
	return n;
}

static void assert_methods(const struct rtsp_request *list, const enum rtsp_method *methods,
			   size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(list[i].method, methods[i]);
		assert_int_equal(list[i].cseq, i + 1);
		assert_int_equal(list[i].uri.kind, RTSP_URI_CAMERA);
		assert_string_equal(list[i].uri.camera, "front");
		assert_int_equal(list[i].uri.track, methods[i] == RTSP_SETUP);
		assert_false(list[i].uri.sub);
	}
}

static void test_ffmpeg(void **state)
{
	static const enum rtsp_method methods[] = {
		RTSP_OPTIONS, RTSP_DESCRIBE,      RTSP_DESCRIBE,      RTSP_SETUP,
		RTSP_PLAY,    RTSP_GET_PARAMETER, RTSP_GET_PARAMETER, RTSP_TEARDOWN,
	};
	struct rtsp_request list[16];
	struct slice t = wire_load("fuzz/corpus/requests/ffmpeg-5.1-rtsp");
	unsigned frames;

	assert_int_equal(read_transcript(t, list, 16, &frames), ARRAY_SIZE(methods));
	assert_methods(list, methods, ARRAY_SIZE(methods));
	assert_slice(headers_value(&list[1].headers, "accept"), "application/sdp");
	assert_null(headers_value(&list[1].headers, "Authorization").data);
	assert_slice(headers_value(&list[2].headers, "Authorization"),
		     "Basic b3duZXI6czNjcjN0LXRva2Vu");
	assert_slice(list[4].target, "rtsp://127.0.0.1:18554/front/");
	assert_slice(headers_value(&list[4].headers, "Range"), "npt=0.000-");
	wire_free(t);
}

static void test_gstreamer(void **state)
{
	static const enum rtsp_method methods[] = {
		RTSP_OPTIONS, RTSP_DESCRIBE, RTSP_DESCRIBE, RTSP_SETUP,
		RTSP_SETUP,   RTSP_SETUP,    RTSP_PLAY,     RTSP_TEARDOWN,
	};
	struct rtsp_request list[16];
	struct slice t = wire_load("fuzz/corpus/requests/gstreamer-1.22-rtsps");
	unsigned frames;

	assert_int_equal(read_transcript(t, list, 16, &frames), ARRAY_SIZE(methods));
	assert_methods(list, methods, ARRAY_SIZE(methods));
	assert_int_not_equal(frames, 0); /* its receiver reports, between PLAY and TEARDOWN */
	assert_slice(headers_value(&list[3].headers, "Transport"),
		     "RTP/AVP;unicast;client_port=40804-40805");
	wire_free(t);
}

/* However the bytes arrive, nothing but the whole request is ever taken for one. */
static void test_incremental(void **state)
{
	static const char text[] = "SET_PARAMETER rtsps://h/front RTSP/1.0\r\n"
				   "CSeq: 0000000012\r\n"
				   "Content-Length: 5\r\n"
				   "User-Agent: a\r\n"
				   "User-Agent: b\r\n"
				   "\r\n"
				   "hello"
				   "OPTIONS * RTSP/1.0\r\nCSeq: 13\r\n\r\n";
	size_t first = strstr(text, "OPTIONS") - text, len = strlen(text);
	char part[sizeof(text)];
	struct rtsp_request r;

	for (size_t n = 0; n < first; n++) {
		memset(part, 'x', sizeof(part)); /* what is not there yet */
		memcpy(part, text, n);
		assert_int_equal(rtsp_request_parse(&r, part, n), REQUEST_MORE);
	}
	for (size_t n = first; n <= len; n++) {
		assert_int_equal(rtsp_request_parse(&r, text, n), REQUEST_COMPLETE);
		assert_int_equal(r.size, first);
		assert_int_equal(r.cseq, 12);
		assert_slice(r.body, "hello");
	}
	assert_int_equal(rtsp_request_parse(&r, text + first, len - first), REQUEST_COMPLETE);
	assert_int_equal(r.method, RTSP_OPTIONS);
	assert_int_equal(r.uri.kind, RTSP_URI_ASTERISK);
}

#define OPTIONS "OPTIONS rtsp://h/front RTSP/1.0\r\n"

struct refusal {
	const char *name;
	const char *text;
	unsigned status;
	bool goes_on; /* the next request can be found */
};

static const struct refusal refusals[] = {
	{"bare LF", "OPTIONS rtsp://h/front RTSP/1.0\nCSeq: 1\n\n", 400, false},
	{"bare LF in the headers", OPTIONS "CSeq: 1\n\r\n", 400, false},
	{"bare CR", OPTIONS "CSeq: 1\rX: 2\r\n\r\n", 400, false},
	{"empty line first", "\r\n" OPTIONS "CSeq: 1\r\n\r\n", 400, false},
	{"folding", OPTIONS "CSeq: 1\r\nX: a\r\n b\r\n\r\n", 400, false},
	{"folding at the first header", OPTIONS " X: a\r\nCSeq: 1\r\n\r\n", 400, false},
	{"space before the colon", OPTIONS "CSeq : 1\r\n\r\n", 400, false},
	{"no colon", OPTIONS "CSeq: 1\r\nrubbish\r\n\r\n", 400, false},
	{"no header name", OPTIONS "CSeq: 1\r\n: a\r\n\r\n", 400, false},
	{"header name is no token", OPTIONS "CSeq: 1\r\nA(b): a\r\n\r\n", 400, false},
	{"control character", OPTIONS "CSeq: 1\r\nX: a\x01\r\n\r\n", 400, false},
	{"escape character", OPTIONS "CSeq: 1\r\nX: \x1b[2J\r\n\r\n", 400, false},
	{"delete character", OPTIONS "CSeq: 1\r\nX: a\x7f\r\n\r\n", 400, false},
	{"not ASCII", OPTIONS "CSeq: 1\r\nX: \xc3\xa4\r\n\r\n", 400, false},
	{"two spaces", "OPTIONS  rtsp://h/front RTSP/1.0\r\nCSeq: 1\r\n\r\n", 400, false},
	{"space at the end", "OPTIONS rtsp://h/front RTSP/1.0 \r\nCSeq: 1\r\n\r\n", 400, false},
	{"space at the start", " OPTIONS rtsp://h/front RTSP/1.0\r\nCSeq: 1\r\n\r\n", 400, false},
	{"tab between", "OPTIONS\trtsp://h/front RTSP/1.0\r\nCSeq: 1\r\n\r\n", 400, false},
	{"tab in the target", "OPTIONS rtsp://h/a\tb RTSP/1.0\r\nCSeq: 1\r\n\r\n", 400, false},
	{"no target", "OPTIONS RTSP/1.0\r\nCSeq: 1\r\n\r\n", 400, false},
	{"no version", "OPTIONS rtsp://h/front\r\nCSeq: 1\r\n\r\n", 400, false},
	{"method is no token", "OPT(IONS rtsp://h/front RTSP/1.0\r\nCSeq: 1\r\n\r\n", 400, false},
	{"other protocol", "OPTIONS rtsp://h/front HTTP/1.1\r\nCSeq: 1\r\n\r\n", 400, false},
	{"protocol in small letters", "OPTIONS rtsp://h/front rtsp/1.0\r\nCSeq: 1\r\n\r\n", 400,
	 false},
	{"version without a dot", "OPTIONS rtsp://h/front RTSP/10\r\nCSeq: 1\r\n\r\n", 400, false},
	{"version that is no number", "OPTIONS rtsp://h/front RTSP/a.b\r\nCSeq: 1\r\n\r\n", 400,
	 false},
	{"version without a slash", "OPTIONS rtsp://h/front RTSP 1.0\r\nCSeq: 1\r\n\r\n", 400,
	 false},
	{"version with a comma", "OPTIONS rtsp://h/front RTSP/1,0\r\nCSeq: 1\r\n\r\n", 400, false},
	{"RTSP 9.9", "OPTIONS rtsp://h/front RTSP/9.9\r\nCSeq: 1\r\n\r\n", 505, false},
	{"RTSP 2.0", "OPTIONS rtsp://h/front RTSP/2.0\r\nCSeq: 1\r\n\r\n", 505, false},
	{"RTSP 1.1", "OPTIONS rtsp://h/front RTSP/1.1\r\nCSeq: 1\r\n\r\n", 505, false},
	{"two CSeq", OPTIONS "CSeq: 1\r\ncseq: 1\r\n\r\n", 400, false},
	{"two Session", OPTIONS "CSeq: 1\r\nSession: a\r\nSession: b\r\n\r\n", 400, false},
	{"two Transport", OPTIONS "CSeq: 1\r\nTransport: a\r\nTransport: b\r\n\r\n", 400, false},
	{"two Authorization", OPTIONS "CSeq: 1\r\nAuthorization: a\r\nauthorization: b\r\n\r\n",
	 400, false},
	{"two Camward-Nonce", OPTIONS "CSeq: 1\r\nCamward-Nonce: a\r\nCamward-Nonce: a\r\n\r\n",
	 400, false},
	{"two Content-Length", OPTIONS "CSeq: 1\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
	 400, false},
	{"Content-Length is a list", OPTIONS "CSeq: 1\r\nContent-Length: 0, 0\r\n\r\n", 400, false},
	{"Content-Length with a sign", OPTIONS "CSeq: 1\r\nContent-Length: +1\r\n\r\n", 400, false},
	{"Content-Length is empty", OPTIONS "CSeq: 1\r\nContent-Length:\r\n\r\n", 400, false},
	{"Content-Length is hexadecimal", OPTIONS "CSeq: 1\r\nContent-Length: 0x1\r\n\r\n", 400,
	 false},
	{"Content-Length too large", OPTIONS "CSeq: 1\r\nContent-Length: 4097\r\n\r\n", 413, false},
	{"Content-Length beyond 64 bits",
	 OPTIONS "CSeq: 1\r\nContent-Length: 18446744073709551617\r\n\r\n", 413, false},
	{"Transfer-Encoding", OPTIONS "CSeq: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, false},
	{"no CSeq", OPTIONS "\r\n", 400, true},
	{"CSeq is empty", OPTIONS "CSeq:\r\n\r\n", 400, true},
	{"CSeq is no number", OPTIONS "CSeq: 1a\r\n\r\n", 400, true},
	{"CSeq is negative", OPTIONS "CSeq: -1\r\n\r\n", 400, true},
	{"CSeq of eleven digits", OPTIONS "CSeq: 10000000000\r\n\r\n", 400, true},
	{"relative URI", "OPTIONS /front RTSP/1.0\r\nCSeq: 1\r\n\r\n", 400, true},
	{"http URI", "OPTIONS http://h/front RTSP/1.0\r\nCSeq: 1\r\n\r\n", 400, true},
	{"unknown method", "RECORD rtsp://h/front RTSP/1.0\r\nCSeq: 1\r\n\r\n", 501, true},
	{"method in small letters", "options rtsp://h/front RTSP/1.0\r\nCSeq: 1\r\n\r\n", 501,
	 true},
	{"method with more after it", "OPTIONSX rtsp://h/front RTSP/1.0\r\nCSeq: 1\r\n\r\n", 501,
	 true},
};

static void test_refused(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		const struct refusal *f = &refusals[i];
		struct rtsp_request r;

		assert_row(f->name, parse(&r, f->text) == REQUEST_REFUSED);
		assert_row(f->name, r.status == f->status);
		assert_row(f->name, r.size == (f->goes_on ? strlen(f->text) : 0));
	}
}

static void test_nul_is_refused(void **state)
{
	static const char text[] = OPTIONS "CSeq: 1\r\nX: a\0b\r\n\r\n";
	struct rtsp_request r;

	assert_int_equal(rtsp_request_parse(&r, text, sizeof(text) - 1), REQUEST_REFUSED);
	assert_int_equal(r.status, 400);
}

/* 501 is answered with the CSeq, and the connection goes on. */
static void test_unknown_method_keeps_cseq(void **state)
{
	struct rtsp_request r;

	assert_int_equal(parse(&r, "ANNOUNCE * RTSP/1.0\r\nCSeq: 9999999999\r\n\r\n"),
			 REQUEST_REFUSED);
	assert_int_equal(r.status, 501);
	assert_true(r.has_cseq);
	assert_int_equal(r.cseq, RTSP_CSEQ_MAX);
}

/* Rubbish is answered when it is seen, not when the head is complete. */
static void test_refused_early(void **state)
{
	struct rtsp_request r;

	assert_int_equal(parse(&r, "OPTIONS *\n"), REQUEST_REFUSED);
	assert_int_equal(parse(&r, OPTIONS "X: \x02"), REQUEST_REFUSED);
}

static size_t fill(char *text, const char *start, size_t n, const char *end)
{
	size_t len = strlen(start);

	memcpy(text, start, len);
	memset(text + len, 'a', n);
	strcpy(text + len + n, end);
	return len + n + strlen(end);
}

static void test_line_length(void **state)
{
	static const char end[] = " RTSP/1.0\r\nCSeq: 1\r\n\r\n";
	static const char start[] = "OPTIONS rtsp://h/";
	size_t n = HEADERS_LINE_MAX - 2 - strlen(start) - strlen(" RTSP/1.0");
	struct rtsp_request r;
	char text[4096];
	size_t len;

	len = fill(text, start, n, end);
	assert_int_equal(rtsp_request_parse(&r, text, len), REQUEST_COMPLETE);
	assert_int_equal(r.uri.kind, RTSP_URI_UNKNOWN);
	len = fill(text, start, n + 1, end);
	assert_int_equal(rtsp_request_parse(&r, text, len), REQUEST_REFUSED);
	assert_int_equal(r.status, 414);
	assert_int_equal(rtsp_request_parse(&r, text, HEADERS_LINE_MAX), REQUEST_MORE);
	assert_int_equal(rtsp_request_parse(&r, text, HEADERS_LINE_MAX + 1), REQUEST_REFUSED);
	assert_int_equal(r.status, 414);
}

static void test_head_size(void **state)
{
	static const char start[] = OPTIONS "CSeq: 1\r\nX: ";
	size_t n = HEADERS_SIZE_MAX - strlen(start) - 4;
	char text[HEADERS_SIZE_MAX + 64];
	struct rtsp_request r;
	size_t len;

	len = fill(text, start, n, "\r\n\r\n");
	assert_int_equal(len, HEADERS_SIZE_MAX);
	assert_int_equal(rtsp_request_parse(&r, text, len), REQUEST_COMPLETE);
	len = fill(text, start, n + 1, "\r\n\r\n");
	assert_int_equal(rtsp_request_parse(&r, text, len), REQUEST_REFUSED);
	assert_int_equal(r.status, 431);
	assert_int_equal(r.size, 0);
	/* A buffer of that size never leaves a session waiting for what it has no room for. */
	assert_int_equal(rtsp_request_parse(&r, text, HEADERS_SIZE_MAX), REQUEST_REFUSED);
	assert_int_equal(r.status, 431);
}

static void test_header_count(void **state)
{
	char text[HEADERS_SIZE_MAX];
	struct rtsp_request r;
	size_t len = sprintf(text, "%sCSeq: 1\r\n", OPTIONS);

	for (unsigned i = 1; i < HEADERS_MAX; i++)
		len += sprintf(text + len, "X%u: %u\r\n", i, i);
	strcpy(text + len, "\r\n");
	assert_int_equal(parse(&r, text), REQUEST_COMPLETE);
	assert_int_equal(r.headers.n, HEADERS_MAX);
	assert_slice(headers_value(&r.headers, "x63"), "63");
	strcpy(text + len, "Y: 1\r\n\r\n");
	assert_int_equal(parse(&r, text), REQUEST_REFUSED);
	assert_int_equal(r.status, 431);
}

static void test_largest_body(void **state)
{
	char text[HEADERS_SIZE_MAX + HEADERS_BODY_MAX];
	size_t head = sprintf(text, "%sCSeq: 1\r\nContent-Length: 4096\r\n\r\n", OPTIONS);
	struct rtsp_request r;

	memset(text + head, 0, HEADERS_BODY_MAX); /* a body may hold anything */
	assert_int_equal(rtsp_request_parse(&r, text, head + HEADERS_BODY_MAX - 1), REQUEST_MORE);
	assert_int_equal(rtsp_request_parse(&r, text, head + HEADERS_BODY_MAX), REQUEST_COMPLETE);
	assert_int_equal(r.body.len, HEADERS_BODY_MAX);
}

static void test_header_values(void **state)
{
	struct rtsp_request r;

	assert_int_equal(parse(&r, OPTIONS "cseq:1\r\nX:\t a b \t\r\nEmpty:\r\nY: a, B ,c\r\n\r\n"),
			 REQUEST_COMPLETE);
	assert_slice(headers_value(&r.headers, "X"), "a b");
	assert_non_null(headers_find(&r.headers, "empty"));
	assert_int_equal(headers_value(&r.headers, "Empty").len, 0);
	assert_null(headers_find(&r.headers, "Emp"));
	assert_true(headers_has_token(&r.headers, "y", "b"));
	assert_false(headers_has_token(&r.headers, "y", "d"));
	assert_false(headers_has_token(&r.headers, "x", "a"));
}

/* headers_parse stands alone, too: it does not rely on headers_find_end. */
static void test_header_lines(void **state)
{
	struct headers h;

	assert_int_equal(headers_parse(&h, slice_text("")), 0);
	assert_int_equal(headers_parse(&h, slice_text("A: 1\r\nB: 2\r\n")), 0);
	assert_int_equal(h.n, 2);
	assert_int_equal(headers_parse(&h, slice_text("A: 1\nB: 2\r\n")), -400);
	assert_int_equal(headers_parse(&h, slice_text("A: 1\r\n\r\n")), -400);
	assert_int_equal(headers_parse(&h, slice_text("A: 1\r\n\n")), -400);
}

static void test_method_names(void **state)
{
	const struct {
		const char *name;
		enum rtsp_method method;
	} names[] = {
		{"OPTIONS", RTSP_OPTIONS},
		{"DESCRIBE", RTSP_DESCRIBE},
		{"SETUP", RTSP_SETUP},
		{"PLAY", RTSP_PLAY},
		{"PAUSE", RTSP_PAUSE},
		{"TEARDOWN", RTSP_TEARDOWN},
		{"GET_PARAMETER", RTSP_GET_PARAMETER},
		{"SET_PARAMETER", RTSP_SET_PARAMETER},
		{"RECORD", RTSP_UNKNOWN},
		{"play", RTSP_UNKNOWN},
		{"", RTSP_UNKNOWN},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(rtsp_method_parse(slice_text(names[i].name)), names[i].method);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ffmpeg),
		cmocka_unit_test(test_gstreamer),
		cmocka_unit_test(test_incremental),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nul_is_refused),
		cmocka_unit_test(test_unknown_method_keeps_cseq),
		cmocka_unit_test(test_refused_early),
		cmocka_unit_test(test_line_length),
		cmocka_unit_test(test_head_size),
		cmocka_unit_test(test_header_count),
		cmocka_unit_test(test_largest_body),
		cmocka_unit_test(test_header_values),
		cmocka_unit_test(test_header_lines),
		cmocka_unit_test(test_method_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
