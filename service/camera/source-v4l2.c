// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A V4L2 device (v4l2/capture.h), and the frames that it gives: which are held, left out, damaged.
 * What they are taken for stands in camera/v4l2-picture.h.
 */
#include <errno.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include "camera/choices.h"
#include "camera/source.h"
#include "camera/thinner.h"
#include "camera/v4l2-controls.h"
#include "camera/v4l2-picture.h"
#include "v4l2/capture-image.h"
#include "v4l2/capture.h"
#include "v4l2/controls.h"
#include "v4l2/device.h"

#define WIDTH_DEFAULT  1280
#define HEIGHT_DEFAULT 720
#define FPS_DEFAULT    30

struct source_v4l2 {
	struct source source;
	const char *path;
	struct stat node; /* when the process began; all 0: there was none */
	struct v4l2_capture *capture;
	struct v4l2_picture picture;               /* what its frames are taken for */
	struct v4l2_frame frame;                   /* the newest */
	struct v4l2_frame held[SOURCE_FRAMES_MAX]; /* by the driver's index */
	struct thinner thinner;
	/* Passed over since the frame last told of. */
	uint32_t dropped, damaged;
};

/* Access units of H.264 depend on each other: all are taken. */
static bool can_be_thinned(const struct source_v4l2 *v)
{
	return v->picture.format.codec != RING_CODEC_H264;
}

static int take_format(struct source_v4l2 *v, uint32_t fps)
{
	const struct v4l2_capture_format *f = v4l2_capture_format(v->capture);
	int r = v4l2_picture_begin(&v->picture, v->capture);

	if (r < 0 || !can_be_thinned(v))
		return r;
	thinner_begin(&v->thinner, fps, f->fps_num, f->fps_den);
	if (thinner_active(&v->thinner)) {
		v->picture.format.fps_num = fps;
		v->picture.format.fps_den = 1;
	}
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

	s->offers[0] = '\0';
	if (r == -EOPNOTSUPP)
		v4l2_capture_offers(NULL, v->path, s->offers, sizeof(s->offers));
	if (r < 0)
		return r;
	snprintf(s->description, sizeof(s->description), "v4l2 %s %s",
		 v4l2_capture_device(v->capture)->driver, v->path);
	r = take_format(v, want->fps);
	if (r < 0)
		return r;
	*ret = v->picture.format;
	/* Some controls cannot be set while it runs. */
	if (s->choices)
		choices_apply(s->choices, s);
	return 0;
}

static int v4l2_source_start(struct source *s, struct source_format *format)
{
	struct source_v4l2 *v = (struct source_v4l2 *)s;

	v->picture.format.fourcc = format->fourcc = v4l2_capture_format(v->capture)->fourcc;
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
	v->dropped = v->damaged = 0;
	v4l2_picture_end(&v->picture);
}

static int v4l2_source_fd(const struct source *s)
{
	return v4l2_capture_fd(((const struct source_v4l2 *)s)->capture);
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
	return can_be_thinned(v) && !thinner_take(&v->thinner, v->frame.timestamp_us);
}

/* An encoder copies it from where it is. */
static bool comes_direct(const struct source_v4l2 *v)
{
	return v->source.direct && v4l2_picture_maps(&v->picture);
}

/* Read by an encoder, where it is. */
static int check_whole(const struct source_v4l2 *v)
{
	return v4l2_capture_image_is_whole(v4l2_capture_format(v->capture), &v->frame) ? 0
										       : -EBADMSG;
}

/* The frame's picture, in the driver's buffer or in memory of our own. */
static int take_picture(struct source_v4l2 *v, struct source_frame *ret)
{
	int r = v4l2_picture_decide(&v->picture, &v->frame);

	if (r < 0)
		return r;
	if (v->source.shared)
		return check_whole(v);
	if (v->picture.format.encoded)
		return v4l2_picture_encoded(&v->picture, &v->frame, &ret->au);
	if (comes_direct(v))
		return v4l2_picture_map(&v->picture, &v->frame, &ret->image);
	return v4l2_picture_convert(&v->picture, &v->frame, ret);
}

/* In the driver's buffer, until it is released. */
static bool stays(const struct source_v4l2 *v)
{
	return v->picture.format.encoded || v->source.shared || comes_direct(v);
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
	ret->format = &v->picture.format;
	if (!stays(v))
		return 0;
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
	r = v4l2_picture_convert(&v->picture, held, frame);
	ended = v4l2_capture_read_end(v->capture, held);
	return r < 0 ? r : ended;
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
