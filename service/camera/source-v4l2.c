// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A V4L2 device (v4l2/capture.h). What it encodes itself is taken as it is, H.264 always and JPEG
 * if RTP can carry its first picture; all else is converted to I420.
 */
#include <errno.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "camera/choices.h"
#include "camera/source.h"
#include "camera/thinner.h"
#include "camera/v4l2-controls.h"
#include "v4l2/capture-image.h"
#include "v4l2/capture.h"
#include "v4l2/controls.h"
#include "v4l2/convert-lib.h"
#include "v4l2/convert.h"
#include "v4l2/device.h"
#include "v4l2/planes.h"
#include "wire/jpeg.h"

#define WIDTH_DEFAULT  1280
#define HEIGHT_DEFAULT 720
#define FPS_DEFAULT    30
/* Cameras whose every JPEG picture is a little wrong are left to libv4lconvert, which minds less.
 */
#define UNSOUND_MAX 10

struct source_v4l2 {
	struct source source;
	const char *path;
	struct stat node; /* when the process began; all 0: there was none */
	struct v4l2_capture *capture;
	struct v4l2_frame frame;                   /* the newest */
	struct v4l2_frame held[SOURCE_FRAMES_MAX]; /* by the driver's index */
	struct source_format format;
	char pictures[PROTO_REASON_SIZE]; /* of the format */
	uint8_t *picture;                 /* I420 */
	/* Passed over since the frame last told of. */
	uint32_t dropped, damaged;
	uint32_t unsound; /* pictures while the format is undecided */
	struct v4l2_i420 planes;
	struct thinner thinner;
	struct v4l2_convert_lib *library; /* NULL: v4l2/convert.h does it */
};

static int allocate_picture(struct source_v4l2 *v)
{
	size_t luma = (size_t)v->format.width * v->format.height;

	v->picture = malloc(luma + luma / 2);
	if (!v->picture)
		return -ENOMEM;
	v->planes = (struct v4l2_i420){
		.y = v->picture,
		.u = v->picture + luma,
		.v = v->picture + luma + luma / 4,
		.y_stride = v->format.width,
		.c_stride = v->format.width / 2,
	};
	return 0;
}

static bool is_jpeg(uint32_t fourcc)
{
	return fourcc == V4L2_PIX_FMT_MJPEG || fourcc == V4L2_PIX_FMT_JPEG;
}

static int take_library(struct source_v4l2 *v, const struct v4l2_capture_format *f)
{
	return v4l2_convert_lib_new(f->fourcc, f->width, f->height, f->stride[0], &v->library);
}

static void take_encoded(struct source_v4l2 *v, enum ring_codec codec, uint32_t width,
			 uint32_t height)
{
	v->format.encoded = true;
	v->format.codec = codec;
	v->format.width = width;
	v->format.height = height;
}

/* obstacle: why a JPEG picture is not taken as it is; NULL: it is none. */
static int take_raw(struct source_v4l2 *v, const char *obstacle)
{
	const struct v4l2_capture_format *f = v4l2_capture_format(v->capture);

	v->format.width = f->width & ~1U;
	v->format.height = f->height & ~1U;
	if (!v->format.width || !v->format.height)
		return -EOPNOTSUPP;
	if (!v4l2_convert_supported(v4l2_planes_joined(f->fourcc))) {
		int r = take_library(v, f);

		if (r < 0)
			return r;
		if (obstacle)
			snprintf(v->pictures, sizeof(v->pictures),
				 "JPEG pictures that RTP cannot carry (%s), decoded by "
				 "libv4lconvert",
				 obstacle);
		else
			snprintf(v->pictures, sizeof(v->pictures),
				 "pictures converted by libv4lconvert");
		v->format.pictures = v->pictures;
	}
	return allocate_picture(v);
}

