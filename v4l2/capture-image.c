// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/capture-image.h"

#include <errno.h>

#include "v4l2/planes.h"

int v4l2_capture_image(const struct v4l2_capture_format *format, const struct v4l2_frame *frame,
		       struct v4l2_image *ret)
{
	const struct v4l2_capture_format *f = format;

	if (f->n_planes > 1)
		return v4l2_image_map_planes(ret, v4l2_planes_joined(f->fourcc), f->width,
					     f->height, f->stride, frame->data, frame->bytesused);
	return v4l2_image_map(ret, f->fourcc, f->width, f->height, f->height, f->stride[0],
			      frame->data[0], frame->bytesused[0]);
}

bool v4l2_capture_image_is_whole(const struct v4l2_capture_format *format,
				 const struct v4l2_frame *frame)
{
	struct v4l2_frame unseen = *frame;
	struct v4l2_image image;
	int r;

	/* Nobody follows these pointers, but they are reckoned with. */
	for (unsigned int i = 0; i < format->n_planes; i++)
		unseen.data[i] = frame->data[i] ? frame->data[i] : (const uint8_t *)frame;
	r = v4l2_capture_image(format, &unseen, &image);
	if (r == -EOPNOTSUPP)
		return frame->bytesused[0] >= (size_t)format->stride[0] * format->height;
	return r >= 0;
}
