// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/pin.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>

void pin_format(const uint8_t spki[TOKEN_HASH_SIZE], char text[PIN_TEXT_SIZE])
{
	gnutls_datum_t raw = {(unsigned char *)(uintptr_t)spki, TOKEN_HASH_SIZE};
	gnutls_datum_t encoded = {};

	text[0] = '\0';
	if (gnutls_base64_encode2(&raw, &encoded) < 0)
		return;
	if (encoded.size < PIN_TEXT_SIZE)
		snprintf(text, PIN_TEXT_SIZE, "%.*s", (int)encoded.size, encoded.data);
	gnutls_free(encoded.data);
}

int pin_parse(const char *text, uint8_t spki[TOKEN_HASH_SIZE])
{
	gnutls_datum_t encoded = {(unsigned char *)(uintptr_t)text, (unsigned)strlen(text)};
	gnutls_datum_t raw = {};
	int r = -EINVAL;

	if (encoded.size != PIN_TEXT_SIZE - 1 || gnutls_base64_decode2(&encoded, &raw) < 0)
		return -EINVAL;
	if (raw.size == TOKEN_HASH_SIZE) {
		memcpy(spki, raw.data, TOKEN_HASH_SIZE);
		r = 0;
	}
	gnutls_free(raw.data);
	return r;
}
