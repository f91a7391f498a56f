// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Bits of a NAL unit's payload, emulation prevention taken out on the way (ITU-T H.264 section
 * 7.4.1, 9.1). Reading past the end, or a code longer than 32 bits, sets `failed` and gives zeros
 * from then on: one check after a run of reads is enough.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wire/slice.h"

struct bit_reader {
	const uint8_t *next;
	const uint8_t *end;
	unsigned zeros; /* zero bytes in a row just read */
	uint8_t byte;
	unsigned left; /* bits of byte not yet read */
	bool failed;
};

/* payload: after the NAL unit's header byte. */
void bit_reader_init(struct bit_reader *b, struct slice payload);

uint32_t bit_reader_u(struct bit_reader *b, unsigned n); /* u(n), n <= 32 */
uint32_t bit_reader_ue(struct bit_reader *b);            /* ue(v), below 2^32 - 1 */
int32_t bit_reader_se(struct bit_reader *b);             /* se(v) */

/* ue(v) that the standard bounds: above max it fails. */
uint32_t bit_reader_ue_max(struct bit_reader *b, uint32_t max);