static int take_format(struct source_v4l2 *v, uint32_t fps)
{
	const struct v4l2_capture_format *f = v4l2_capture_format(v->capture);

	v->format = (struct source_format){
		.fps_num = f->fps_num ? f->fps_num : FPS_DEFAULT,
		.fps_den = f->fps_num && f->fps_den ? f->fps_den : 1,
		.fourcc = f->fourcc,
		.width = f->width,
		.height = f->height,
	};
	/* Access units of H.264 depend on each other: all are taken. */
	if (f->fourcc == V4L2_PIX_FMT_H264) {
		take_encoded(v, RING_CODEC_H264, f->width, f->height);
		return 0;
	}
	thinner_begin(&v->thinner, fps, f->fps_num, f->fps_den);
	if (thinner_active(&v->thinner)) {
		v->format.fps_num = fps;
		v->format.fps_den = 1;
	}
	v->format.undecided = is_jpeg(f->fourcc);
	return v->format.undecided ? 0 : take_raw(v, NULL);
}

static struct slice coded(const struct source_v4l2 *v)
{
	return slice_of(v->frame.data[0], v->frame.bytesused[0]);
}

/* The first JPEG picture decides. -EBADMSG: it is none; the next will. */
static int decide(struct source_v4l2 *v)
{
	struct jpeg jpeg;
	int r = jpeg_parse(&jpeg, coded(v));

	if (r == -EBADMSG && ++v->unsound < UNSOUND_MAX)
		return r;
	v->format.undecided = false;
	if (r < 0)
		return take_raw(v, r == -EBADMSG ? "unsound" : jpeg.obstacle);
	take_encoded(v, RING_CODEC_JPEG, jpeg.width, jpeg.height);
	return 0;
}

static int v4l2_source_open(struct source *s, const struct source_want *want,
			    struct source_format *ret)
{
	struct source_v4l2 *v = (struct source_v4l2 *)s;
	struct v4l2_capture_want w = {
		.width = want->width ? want->width : WIDTH_DEFAULT,
		.height = want->height ? want->height : HEIGHT_DEFAULT,
		.fps = want->fps ? want->fps : FPS_DEFAULT,
		.allow_h264 = true,
		.allow_jpeg = true,
		.allow_lib = true,
	};
	int r = v4l2_capture_open(NULL, v->path, &w, &v->capture);

	if (r < 0)
		return r;
	snprintf(s->description, sizeof(s->description), "v4l2 %s %s",
		 v4l2_capture_device(v->capture)->driver, v->path);
	r = take_format(v, want->fps);
	if (r < 0)
		return r;
	*ret = v->format;
	/* Some controls cannot be set while it runs. */
	if (s->choices)
		choices_apply(s->choices, s);
	return 0;
}

static int v4l2_source_start(struct source *s, struct source_format *format)
{
	struct source_v4l2 *v = (struct source_v4l2 *)s;

	v->format.fourcc = format->fourcc = v4l2_capture_format(v->capture)->fourcc;
	return v4l2_capture_start(v->capture);
}

static struct v4l2_capture *v4l2_source_capture(struct source *s)
{
	return ((struct source_v4l2 *)s)->capture;
}

static int v4l2_source_probe(struct source *s)
{
	return v4l2_capture_probe(NULL, ((const struct source_v4l2 *)s)->path);
}

static bool v4l2_source_replaced(const struct source *s)
{
	const struct source_v4l2 *v = (const struct source_v4l2 *)s;
	struct stat now;

	return stat(v->path, &now) == 0 &&
	       (now.st_ino != v->node.st_ino || now.st_dev != v->node.st_dev);
}

static void v4l2_source_close(struct source *s)
{
	struct source_v4l2 *v = (struct source_v4l2 *)s;

	v->capture = v4l2_capture_close(v->capture);
	v->frame = (struct v4l2_frame){};
	memset(v->held, 0, sizeof(v->held));
	v->dropped = v->damaged = v->unsound = 0;
	v->library = v4l2_convert_lib_free(v->library);
	free(steal_pointer(&v->picture));
}

