// SPDX-License-Identifier: LGPL-2.1-or-later
/* The small headers of RTSP 1.0: Session (RFC 2326 section 12.37) and Range (section 12.29). */
#pragma once

#include <stdbool.h>

#include "wire/slice.h"

#define RTSP_SESSION_DIGITS  32 /* 128 bits in hexadecimal */
#define RTSP_SESSION_TIMEOUT 60 /* s */

/*
 * Whether the header names this session; parameters after `;` are ignored, as clients send our
 * own `;timeout=` back. Takes the same time wherever the two differ.
 */
bool rtsp_session_matches(struct slice value, const char id[static RTSP_SESSION_DIGITS + 1]);

/*
 * Whether Range is one that a live stream can be asked for: `npt=` with any start and end, which
 * are then ignored (there is only now). 0, -EINVAL (malformed: 400), -EPROTONOSUPPORT (another
 * unit: 457).
 */
int rtsp_range_check(struct slice value);
