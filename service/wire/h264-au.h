// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Where access units begin in a stream of NAL units (ITU-T H.264 section 7.4.1.2.3): at an AUD,
 * SPS, PPS, SEI or a reserved type 14 to 18 after a slice, or at a slice that starts a picture
 * after another slice. Of the comparisons in 7.4.1.2.4 only first_mb_in_slice == 0 is made, which
 * is enough without arbitrary slice order and redundant pictures; no encoder here makes these.
 */
#pragma once

#include <stdbool.h>

#include "wire/slice.h"

struct h264_au {
	bool has_slice; /* of the current access unit */
};

/* Whether nal is the first of a new access unit. The first of all starts none: it belongs to the
 * access unit that is already open. Zero-initialised before the first. */
bool h264_au_starts(struct h264_au *au, struct slice nal);