static int v4l2_source_fd(const struct source *s)
{
	return v4l2_capture_fd(((const struct source_v4l2 *)s)->capture);
}

/* A JPEG picture as it is. One that RTP cannot carry, or of another size, is taken for damaged:
 * should no others come, the source has stalled, and its next epoch decides anew. */
static int take_jpeg(struct source_v4l2 *v, struct source_frame *ret)
{
	struct jpeg jpeg;
	int r = jpeg_parse(&jpeg, coded(v));

	if (r < 0 || jpeg.width != v->format.width || jpeg.height != v->format.height)
		return -EBADMSG;
	ret->au = slice_of(v->frame.data[0], jpeg.size);
	return 0;
}

/* As it lies in the driver's buffer. */
static int map(const struct source_v4l2 *v, const struct v4l2_frame *frame, struct v4l2_image *ret)
{
	int r = v4l2_capture_image(v4l2_capture_format(v->capture), frame, ret);

	ret->width = v->format.width;
	ret->height = v->format.height;
	return r;
}

static int convert(struct source_v4l2 *v, const struct v4l2_frame *frame)
{
	struct v4l2_image image;
	int r;

	if (v->library)
		return v4l2_convert_lib_to_i420(v->library, frame->data[0], frame->bytesused[0],
						v->format.width, v->format.height, &v->planes);
	r = map(v, frame, &image);
	return r < 0 ? r : v4l2_convert_to_i420(&image, &v->planes);
}

static void fill(const struct source_v4l2 *v, struct source_frame *ret)
{
	ret->y = v->planes.y;
	ret->u = v->planes.u;
	ret->v = v->planes.v;
	ret->y_stride = v->planes.y_stride;
	ret->c_stride = v->planes.c_stride;
}

/* A frame that is no whole picture: some cameras give one now and then, without the error flag. */
static int pass_over(struct source_v4l2 *v)
{
	int r = v4l2_capture_release(v->capture, &v->frame);

	v->damaged++;
	return r < 0 ? r : -EAGAIN;
}

static void count(struct source_v4l2 *v, struct source_frame *ret)
{
	ret->dropped = v->dropped;
	ret->damaged = v->damaged;
	v->dropped = v->damaged = 0;
}

static bool is_left_out(struct source_v4l2 *v)
{
	return v->format.codec != RING_CODEC_H264 &&
	       !thinner_take(&v->thinner, v->frame.timestamp_us);
}

/* Read by an encoder, where it is. */
static int check_whole(const struct source_v4l2 *v)
{
	return v4l2_capture_image_is_whole(v4l2_capture_format(v->capture), &v->frame) ? 0
										       : -EBADMSG;
}

/* An encoder copies it from where it is. What goes through the library it does not take. */
static bool comes_direct(const struct source_v4l2 *v)
{
	return v->source.direct && !v->format.encoded && !v->library;
}

/* The frame's picture, in the driver's buffer or in memory of our own. */
static int take_picture(struct source_v4l2 *v, struct source_frame *ret)
{
	int r = v->format.undecided ? decide(v) : 0;

	if (r < 0)
		return r;
	if (v->source.shared)
		return check_whole(v);
	if (comes_direct(v))
		return map(v, &v->frame, &ret->image);
	if (!v->format.encoded)
		return convert(v, &v->frame);
	if (v->format.codec == RING_CODEC_JPEG)
		return take_jpeg(v, ret);
	ret->au = coded(v);
	return 0;
}

/* In the driver's buffer, until it is released. */
static bool stays(const struct source_v4l2 *v)
{
	return v->format.encoded || v->source.shared || comes_direct(v);
}

