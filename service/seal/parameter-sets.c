// SPDX-License-Identifier: LGPL-2.1-or-later
#include "seal/parameter-sets.h"

#include <nettle/sha2.h>

#include "base/cleanup.h"
#include "seal/bytes.h"

#define RANK_VPS 0
#define RANK_SPS 1
#define RANK_PPS 2

void seal_sets_clear(struct seal_sets *sets)
{
	sets->used = 0;
	sets->n = 0;
}

static struct slice set_at(const struct seal_sets *sets, size_t i)
{
	return slice_of(sets->bytes + sets->sets[i].at, sets->sets[i].len);
}

bool seal_sets_has(const struct seal_sets *sets, struct slice nal)
{
	for (size_t i = 0; i < sets->n; i++) {
		struct slice set = set_at(sets, i);

		if (set.len == nal.len && memcmp(set.data, nal.data, nal.len) == 0)
			return true;
	}
	return false;
}

int seal_sets_add(struct seal_sets *sets, enum seal_codec codec, struct slice nal)
{
	unsigned rank;

	if (nal_seal_classify(codec, nal) != NAL_PARAMETER_SET)
		return -EINVAL;
	if (seal_sets_has(sets, nal))
		return 0;
	rank = nal_seal_set_rank(codec, nal);
	if (sets->n > 0 && rank < sets->sets[sets->n - 1].rank)
		return -EINVAL;
	if (sets->n == SEAL_SETS_MAX || nal.len > SEAL_SETS_SIZE_MAX - sets->used)
		return -EMSGSIZE;
	put_bytes(sets->bytes + sets->used, nal.data, nal.len);
	sets->sets[sets->n].at = (uint16_t)sets->used;
	sets->sets[sets->n].len = (uint16_t)nal.len;
	sets->sets[sets->n].rank = (uint8_t)rank;
	sets->used += nal.len;
	sets->n++;
	return 0;
}

bool seal_sets_complete(const struct seal_sets *sets, enum seal_codec codec)
{
	bool has[RANK_PPS + 1] = {[RANK_VPS] = codec != SEAL_CODEC_HEVC};

	for (size_t i = 0; i < sets->n; i++)
		has[sets->sets[i].rank] = true;
	return has[RANK_VPS] && has[RANK_SPS] && has[RANK_PPS];
}

/* They stand in the hash's order already: adding sees to it. */
void seal_sets_hash(const struct seal_sets *sets, uint8_t ret[SEAL_HASH_SIZE])
{
	struct sha256_ctx sha;

	sha256_init(&sha);
	for (size_t i = 0; i < sets->n; i++) {
		struct slice set = set_at(sets, i);
		uint8_t length[4];

		put_number(length, set.len, sizeof(length));
		sha256_update(&sha, sizeof(length), length);
		sha256_update(&sha, set.len, set.data);
	}
	sha256_digest(&sha, SEAL_HASH_SIZE, ret);
}
