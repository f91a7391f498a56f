// SPDX-License-Identifier: LGPL-2.1-or-later
/* Basic credentials; what is accepted has one spelling, and a failure leaves nothing behind. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "wire/authorization.h"
#include "wire/base64.h"

static void check_base64(struct slice text)
{
	static char again[1 << 16];
	static uint8_t bytes[1 << 15];
	ssize_t n = base64_decode(text, bytes, sizeof(bytes));
	struct writer w;

	if (n < 0)
		return;
	writer_init(&w, again, sizeof(again));
	base64_write(&w, slice_of(bytes, n));
	CHECK(writer_end(&w) == (ssize_t)text.len);
	CHECK(text.len == 0 || memcmp(again, text.data, text.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct authorization zero;
	struct authorization a;
	int r;

	memset(&a, 'x', sizeof(a));
	r = authorization_parse(&a, slice_of(data, size));
	CHECK(r == 0 || r == -EINVAL || r == -ENOTSUP);
	if (r < 0) {
		CHECK(memcmp(&a, &zero, sizeof(a)) == 0);
	} else {
		CHECK(name_valid(a.name));
		CHECK(a.token[0] != '\0' && strlen(a.token) <= AUTHORIZATION_TOKEN_MAX);
	}
	check_base64(slice_of(data, size));
	return 0;
}
