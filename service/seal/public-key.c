// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "seal/key.h"
#include "wire/base64.h"

#define PEM_BEGIN "-----BEGIN PUBLIC KEY-----"
#define PEM_END   "-----END PUBLIC KEY-----"

/* SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING of 32 bytes }; the key follows. */
static const uint8_t spki_head[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
				    0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
#define SPKI_SIZE        (sizeof(spki_head) + SEAL_KEY_SIZE)
#define SPKI_BASE64_SIZE ((SPKI_SIZE + 2) / 3 * 4)

void seal_public_write_pem(const uint8_t key[SEAL_KEY_SIZE], char text[SEAL_PEM_SIZE])
{
	uint8_t spki[SPKI_SIZE];
	char base64[SPKI_BASE64_SIZE + 1];
	struct writer w;

	memcpy(spki, spki_head, sizeof(spki_head));
	memcpy(spki + sizeof(spki_head), key, SEAL_KEY_SIZE);
	writer_init(&w, base64, sizeof(base64));
	base64_write(&w, slice_of(spki, sizeof(spki)));
	snprintf(text, SEAL_PEM_SIZE, "%s\n%.*s\n%s\n", PEM_BEGIN, (int)(sizeof(base64) - 1),
		 base64, PEM_END);
}

static int spki_read(struct slice base64, uint8_t ret[SEAL_KEY_SIZE])
{
	uint8_t spki[SPKI_SIZE];

	if (base64_decode(base64, spki, sizeof(spki)) != (ssize_t)sizeof(spki) ||
	    memcmp(spki, spki_head, sizeof(spki_head)) != 0)
		return -EINVAL;
	memcpy(ret, spki + sizeof(spki_head), SEAL_KEY_SIZE);
	return 0;
}

static int pem_read(struct slice text, uint8_t ret[SEAL_KEY_SIZE])
{
	struct slice line;

	if (!slice_cut(&text, '\n', &line) || !slice_equal(line, PEM_BEGIN))
		return -EINVAL;
	if (!slice_cut(&text, '\n', &line) || !slice_equal(text, PEM_END))
		return -EINVAL;
	return spki_read(line, ret);
}

int seal_public_read(const char *text, size_t size, uint8_t ret[SEAL_KEY_SIZE])
{
	char hex[2 * SEAL_KEY_SIZE + 1];

	while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
		size--;
	if (size == SPKI_BASE64_SIZE)
		return spki_read(slice_of(text, size), ret);
	if (size != 2 * SEAL_KEY_SIZE)
		return pem_read(slice_of(text, size), ret);
	memcpy(hex, text, 2 * SEAL_KEY_SIZE);
	hex[2 * SEAL_KEY_SIZE] = '\0';
	return parse_hex(hex, ret, SEAL_KEY_SIZE);
}
