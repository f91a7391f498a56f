// SPDX-License-Identifier: LGPL-2.1-or-later
#include <nettle/sha2.h>

#include "base/cleanup.h"
#include "seal/bytes.h"
#include "seal/nal-seal.h"

struct seal_digest {
	struct sha256_ctx sha;
};

int seal_digest_begin(struct seal_digest **ret)
{
	struct seal_digest *d = malloc(sizeof(*d));

	if (!d)
		return -ENOMEM;
	sha256_init(&d->sha);
	*ret = d;
	return 0;
}

void seal_digest_bytes(struct seal_digest *d, const void *data, size_t n)
{
	if (n > 0)
		sha256_update(&d->sha, n, data);
}

void seal_digest_nal(struct seal_digest *d, struct slice nal)
{
	uint8_t length[4];

	put_number(length, nal.len, sizeof(length));
	seal_digest_bytes(d, length, sizeof(length));
	seal_digest_bytes(d, nal.data, nal.len);
}

void seal_digest_end(struct seal_digest *d, uint8_t ret[SEAL_HASH_SIZE])
{
	sha256_digest(&d->sha, SEAL_HASH_SIZE, ret);
}

struct seal_digest *seal_digest_free(struct seal_digest *d)
{
	free(d);
	return NULL;
}
