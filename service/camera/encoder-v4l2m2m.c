// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A hardware encoder (v4l2/m2m.h). Where camera and encoder can work on the same memory, pictures
 * stay where the camera wrote them (v4l2/share.h); otherwise they are copied into the encoder's.
 * One that stalls or breaks is opened anew within the epoch.
 */
#include <errno.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "camera/encoder.h"
#include "v4l2/convert.h"
#include "v4l2/device.h"
#include "v4l2/m2m.h"
#include "v4l2/raw.h"
#include "v4l2/share.h"

/* Without a second's pictures in between: then it is beyond that. */
#define REOPENINGS_MAX      2
#define REOPENINGS_PICTURES 30
/* An encoder that waits may begin to work, and stall, without the loop's knowing. */
#define LOOK_USEC (500 * USEC_PER_MSEC)

struct encoder_v4l2m2m {
	struct encoder encoder;
	const char *node;
	struct v4l2_m2m_want want;
	struct v4l2_share share;     /* of copies, only m2m is used */
	struct v4l2_m2m_coded coded; /* handed out; data NULL: none */
	unsigned int reopenings;
	unsigned int pictures; /* since it was opened */
};

static struct encoder_v4l2m2m *of(struct encoder *e)
{
	return (struct encoder_v4l2m2m *)e;
}

static bool shares(const struct encoder_v4l2m2m *m)
{
	return m->encoder.path == CAMERA_PATH_ZERO_COPY;
}

static int open_copying(struct encoder_v4l2m2m *m)
{
	int r = v4l2_m2m_open(NULL, m->node, &m->want, &m->share.m2m);

	return r < 0 ? r : v4l2_m2m_start(m->share.m2m);
}

/* What was in it is lost; what comes begins with a keyframe. */
static int reopen(struct encoder_v4l2m2m *m, int error)
{
	int r;

	if (m->reopenings++ >= REOPENINGS_MAX)
		return error;
	log_warning("the encoder %s: it is opened anew",
		    error == -ETIMEDOUT ? "stalls" : "is broken");
	m->coded = (struct v4l2_m2m_coded){};
	m->pictures = 0;
	if (shares(m)) {
		r = v4l2_share_reopen(&m->share);
	} else {
		m->share.m2m = v4l2_m2m_close(m->share.m2m);
		r = open_copying(m);
	}
	m->encoder.opened++;
	return r;
}

static int copy(struct encoder_v4l2m2m *m, const struct source_frame *frame, uint32_t *ret)
{
	const struct v4l2_raw *layout = &v4l2_m2m_format(m->share.m2m)->raw;
	const struct v4l2_image image = {
		.fourcc = V4L2_PIX_FMT_YUV420,
		.width = layout->visible_width,
		.height = layout->visible_height,
		.plane = {frame->y, frame->u, frame->v},
		.stride = {frame->y_stride, frame->c_stride, frame->c_stride},
	};
	struct v4l2_m2m_raw raw;
	int r = v4l2_m2m_take(m->share.m2m, &raw);

	if (r < 0)
		return r;
	*ret = raw.index;
	return v4l2_raw_copy(layout, raw.planes, &image);
}

static int m2m_submit(struct encoder *e, const struct source_frame *frame, uint64_t key,
		      bool keyframe)
{
	struct encoder_v4l2m2m *m = of(e);
	uint32_t index = frame->id;
	int r = 0;

	if (keyframe)
		v4l2_m2m_force_keyframe(m->share.m2m);
	if (!shares(m))
		r = copy(m, frame, &index);
	if (r >= 0)
		r = v4l2_m2m_put(m->share.m2m, index, key);
	if (r == -EIO)
		r = reopen(m, r);
	/* It has no room, or ends in order to begin anew. */
	return r == -EAGAIN ? -ENODATA : r;
}

static int m2m_next(struct encoder *e, struct encoder_unit *ret)
{
	struct encoder_v4l2m2m *m = of(e);
	int r = m->coded.data ? v4l2_m2m_release(m->share.m2m, &m->coded) : 0;

	if (r >= 0)
		r = v4l2_m2m_next(m->share.m2m, &m->coded);
	if (r == -ETIMEDOUT || r == -EIO || r == -EPIPE) {
		r = reopen(m, r);
		return r < 0 ? r : -EAGAIN;
	}
	if (r < 0)
		return r;
	if (++m->pictures >= REOPENINGS_PICTURES)
		m->reopenings = 0;
	*ret = (struct encoder_unit){
		.bytes = slice_of(m->coded.data, m->coded.size),
		.key = m->coded.timestamp_us,
	};
	return 0;
}

static bool m2m_holds(struct encoder *e, uint32_t frame)
{
	return shares(of(e)) && v4l2_m2m_holds(of(e)->share.m2m, frame);
}

static const struct v4l2_m2m *m2m_of(const struct encoder *e)
{
	return ((const struct encoder_v4l2m2m *)e)->share.m2m;
}

static int m2m_fd(const struct encoder *e)
{
	return v4l2_m2m_fd(m2m_of(e));
}

static uint32_t m2m_events(const struct encoder *e)
{
	return v4l2_m2m_events(m2m_of(e));
}

