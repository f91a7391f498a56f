// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/authorization.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "wire/base64.h"

#define CREDENTIALS_MAX (NAME_MAX_LENGTH + 1 + AUTHORIZATION_TOKEN_MAX)

/* "name:token" */
static int split(struct authorization *a, struct slice text)
{
	struct slice name, token = text;

	if (!slice_cut(&token, ':', &name) || name.len == text.len)
		return -EINVAL;
	if (!name_valid_n((const char *)name.data, name.len))
		return -EINVAL;
	if (token.len == 0 || token.len > AUTHORIZATION_TOKEN_MAX)
		return -EINVAL;
	for (size_t i = 0; i < token.len; i++)
		if (token.data[i] < ' ' || token.data[i] > '~')
			return -EINVAL;
	memcpy(a->name, name.data, name.len);
	memcpy(a->token, token.data, token.len);
	return 0;
}

int authorization_parse(struct authorization *a, struct slice value)
{
	uint8_t text[CREDENTIALS_MAX];
	struct slice scheme;
	ssize_t n;
	int r = -EINVAL;

	authorization_erase(a);
	if (!slice_cut(&value, ' ', &scheme))
		return -EINVAL;
	if (!slice_equal_nocase(scheme, "Basic"))
		return -ENOTSUP;
	n = base64_decode(slice_trim(value), text, sizeof(text));
	if (n > 0)
		r = split(a, slice_of(text, n));
	erase(text, sizeof(text));
	return r;
}

void authorization_erase(struct authorization *a)
{
	erase(a, sizeof(*a));
}
