/* SPDX-License-Identifier: GPL-2.0-only */
/* Bits of NAL units, with emulation prevention. */
#pragma once

#include <linux/types.h>

struct writer {
	u8 *at, *end;
	u32 bits, n_bits;
	unsigned int zeros; /* bytes of 0 just before, for emulation prevention */
	bool overflow;
};

/* A byte without emulation prevention. */
void writer_raw(struct writer *w, u8 byte);
void writer_byte(struct writer *w, u8 byte);
void writer_bits(struct writer *w, unsigned int n, u32 value);
void writer_ue(struct writer *w, u32 value);
void writer_align(struct writer *w); /* with zeros */

/* A start code and the header, most significant byte first. */
void writer_begin_nal(struct writer *w, u32 header, unsigned int bytes);
/* The stop bit. */
void writer_end_nal(struct writer *w);

/* Samples as they are, a multiple of eight. */
void writer_samples(struct writer *w, const u8 *samples, u32 n);

/* Bytes written, or -ENOSPC. */
int writer_result(const struct writer *w, const u8 *from);