static uint64_t m2m_deadline(const struct encoder *e)
{
	uint64_t deadline = v4l2_m2m_deadline(m2m_of(e)), look = clock_monotonic() + LOOK_USEC;

	return deadline < look ? deadline : look;
}

static int m2m_adjust(struct encoder *e, uint32_t bitrate, uint32_t gop)
{
	struct encoder_v4l2m2m *m = of(e);

	m->want.bitrate = m->share.want.bitrate = (int32_t)bitrate;
	m->want.gop = m->share.want.gop = (int32_t)gop;
	return v4l2_m2m_adjust(m->share.m2m, (int32_t)bitrate, (int32_t)gop);
}

static void m2m_free(struct encoder *e)
{
	v4l2_share_release(&of(e)->share);
	free(e);
}

static const struct encoder_ops ops = {
	.submit = m2m_submit,
	.next = m2m_next,
	.holds = m2m_holds,
	.fd = m2m_fd,
	.events = m2m_events,
	.deadline = m2m_deadline,
	.adjust = m2m_adjust,
	.free = m2m_free,
};

/* And not the camera's made smaller. */
static bool is_whole(const struct encoder_v4l2m2m *m, const struct v4l2_capture *capture)
{
	const struct v4l2_capture_format *f = v4l2_capture_format(capture);

	return m->want.width == (f->width & ~1U) && m->want.height == (f->height & ~1U);
}

/* -EOPNOTSUPP, with the obstacle, if the picture would have to be copied. */
static int try_sharing(struct encoder_v4l2m2m *m, struct source *source,
		       char obstacle[PROTO_REASON_SIZE])
{
	static const char *const owners[] = {
		[V4L2_SHARE_ENCODER] = "memory of the encoder",
		[V4L2_SHARE_CAMERA] = "memory of the camera",
		[V4L2_SHARE_HEAP] = "memory of the kernel",
	};
	struct v4l2_capture *capture = source_capture(source);
	int r;

	if (!capture || !is_whole(m, capture)) {
		snprintf(obstacle, PROTO_REASON_SIZE, "they are made by the CPU");
		return -EOPNOTSUPP;
	}
	if (v4l2_capture_queued(capture) || source->shared)
		r = v4l2_share_join(capture, m->node, &m->want, &m->share);
	else
		r = v4l2_share_new(capture, m->node, &m->want, &m->share);
	if (r < 0) {
		snprintf(obstacle, PROTO_REASON_SIZE, "%s", m->share.obstacle);
		return r;
	}
	source->shared = true;
	m->encoder.path = CAMERA_PATH_ZERO_COPY;
	snprintf(m->encoder.reason, sizeof(m->encoder.reason),
		 "raw pictures, encoded where the camera writes them: %s", owners[m->share.owner]);
	return 0;
}

static int try_copying(struct encoder_v4l2m2m *m, const char *obstacle)
{
	int r = open_copying(m);

	if (r < 0)
		return r;
	m->encoder.path = CAMERA_PATH_COPY;
	m->encoder.reads = true;
	snprintf(m->encoder.reason, sizeof(m->encoder.reason),
		 "raw pictures, copied for the encoder: %s", obstacle);
	return 0;
}

static const char *explain(int error)
{
	switch (error) {
	case -ENOENT:
	case -ENODEV:
	case -ENXIO:
		return "is not there";
	case -EACCES:
	case -EPERM:
		return "is not permitted";
	case -EBUSY:
		return "is busy";
	case -ENOTTY:
		return "is no encoder";
	case -EOPNOTSUPP:
		return "cannot make H.264 of raw pictures that are known here";
	case -ERANGE:
		return "cannot do this size";
	default:
		return strerror(-error);
	}
}

static void describe(struct encoder_v4l2m2m *m)
{
	const struct v4l2_device *device = v4l2_m2m_device(m->share.m2m);

	snprintf(m->encoder.description, sizeof(m->encoder.description), "%s %s", device->driver,
		 m->node);
}

int encoder_v4l2m2m_new(const char *node, struct source *source,
			const struct encoder_config *config, struct encoder **ret,
			char obstacle[PROTO_REASON_SIZE])
{
	_cleanup_(encoder_freep) struct encoder *e = NULL;
	struct encoder_v4l2m2m *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return -ENOMEM;
	e = &m->encoder;
	e->ops = &ops;
	e->forces_keyframes = true; /* if it has no control for it, it begins anew */
	m->node = node;
	m->want = (struct v4l2_m2m_want){
		.codec = V4L2_PIX_FMT_H264,
		.width = config->width,
		.height = config->height,
		.fps_num = config->fps_num,
		.fps_den = config->fps_den,
		.bitrate = (int32_t)config->bitrate,
		.gop = (int32_t)config->gop,
	};
	r = try_sharing(m, source, obstacle);
	if (r == -EOPNOTSUPP)
		r = try_copying(m, obstacle);
	if (r < 0) {
		snprintf(obstacle, PROTO_REASON_SIZE, "%s %s", node, explain(r));
		return r;
	}
	describe(m);
	*ret = steal_pointer(&e);
	return 0;
}
