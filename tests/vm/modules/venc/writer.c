// SPDX-License-Identifier: GPL-2.0-only
#include "writer.h"

#include <asm/unaligned.h>
#include <linux/bitops.h>
#include <linux/errno.h>

void writer_raw(struct writer *w, u8 byte)
{
	if (w->at < w->end)
		*w->at++ = byte;
	else
		w->overflow = true;
}

void writer_byte(struct writer *w, u8 byte)
{
	if (w->zeros >= 2 && byte <= 3) {
		writer_raw(w, 3);
		w->zeros = 0;
	}
	writer_raw(w, byte);
	w->zeros = byte ? 0 : w->zeros + 1;
}

void writer_bits(struct writer *w, unsigned int n, u32 value)
{
	while (n--) {
		w->bits = w->bits << 1 | (value >> n & 1);
		if (++w->n_bits == 8) {
			writer_byte(w, w->bits);
			w->n_bits = w->bits = 0;
		}
	}
}

void writer_ue(struct writer *w, u32 value)
{
	unsigned int length = fls(value + 1);

	writer_bits(w, length - 1, 0);
	writer_bits(w, length, value + 1);
}

void writer_align(struct writer *w)
{
	while (w->n_bits)
		writer_bits(w, 1, 0);
}

void writer_begin_nal(struct writer *w, u32 header, unsigned int bytes)
{
	writer_raw(w, 0);
	writer_raw(w, 0);
	writer_raw(w, 0);
	writer_raw(w, 1);
	while (bytes--)
		writer_raw(w, header >> bytes * 8);
	w->zeros = 0;
}

void writer_end_nal(struct writer *w)
{
	writer_bits(w, 1, 1);
	writer_align(w);
}

/* Eight at a time where none is 0. */
void writer_samples(struct writer *w, const u8 *samples, u32 n)
{
	u32 i, k;

	for (i = 0; i < n; i += 8) {
		u64 v = get_unaligned((const u64 *)(samples + i));
		bool has_zero = (v - 0x0101010101010101ULL) & ~v & 0x8080808080808080ULL;

		if (!has_zero && w->zeros < 2 && w->end - w->at >= 8) {
			put_unaligned(v, (u64 *)w->at);
			w->at += 8;
			w->zeros = 0;
		} else {
			for (k = 0; k < 8; k++)
				writer_byte(w, samples[i + k]);
		}
	}
}

int writer_result(const struct writer *w, const u8 *from)
{
	return w->overflow ? -ENOSPC : w->at - from;
}
