// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The Authorization header: `Basic` only (RFC 7617), over TLS only. The user name is a client's
 * name, the password its token.
 */
#pragma once

#include "base/parse.h"
#include "wire/slice.h"

#define AUTHORIZATION_TOKEN_MAX 128

/* Of WWW-Authenticate. Only this one: a Digest beside it makes clients send that, or nothing. */
#define AUTHORIZATION_CHALLENGE "Basic realm=\"camward\", charset=\"UTF-8\""

struct authorization {
	char name[NAME_SIZE];
	char token[AUTHORIZATION_TOKEN_MAX + 1]; /* printable ASCII, not empty */
};

/*
 * Errors: -ENOTSUP (another scheme), -EINVAL (malformed, or no name and token of this service).
 * On error all of a is erased. The caller erases it after use, and the bytes that value points to
 * as well: they are the same secret.
 */
int authorization_parse(struct authorization *a, struct slice value);
void authorization_erase(struct authorization *a);
