// SPDX-License-Identifier: LGPL-2.1-or-later
/* The URL of a camera, as camward-view takes it. */
#include "view/url.h"
#include "wire.h"

static void test_parts(void **state)
{
	const char *reason;
	struct url u;
	char text[URL_TEXT_SIZE];

	assert_int_equal(url_parse(&u, "rtsps://owner:to-k_en@cam.example:8322/front/sub", &reason),
			 0);
	assert_string_equal(u.client, "owner");
	assert_string_equal(u.token, "to-k_en");
	assert_string_equal(u.host, "cam.example");
	assert_int_equal(u.port, 8322);
	assert_string_equal(u.camera, "front");
	assert_true(u.sub);
	url_format(&u, text);
	assert_string_equal(text, "rtsps://cam.example:8322/front/sub");

	assert_int_equal(url_parse(&u, "RTSPS://[2001:db8::1]/front/", &reason), 0);
	assert_true(u.ipv6 && !u.sub && !u.client[0] && !u.token[0]);
	assert_string_equal(u.host, "2001:db8::1");
	assert_int_equal(u.port, 322);
	url_format(&u, text);
	assert_string_equal(text, "rtsps://[2001:db8::1]:322/front");

	/* A token may hold what separates elsewhere. */
	assert_int_equal(url_parse(&u, "rtsps://owner:a:b@c@[::1]:1/x", &reason), 0);
	assert_string_equal(u.token, "a:b@c");
	assert_string_equal(u.host, "::1");
	assert_int_equal(u.port, 1);
}

static void test_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"rtsps:",
		"rtsps://",
		"rtsps:///front",
		"rtsp://h/front",
		"https://h/front",
		"rtsps://h",
		"rtsps://h/",
		"rtsps://h/front/main",
		"rtsps://h/front/sub/x",
		"rtsps://h/front/auto/sub",
		"rtsps://h/front/sub//",
		"rtsps://h//front",
		"rtsps://h/Front",
		"rtsps://h/front?x",
		"rtsps://h/front#x",
		"rtsps://h/..",
		"rtsps://h:0/front",
		"rtsps://h:/front",
		"rtsps://h:65536/front",
		"rtsps://h:+1/front",
		"rtsps://h:1:2/front",
		"rtsps://h x/front",
		"rtsps://[::1/front",
		"rtsps://[::1]1/front",
		"rtsps://[]/front",
		"rtsps://@h/front",
		"rtsps://Owner@h/front",
		"rtsps://owner:@h/front",
		"rtsps://owner:a b@h/front",
		"rtsps://owner@/front",
		" rtsps://h/front",
		"rtsps://h/front ",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *reason = NULL;
		struct url u;

		assert_row(rows[i], url_parse(&u, rows[i], &reason) < 0);
		assert_row(rows[i], reason && *reason);
	}
}

static void test_bounds(void **state)
{
	char text[1024], token[URL_TOKEN_MAX + 2];
	const char *reason;
	struct url u;

	memset(token, 'x', sizeof(token));
	token[URL_TOKEN_MAX] = '\0';
	snprintf(text, sizeof(text), "rtsps://owner:%s@h/front", token);
	assert_int_equal(url_parse(&u, text, &reason), 0);
	token[URL_TOKEN_MAX] = 'x';
	token[URL_TOKEN_MAX + 1] = '\0';
	snprintf(text, sizeof(text), "rtsps://owner:%s@h/front", token);
	assert_true(url_parse(&u, text, &reason) < 0);
	assert_null(strstr(reason, "xxx"));
	snprintf(text, sizeof(text), "rtsps://%0*d/front", URL_HOST_MAX, 1);
	assert_int_equal(url_parse(&u, text, &reason), 0);
	snprintf(text, sizeof(text), "rtsps://%0*d/front", URL_HOST_MAX + 1, 1);
	assert_true(url_parse(&u, text, &reason) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
