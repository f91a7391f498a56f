// SPDX-License-Identifier: LGPL-2.1-or-later
/* A URI names a camera, nothing that is here, or is none: three answers, never mixed up. */
#include <errno.h>

#include "base/cleanup.h"
#include "wire.h"
#include "wire/rtsp-uri.h"

#define NAME_64 "a123456789b123456789c123456789d123456789e123456789f123456789g123"

struct row {
	const char *text;
	const char *camera;
	bool sub;
	bool track;
};

static const struct row rows[] = {
	{"rtsp://h/front", "front", false, false},
	{"rtsps://h/front", "front", false, false},
	{"RTSP://H/front", "front", false, false},
	{"rtsps://h:322/front/", "front", false, false},
	{"rtsp://[::1]:8322/front", "front", false, false},
	{"rtsp://owner:token@h/front", "front", false, false},
	{"rtsp://h/front/sub", "front", true, false},
	{"rtsp://h/front/sub/", "front", true, false},
	{"rtsp://h/front/trackID=0", "front", false, true},
	{"rtsp://h/front/trackID=0/", "front", false, true},
	{"rtsp://h/front/sub/trackID=0", "front", true, true},
	{"rtsp://h/sub", "sub", false, false},
	{"rtsp://h/0.a_b-c", "0.a_b-c", false, false},
	{"rtsp://h/" NAME_64, NAME_64, false, false},
};

static const char *const unknown[] = {
	"rtsp://h/" NAME_64 "x",
	"rtsp://h",
	"rtsp://h/",
	"rtsp://h//front",
	"rtsp://h/front//",
	"rtsp://h/front//sub",
	"rtsp://h/front/sub/sub",
	"rtsp://h/front/trackID=0/sub",
	"rtsp://h/front/trackID=0/trackID=0",
	"rtsp://h/front/trackID=1",
	"rtsp://h/front/trackid=0",
	"rtsp://h/front/main",
	"rtsp://h/front/auto/sub",
	"rtsp://h/front/sub/auto",
	"rtsp://h/front/auto/auto",
	"rtsp://h/Front",
	"rtsp://h/-front",
	"rtsp://h/.front",
	"rtsp://h/fr%6fnt",
	"rtsp://h/front%2fsub",
	"rtsp://h/../front",
	"rtsp://h/front/..",
	"rtsp://h/front/../back",
	"rtsp://h/front?x=1",
	"rtsp://h/front#a",
	"rtsp://h?x=/front",
	"rtsp://h#/front",
};

static void test_cameras(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		struct rtsp_uri uri;

		assert_row(row->text, rtsp_uri_parse(&uri, slice_text(row->text)) == 0);
		assert_row(row->text, uri.kind == RTSP_URI_CAMERA);
		assert_row(row->text, strcmp(uri.camera, row->camera) == 0);
		assert_row(row->text, uri.sub == row->sub && uri.track == row->track);
		assert_row(row->text, !uri.either);
	}
}

static void test_either_stream(void **state)
{
	struct rtsp_uri uri;

	assert_int_equal(rtsp_uri_parse(&uri, slice_text("rtsp://h/front/auto/trackID=0")), 0);
	assert_int_equal(uri.kind, RTSP_URI_CAMERA);
	assert_true(uri.either && uri.track && !uri.sub);
	assert_int_equal(rtsp_uri_parse(&uri, slice_text("rtsp://h/auto")), 0);
	assert_string_equal(uri.camera, "auto");
	assert_false(uri.either);
}

/* Not the client's mistake: answered as what does not exist. */
static void test_unknown(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		struct rtsp_uri uri;

		assert_row(unknown[i], rtsp_uri_parse(&uri, slice_text(unknown[i])) == 0);
		assert_row(unknown[i], uri.kind == RTSP_URI_UNKNOWN);
		assert_row(unknown[i], uri.camera[0] == '\0' && !uri.sub && !uri.track);
	}
}

static void test_asterisk(void **state)
{
	struct rtsp_uri uri;

	assert_int_equal(rtsp_uri_parse(&uri, slice_text("*")), 0);
	assert_int_equal(uri.kind, RTSP_URI_ASTERISK);
}

static void test_malformed(void **state)
{
	static const char *const texts[] = {
		"",           "/front",          "front",
		"**",         "rtsp:/h/front",   "rtsp:///front",
		"rtsp://",    "http://h/front",  "rtspx://h",
		"xrtsp://h/", "rtspu://h/front", "rtsp://?x",
	};
	struct rtsp_uri uri;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_row(texts[i], rtsp_uri_parse(&uri, slice_text(texts[i])) == -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cameras),   cmocka_unit_test(test_either_stream),
		cmocka_unit_test(test_unknown),   cmocka_unit_test(test_asterisk),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
