// SPDX-License-Identifier: LGPL-2.1-or-later
/* A recording as camward-verify reads it: MP4 in both forms, byte streams, JPEG. */
#include <errno.h>

#include "fuzz.h"
#include "view/media.h"

static void check_inside(struct slice s, struct slice outer)
{
	CHECK(s.data >= outer.data && s.len <= outer.len &&
	      s.data + s.len <= outer.data + outer.len);
}

/* Each byte can be read, and start codes show the NAL units that were there. */
static void take_unit(const struct media *m, struct slice unit, uint64_t *bytes)
{
	struct h264_iter it;
	struct slice nal;
	size_t n = 0;

	h264_iter_init(&it, unit);
	while (m->codec != SEAL_CODEC_JPEG && h264_iter_next(&it, &nal)) {
		check_inside(nal, unit);
		n += nal.len;
	}
	CHECK(n <= unit.len);
	*bytes += unit.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice file = slice_of(data, size), set;
	struct media_unit unit;
	struct media m;
	uint64_t bytes = 0;
	int r = media_init(&m, file);

	CHECK(r == 0 || r == -EINVAL || r == -EBADMSG || r == -ENOENT || r == -ENOTSUP);
	for (size_t i = 0; r == 0 && media_parameter_set(&m, i, &set); i++)
		check_inside(set, file);
	while (r == 0 && (r = media_next(&m, &unit)) == 1) {
		take_unit(&m, unit.bytes, &bytes);
		r = 0;
	}
	/* No byte of the file comes twice; a length of one byte may become a start code of four. */
	CHECK(bytes <= 4 * (uint64_t)size + 4);
	media_release(&m);
	return 0;
}
