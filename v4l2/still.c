// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/still.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "v4l2/jpeg.h"
#include "v4l2/m2m.h"
#include "v4l2/sys.h"

struct v4l2_still {
	struct v4l2_m2m *m2m;
	struct v4l2_m2m_coded coded;
	uint32_t width, height;
};

static void still_free(struct v4l2_still *still)
{
	v4l2_still_free(still);
}

DEFINE_CLEANUP(struct v4l2_still *, still_free)

static int put(struct v4l2_m2m *m2m, const struct v4l2_sys *sys, const struct v4l2_image *image)
{
	struct v4l2_m2m_raw raw;
	int r = v4l2_m2m_take(m2m, &raw);

	if (r >= 0)
		r = v4l2_raw_copy(&v4l2_m2m_format(m2m)->raw, raw.planes, image);
	return r < 0 ? r : v4l2_m2m_put(m2m, raw.index, sys->now_us(sys));
}

int v4l2_still_begin(const struct v4l2_sys *sys, const char *path, const struct v4l2_image *image,
		     int32_t quality, struct v4l2_still **ret)
{
	const struct v4l2_m2m_want want = {
		.codec = V4L2_PIX_FMT_JPEG,
		.width = image->width,
		.height = image->height,
		.fps_num = 1,
		.fps_den = 1,
		.quality = quality,
		.buffers = 1,
	};
	_cleanup_(still_freep) struct v4l2_still *still = calloc(1, sizeof(*still));
	int r;

	if (!still)
		return -ENOMEM;
	still->width = image->width;
	still->height = image->height;
	r = v4l2_m2m_open(sys, path, &want, &still->m2m);
	if (r >= 0)
		r = v4l2_m2m_start(still->m2m);
	if (r >= 0)
		r = put(still->m2m, sys ? sys : &v4l2_sys_kernel, image);
	if (r < 0)
		return r;
	*ret = steal_pointer(&still);
	return 0;
}

int v4l2_still_fd(const struct v4l2_still *still)
{
	return v4l2_m2m_fd(still->m2m);
}

uint32_t v4l2_still_events(const struct v4l2_still *still)
{
	return v4l2_m2m_events(still->m2m);
}

uint64_t v4l2_still_deadline(const struct v4l2_still *still)
{
	return v4l2_m2m_deadline(still->m2m);
}

/* An encoder that stumbles must not hand on half a picture, or another one. */
static bool is_picture(const struct v4l2_still *still)
{
	struct v4l2_jpeg jpeg;

	return v4l2_jpeg_inspect(still->coded.data, still->coded.size, &jpeg) >= 0 &&
	       jpeg.width == still->width && jpeg.height == still->height;
}

int v4l2_still_take(struct v4l2_still *still, const uint8_t **ret_data, size_t *ret_size)
{
	int r = still->coded.data ? 0 : v4l2_m2m_next(still->m2m, &still->coded);

	/* The only one that was put. */
	if (r == -EAGAIN && v4l2_m2m_counts(still->m2m)->lost > 0)
		return -EIO;
	if (r < 0)
		return r;
	if (!is_picture(still))
		return -EIO;
	*ret_data = still->coded.data;
	*ret_size = still->coded.size;
	return 0;
}

struct v4l2_still *v4l2_still_free(struct v4l2_still *still)
{
	if (!still)
		return NULL;
	still->m2m = v4l2_m2m_close(still->m2m);
	free(still);
	return NULL;
}
