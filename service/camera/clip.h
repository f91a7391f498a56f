// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A recording that stands in for a camera which encodes itself, held in memory, cut into access
 * units. Either an Annex-B H.264 file: it begins at its first IDR picture (what stands before is
 * left out), has no B pictures (they are not in the order of capture) and one SPS and PPS
 * throughout. Or JPEG pictures of one size, each as RTP can carry it (wire/jpeg.h), one after the
 * other with nothing in between.
 *
 * Looped, the first IDR of H.264 follows its last picture. Should that be an IDR too, and with the
 * same idr_pic_id, the seam is not to the letter of the standard (7.4.3); decoders do not mind,
 * since each IDR comes with its parameter sets.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/ring.h"
#include "wire/h264-sps.h"
#include "wire/slice.h"

#define CLIP_SIZE_MAX  (256UL << 20)
#define CLIP_UNITS_MAX (1UL << 20)

struct clip {
	uint8_t *data;       /* owned */
	struct slice *units; /* owned; each points into data */
	size_t n_units;
	enum ring_codec codec;
	uint32_t width, height;
	uint32_t fps_num, fps_den; /* pictures a second; both 0 when the file does not say */
};

/*
 * Reads and cuts a regular file. Errors: those of open() and read(); -EFBIG (beyond the bounds
 * above), -EINVAL (not a regular file), -EBADMSG (neither of the two, or broken), -ENODATA (no IDR
 * picture with SPS and PPS), -ESTALE (parameter sets or size change), -EOPNOTSUPP (B pictures),
 * -EPROTONOSUPPORT (JPEG that RTP cannot carry).
 */
int clip_load(const char *path, struct clip *ret);
/* The same from memory, which clip takes in any case (malloc). */
int clip_cut(uint8_t *data, size_t size, struct clip *ret);
void clip_release(struct clip *c);

/* What an error of the two means, for people. */
const char *clip_explain(int error);
