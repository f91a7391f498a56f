// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/bit-reader.h"

void bit_reader_init(struct bit_reader *b, struct slice payload)
{
	*b = (struct bit_reader){.next = payload.data, .end = payload.data + payload.len};
}

static bool load_byte(struct bit_reader *b)
{
	if (b->next < b->end && b->zeros >= 2 && *b->next == 3) {
		b->next++;
		b->zeros = 0;
	}
	if (b->failed || b->next == b->end) {
		b->failed = true;
		return false;
	}
	b->byte = *b->next++;
	b->zeros = b->byte == 0 ? b->zeros + 1 : 0;
	b->left = 8;
	return true;
}

uint32_t bit_reader_u(struct bit_reader *b, unsigned n)
{
	uint32_t v = 0;

	while (n-- > 0) {
		if (b->left == 0 && !load_byte(b))
			return 0;
		v = v << 1 | (b->byte >> --b->left & 1);
	}
	return v;
}

uint32_t bit_reader_ue(struct bit_reader *b)
{
	unsigned zeros = 0;
	uint32_t suffix;

	while (bit_reader_u(b, 1) == 0) {
		if (b->failed || ++zeros == 32) {
			b->failed = true;
			return 0;
		}
	}
	suffix = bit_reader_u(b, zeros);
	return b->failed ? 0 : (1U << zeros) - 1 + suffix;
}

int32_t bit_reader_se(struct bit_reader *b)
{
	uint32_t code = bit_reader_ue(b);

	return code & 1 ? (int32_t)(code / 2 + 1) : -(int32_t)(code / 2);
}

uint32_t bit_reader_ue_max(struct bit_reader *b, uint32_t max)
{
	uint32_t v = bit_reader_ue(b);

	if (v <= max)
		return v;
	b->failed = true;
	return 0;
}
