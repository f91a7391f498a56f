// SPDX-License-Identifier: LGPL-2.1-or-later
/* Basic credentials and the base 64 beneath them. */
#include <errno.h>

#include "base/cleanup.h"
#include "wire.h"
#include "wire/authorization.h"
#include "wire/base64.h"

/* "Basic " and these bytes. */
static int parse_bytes(struct authorization *a, const void *bytes, size_t len)
{
	char text[1024];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	writer_text(&w, "Basic ");
	base64_write(&w, slice_of(bytes, len));
	return authorization_parse(a, slice_of(text, writer_end(&w)));
}

static int parse(struct authorization *a, const char *credentials)
{
	return parse_bytes(a, credentials, strlen(credentials));
}

static bool is_erased(const struct authorization *a)
{
	static const struct authorization zero;

	return memcmp(a, &zero, sizeof(zero)) == 0;
}

static void test_accepted(void **state)
{
	struct authorization a;

	/* As ffmpeg 5.1, GStreamer 1.22 and curl 7.88 send it. */
	assert_int_equal(authorization_parse(&a, slice_text("Basic b3duZXI6czNjcjN0LXRva2Vu")), 0);
	assert_string_equal(a.name, "owner");
	assert_string_equal(a.token, "s3cr3t-token");
	assert_int_equal(authorization_parse(&a, slice_text("bASIC  b3duZXI6czNjcjN0LXRva2Vu")), 0);
	assert_int_equal(parse(&a, "a:b:c:"), 0);
	assert_string_equal(a.name, "a");
	assert_string_equal(a.token, "b:c:");
	authorization_erase(&a);
	assert_true(is_erased(&a));
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		int result;
	} rows[] = {
		{"", -EINVAL},
		{"Basic", -EINVAL},
		{"Basic ", -EINVAL},
		{"Basicb3duZXI6czNjcjN0LXRva2Vu", -ENOTSUP},
		{"Digest username=\"owner\"", -ENOTSUP},
		{"Bearer abc", -ENOTSUP},
		{"Basic b3duZXI6czNjcjN0LXRva2Vu=", -EINVAL},
		{"Basic b3duZXI6czNjcjN0LXRva2V", -EINVAL},
		{"Basic b3duZXI6 czNjcjN0LXRva2Vu", -EINVAL},
		{"Basic b3duZXI6czNjcjN0LXRva2Vu, x", -EINVAL},
		{"Basic b3du_XI6czNjcjN0LXRva2Vu", -EINVAL},
		{"Basic YTpiYw=", -EINVAL},
		{"Basic YTpi=Yw=", -EINVAL},
		{"Basic YTpiYx==", -EINVAL}, /* its unused bits are not zero */
		{"Basic YTp===", -EINVAL},
		{"Basic ====", -EINVAL},
	};
	struct authorization a;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(&a, 'x', sizeof(a));
		assert_row(rows[i].text,
			   authorization_parse(&a, slice_text(rows[i].text)) == rows[i].result);
		assert_row(rows[i].text, is_erased(&a));
	}
}

static void test_no_name_or_token(void **state)
{
	static const char *const rows[] = {
		"owner", ":token",     "owner:",      "Owner:token",    "-owner:token",
		"o w:t", "owner:a\tb", "owner:a\x7f", "owner:\xc3\xa4", "\xc3\xa4:token",
	};
	struct authorization a;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(&a, 'x', sizeof(a));
		assert_row(rows[i], parse(&a, rows[i]) == -EINVAL);
		assert_row(rows[i], is_erased(&a));
	}
	assert_int_equal(parse_bytes(&a, "owner\0:token", 12), -EINVAL);
	assert_int_equal(parse_bytes(&a, "owner:tok\0en", 12), -EINVAL);
}

static void test_lengths(void **state)
{
	char text[NAME_MAX_LENGTH + 1 + AUTHORIZATION_TOKEN_MAX + 2];
	struct authorization a;

	memset(text, 'a', sizeof(text));
	text[NAME_MAX_LENGTH] = ':';
	text[sizeof(text) - 2] = '\0';
	assert_int_equal(parse(&a, text), 0);
	assert_int_equal(strlen(a.name), NAME_MAX_LENGTH);
	assert_int_equal(strlen(a.token), AUTHORIZATION_TOKEN_MAX);
	text[sizeof(text) - 2] = 'a';
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(parse(&a, text), -EINVAL);
	assert_true(is_erased(&a));
	memset(text, 'a', sizeof(text));
	text[NAME_MAX_LENGTH + 1] = ':';
	text[NAME_MAX_LENGTH + 3] = '\0';
	assert_int_equal(parse(&a, text), -EINVAL);
	memset(text, 'a', sizeof(text));
	text[1] = ':';
	text[2 + AUTHORIZATION_TOKEN_MAX + 1] = '\0';
	assert_int_equal(parse(&a, text), -EINVAL);
}

/* RFC 4648 section 10. */
static void test_base64(void **state)
{
	static const char *const rows[][2] = {
		{"", ""},
		{"f", "Zg=="},
		{"fo", "Zm8="},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char out[16];
		struct writer w;

		writer_init(&w, out, sizeof(out));
		base64_write(&w, slice_text(rows[i][0]));
		assert_slice(slice_of(out, writer_end(&w)), rows[i][1]);
		assert_int_equal(base64_decode(slice_text(rows[i][1]), out, sizeof(out)),
				 strlen(rows[i][0]));
		assert_memory_equal(out, rows[i][0], strlen(rows[i][0]));
	}
}

static void test_base64_malformed(void **state)
{
	static const char *const rows[] = {
		"Z",    "Zg",   "Zg=",  "Zg==Zg==", "Zh==", "Zm9=",   "Zm9v\n",
		"====", "Z===", "Zm-v", "Zm_v",     " Zm9", "Zm\xc3v"};
	char out[16];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_row(rows[i],
			   base64_decode(slice_text(rows[i]), out, sizeof(out)) == -EINVAL);
}

static void test_base64_round_trip(void **state)
{
	uint8_t bytes[256], out[256];
	char text[400];
	struct writer w;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 + 11);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		writer_init(&w, text, sizeof(text));
		base64_write(&w, slice_of(bytes, n));
		assert_int_equal(base64_decode(slice_of(text, writer_end(&w)), out, n), n);
		assert_memory_equal(out, bytes, n);
		if (n > 0)
			assert_int_equal(base64_decode(slice_of(text, w.len), out, n - 1), -ENOSPC);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_name_or_token),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_base64_malformed),
		cmocka_unit_test(test_base64_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
