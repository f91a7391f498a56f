// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/v4l2-picture.h"

#include <errno.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "v4l2/capture-image.h"
#include "v4l2/convert-lib.h"
#include "v4l2/planes.h"
#include "wire/jpeg.h"

#define FPS_ASSUMED 30 /* of a driver that does not say */
/* Cameras whose every JPEG picture is a little wrong are left to libv4lconvert, which minds less.
 */
#define UNSOUND_MAX 10

static int allocate(struct v4l2_picture *p)
{
	size_t luma = (size_t)p->format.width * p->format.height;

	p->samples = malloc(luma + luma / 2);
	if (!p->samples)
		return -ENOMEM;
	p->i420 = (struct v4l2_i420){
		.y = p->samples,
		.u = p->samples + luma,
		.v = p->samples + luma + luma / 4,
		.y_stride = p->format.width,
		.c_stride = p->format.width / 2,
	};
	return 0;
}

/* obstacle: why a JPEG picture is not taken as it is; NULL: it is none. */
static int take_library(struct v4l2_picture *p, const char *obstacle)
{
	const struct v4l2_capture_format *f = v4l2_capture_format(p->capture);
	int r = v4l2_convert_lib_new(f->fourcc, f->width, f->height, f->stride[0], &p->library);

	if (r < 0)
		return r;
	if (obstacle)
		snprintf(p->pictures, sizeof(p->pictures),
			 "JPEG pictures that RTP cannot carry (%s), decoded by "
			 "libv4lconvert",
			 obstacle);
	else
		snprintf(p->pictures, sizeof(p->pictures), "pictures converted by libv4lconvert");
	p->format.pictures = p->pictures;
	return 0;
}

static int take_raw(struct v4l2_picture *p, const char *obstacle)
{
	const struct v4l2_capture_format *f = v4l2_capture_format(p->capture);
	int r = 0;

	p->format.colours = v4l2_colours_converted(
		f->fourcc,
		&(struct v4l2_colours){f->colorspace, f->ycbcr_enc, f->quantization, f->xfer_func});
	p->format.width = f->width & ~1U;
	p->format.height = f->height & ~1U;
	if (!p->format.width || !p->format.height)
		return -EOPNOTSUPP;
	if (!v4l2_convert_supported(v4l2_planes_joined(f->fourcc)))
		r = take_library(p, obstacle);
	return r < 0 ? r : allocate(p);
}

static void take_encoded(struct v4l2_picture *p, enum ring_codec codec, uint32_t width,
			 uint32_t height)
{
	p->format.encoded = true;
	p->format.codec = codec;
	p->format.width = width;
	p->format.height = height;
}

int v4l2_picture_begin(struct v4l2_picture *p, const struct v4l2_capture *capture)
{
	const struct v4l2_capture_format *f = v4l2_capture_format(capture);

	*p = (struct v4l2_picture){
		.capture = capture,
		.format =
			{
				.fps_num = f->fps_num ? f->fps_num : FPS_ASSUMED,
				.fps_den = f->fps_num && f->fps_den ? f->fps_den : 1,
				.fourcc = f->fourcc,
				.width = f->width,
				.height = f->height,
			},
	};
	if (f->fourcc == V4L2_PIX_FMT_H264) {
		take_encoded(p, RING_CODEC_H264, f->width, f->height);
		return 0;
	}
	p->format.undecided = f->fourcc == V4L2_PIX_FMT_MJPEG || f->fourcc == V4L2_PIX_FMT_JPEG;
	return p->format.undecided ? 0 : take_raw(p, NULL);
}

void v4l2_picture_end(struct v4l2_picture *p)
{
	p->library = v4l2_convert_lib_free(p->library);
	free(steal_pointer(&p->samples));
}

static struct slice coded(const struct v4l2_frame *frame)
{
	return slice_of(frame->data[0], frame->bytesused[0]);
}

int v4l2_picture_decide(struct v4l2_picture *p, const struct v4l2_frame *frame)
{
	struct jpeg jpeg;
	int r;

	if (!p->format.undecided)
		return 0;
	r = jpeg_parse(&jpeg, coded(frame));
	if (r == -EBADMSG && ++p->unsound < UNSOUND_MAX)
		return r;
	p->format.undecided = false;
	if (r < 0)
		return take_raw(p, r == -EBADMSG ? "unsound" : jpeg.obstacle);
	take_encoded(p, RING_CODEC_JPEG, jpeg.width, jpeg.height);
	return 0;
}

/* A JPEG picture as it is. One that RTP cannot carry, or of another size, is taken for damaged:
 * should no others come, the source has stalled, and its next epoch decides anew. */
static int take_jpeg(const struct v4l2_picture *p, const struct v4l2_frame *frame,
		     struct slice *ret)
{
	struct jpeg jpeg;
	int r = jpeg_parse(&jpeg, coded(frame));

	if (r < 0 || jpeg.width != p->format.width || jpeg.height != p->format.height)
		return -EBADMSG;
	*ret = slice_of(frame->data[0], jpeg.size);
	return 0;
}

int v4l2_picture_encoded(const struct v4l2_picture *p, const struct v4l2_frame *frame,
			 struct slice *ret)
{
	if (p->format.codec == RING_CODEC_JPEG)
		return take_jpeg(p, frame, ret);
	*ret = coded(frame);
	return 0;
}

bool v4l2_picture_maps(const struct v4l2_picture *p)
{
	return !p->format.encoded && !p->library;
}

int v4l2_picture_map(const struct v4l2_picture *p, const struct v4l2_frame *frame,
		     struct v4l2_image *ret)
{
	int r = v4l2_capture_image(v4l2_capture_format(p->capture), frame, ret);

	ret->width = p->format.width;
	ret->height = p->format.height;
	return r;
}

int v4l2_picture_convert(struct v4l2_picture *p, const struct v4l2_frame *frame,
			 struct source_frame *ret)
{
	struct v4l2_image image;
	int r;

	if (p->library) {
		r = v4l2_convert_lib_to_i420(p->library, frame->data[0], frame->bytesused[0],
					     p->format.width, p->format.height, &p->i420);
	} else {
		r = v4l2_picture_map(p, frame, &image);
		if (r >= 0)
			r = v4l2_convert_to_i420(&image, &p->i420);
	}
	if (r < 0)
		return r;
	ret->y = p->i420.y;
	ret->u = p->i420.u;
	ret->v = p->i420.v;
	ret->y_stride = p->i420.y_stride;
	ret->c_stride = p->i420.c_stride;
	return 0;
}
