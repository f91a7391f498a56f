// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * rtsps://[CLIENT[:TOKEN]@]HOST[:PORT]/CAMERA[/sub | /auto]
 *
 * HOST is a name, an IPv4 address or an IPv6 address in brackets. Nothing is percent-decoded: no
 * name and no token of this service needs it.
 */
#pragma once

#include <stdbool.h>

#include "base/parse.h"

#define URL_HOST_MAX     253
#define URL_TOKEN_MAX    128
#define URL_PORT_DEFAULT 322
#define URL_TEXT_SIZE    512 /* of url_format() */

struct url {
	char client[NAME_SIZE];        /* "": none */
	char token[URL_TOKEN_MAX + 1]; /* "": not given */
	char host[URL_HOST_MAX + 1];   /* without brackets */
	bool ipv6;                     /* it stood in brackets */
	uint16_t port;
	char camera[NAME_SIZE];
	bool sub;
	bool either; /* auto: main or sub, by what the connection can take */
};

/* Errors: -EINVAL; *ret_reason then says what is wrong, without the token. */
int url_parse(struct url *url, const char *text, const char **ret_reason);

/* As it goes into a request: without client and token. */
void url_format(const struct url *url, char text[URL_TEXT_SIZE]);

/* Whether it can stand as a token: visible ASCII, at most URL_TOKEN_MAX. */
bool url_token_valid(const char *token, size_t len);
