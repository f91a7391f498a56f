// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The Huffman tables of ITU-T T.81 annex K.3, which RTP/JPEG presumes (RFC 2435 section 3.1) and
 * many cameras leave out of their pictures.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wire/slice.h"

#define JPEG_HUFFMAN_SEGMENT_SIZE 420

/* All four in one DHT segment, marker included: luma at destination 0, chroma at 1. */
extern const uint8_t jpeg_huffman_segment[JPEG_HUFFMAN_SEGMENT_SIZE];

/* One of them, as it stands in a DHT segment behind class and destination. */
struct slice jpeg_huffman_table(bool ac, bool chroma);