static int v4l2_source_next(struct source *s, struct source_frame *ret)
{
	struct source_v4l2 *v = (struct source_v4l2 *)s;
	int r = v4l2_capture_next(v->capture, &v->frame);

	if (r < 0)
		return r;
	source_stamp(ret, v->frame.timestamp_us);
	v->dropped += v->frame.dropped_before;
	v->damaged += v->frame.faulty_before;
	if (is_left_out(v)) {
		r = v4l2_capture_release(v->capture, &v->frame);
		return r < 0 ? r : -EAGAIN;
	}
	r = take_picture(v, ret);
	if (r == -ENODATA || r == -EBADMSG)
		return pass_over(v);
	/* If it was converted, the driver can have its buffer back. */
	if (r >= 0 && !stays(v))
		r = v4l2_capture_release(v->capture, &v->frame);
	if (r < 0)
		return r;
	count(v, ret);
	ret->format = &v->format;
	if (!stays(v)) {
		fill(v, ret);
		return 0;
	}
	ret->id = v->frame.index;
	v->held[ret->id] = v->frame;
	return 0;
}

static int v4l2_source_read(struct source *s, struct source_frame *frame)
{
	struct source_v4l2 *v = (struct source_v4l2 *)s;
	struct v4l2_frame *held = &v->held[frame->id];
	int r = v4l2_capture_read_begin(v->capture, held), ended;

	if (r < 0)
		return r;
	r = convert(v, held);
	ended = v4l2_capture_read_end(v->capture, held);
	if (r < 0 || ended < 0)
		return r < 0 ? r : ended;
	fill(v, frame);
	return 0;
}

static int v4l2_source_release(struct source *s, uint32_t id)
{
	struct source_v4l2 *v = (struct source_v4l2 *)s;

	return v->held[id].bytesused[0] ? v4l2_capture_release(v->capture, &v->held[id]) : 0;
}

static bool v4l2_source_exhausted(const struct source *s)
{
	return v4l2_capture_queued(((const struct source_v4l2 *)s)->capture) == 0;
}

static struct v4l2_device *device_of(struct source *s)
{
	return v4l2_capture_device(((struct source_v4l2 *)s)->capture);
}

static int v4l2_source_next_control(struct source *s, uint32_t *cursor, struct camera_control *ret)
{
	return v4l2_controls_tell(device_of(s), cursor, ret);
}

static int v4l2_source_set_control(struct source *s, const char *control, int32_t *value,
				   bool exact)
{
	return v4l2_controls_choose(device_of(s), control, value, exact);
}

static int v4l2_source_force_keyframe(struct source *s)
{
	return v4l2_controls_set(device_of(s), V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME, 1);
}

static void v4l2_source_free(struct source *s)
{
	free(s);
}

static const struct source_ops ops = {
	.open = v4l2_source_open,
	.start = v4l2_source_start,
	.capture = v4l2_source_capture,
	.read = v4l2_source_read,
	.probe = v4l2_source_probe,
	.replaced = v4l2_source_replaced,
	.close = v4l2_source_close,
	.fd = v4l2_source_fd,
	.exhausted = v4l2_source_exhausted,
	.next = v4l2_source_next,
	.release = v4l2_source_release,
	.force_keyframe = v4l2_source_force_keyframe,
	.next_control = v4l2_source_next_control,
	.set_control = v4l2_source_set_control,
	.free = v4l2_source_free,
};

int source_v4l2_new(const char *path, struct source **ret)
{
	struct source_v4l2 *v = calloc(1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	v->source.ops = &ops;
	v->source.events = EPOLLIN | EPOLLPRI;
	/* v4l2loopback's poll() waits only if there is nothing to read, and it is in joining that
	 * epoll has it wait: with a frame at hand, no later one would be told of. */
	v->source.polled_anew = true;
	v->source.dropped_as = CAMERA_DROP_DRIVER;
	snprintf(v->source.description, sizeof(v->source.description), "v4l2 %s", path);
	v->path = path;
	if (stat(path, &v->node) < 0)
		v->node = (struct stat){};
	*ret = &v->source;
	return 0;
}
