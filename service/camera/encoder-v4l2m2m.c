// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A hardware encoder (v4l2/m2m.h). Where camera and encoder can work on the same memory, pictures
 * stay where the camera wrote them (v4l2/share.h); where a converter can stand between, it reads
 * them there (v4l2/relay.h); otherwise they are copied into the encoder's.
 * An encoder that stalls or breaks is opened anew within the epoch; a converter that does is left
 * out from then on.
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
#include "v4l2/planes.h"
#include "v4l2/raw.h"
#include "v4l2/relay.h"
#include "v4l2/share.h"

/* Without a second's pictures in between: then it is beyond that. */
#define REOPENINGS_MAX      2
#define REOPENINGS_PICTURES 30
/* An encoder that waits may begin to work, and stall, without the loop's knowing. */
#define LOOK_USEC               (500 * USEC_PER_MSEC)
#define CONVERTER_DISTRUST_USEC (600 * USEC_PER_SEC)

struct encoder_v4l2m2m {
	struct encoder encoder;
	const char *node;
	struct source *source; /* borrowed */
	struct v4l2_m2m_want want;
	struct v4l2_share share;     /* of copies, only m2m is used */
	struct v4l2_relay relay;     /* m2m NULL: not by that */
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

static bool converts(const struct encoder_v4l2m2m *m)
{
	return m->encoder.path == CAMERA_PATH_CONVERTER;
}

static struct v4l2_m2m *m2m_of(const struct encoder *e)
{
	const struct encoder_v4l2m2m *m = (const struct encoder_v4l2m2m *)e;

	return converts(m) ? m->relay.m2m : m->share.m2m;
}

static void describe(struct encoder_v4l2m2m *m)
{
	const char *encoder = v4l2_m2m_device(m2m_of(&m->encoder))->driver;
	char *to = m->encoder.description;

	if (converts(m))
		snprintf(to, sizeof(m->encoder.description), "%s %s, %s %s",
			 v4l2_converter_device(m->relay.converter)->driver, m->source->converter,
			 encoder, m->node);
	else
		snprintf(to, sizeof(m->encoder.description), "%s %s", encoder, m->node);
}

/* The camera's, and the kernel for pictures that come from elsewhere. */
static const struct v4l2_sys *sys_of(const struct encoder_v4l2m2m *m)
{
	struct v4l2_capture *capture = m->source ? source_capture(m->source) : NULL;

	return capture ? v4l2_capture_device(capture)->sys : NULL;
}

static int open_copying(struct encoder_v4l2m2m *m)
{
	int r = v4l2_m2m_open(sys_of(m), m->node, &m->want, &m->share.m2m);

	return r < 0 ? r : v4l2_m2m_start(m->share.m2m);
}

static int open_relay(struct encoder_v4l2m2m *m)
{
	return v4l2_relay_new(source_capture(m->source), m->source->converter, m->node, &m->want,
			      &m->relay);
}

/* And not the camera's made smaller. */
static bool is_whole(const struct encoder_v4l2m2m *m, const struct v4l2_capture *capture)
{
	const struct v4l2_capture_format *f = v4l2_capture_format(capture);

	return m->want.width == (f->width & ~1U) && m->want.height == (f->height & ~1U);
}

/* Has the source bring what can be copied into the encoder's layout in one step. */
static void ask_for_images(struct encoder_v4l2m2m *m)
{
	const struct v4l2_capture *capture = m->source ? source_capture(m->source) : NULL;

	m->encoder.takes_image =
		capture && is_whole(m, capture) &&
		v4l2_convert_supported(v4l2_planes_joined(v4l2_capture_format(capture)->fourcc));
	if (m->encoder.takes_image)
		m->source->direct = true;
}

static int take_copying(struct encoder_v4l2m2m *m, const char *obstacle)
{
	int r = open_copying(m);

	if (r < 0)
		return r;
	m->encoder.path = CAMERA_PATH_COPY;
	m->encoder.reads = true;
	ask_for_images(m);
	m->encoder.scales = false;
	snprintf(m->encoder.reason, sizeof(m->encoder.reason),
		 "raw pictures, copied for the encoder: %s", obstacle);
	return 0;
}

/* Viewers see a pause. It is not tried again for a while: it might stall each time anew. */
static int leave_converter(struct encoder_v4l2m2m *m, int error)
{
	struct source *source = m->source;

	snprintf(source->converter_obstacle, sizeof(source->converter_obstacle),
		 "the converter %s %s", source->converter,
		 error == -ETIMEDOUT ? "stalled" : "failed");
	log_warning("%s: pictures are copied from now on", source->converter_obstacle);
	source->converter_lost = clock_monotonic();
	v4l2_relay_release(&m->relay);
	error = take_copying(m, source->converter_obstacle);
	if (error >= 0)
		describe(m);
	return error;
}

/* What was in it is lost; what comes begins with a keyframe. */
static int reopen(struct encoder_v4l2m2m *m, int error)
{
	int r;

	bool converter = converts(m) && m->relay.converter_failed;

	if (!converter && m->reopenings++ >= REOPENINGS_MAX)
		return error;
	m->encoder.opened++;
	m->coded = (struct v4l2_m2m_coded){};
	m->pictures = 0;
	if (converter)
		return leave_converter(m, error);
	log_warning("the encoder %s: it is opened anew",
		    error == -ETIMEDOUT ? "stalls" : "is broken");
	if (converts(m)) {
		v4l2_relay_release(&m->relay);
		r = open_relay(m);
	} else if (shares(m)) {
		r = v4l2_share_reopen(&m->share);
	} else {
		m->share.m2m = v4l2_m2m_close(m->share.m2m);
		r = open_copying(m);
	}
	return r;
}

/* From where the camera wrote it, if it can be: then it is copied once. */
static int copy(struct encoder_v4l2m2m *m, const struct source_frame *frame, uint32_t *ret)
{
	bool straight = m->encoder.takes_image && frame->image.fourcc;
	const struct v4l2_raw *layout = &v4l2_m2m_format(m->share.m2m)->raw;
	const struct v4l2_image made = {
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
	return v4l2_raw_copy(layout, raw.planes, straight ? &frame->image : &made);
}

static int m2m_submit(struct encoder *e, const struct source_frame *frame, uint64_t key,
		      bool keyframe)
{
	struct encoder_v4l2m2m *m = of(e);
	uint32_t index = frame->id;
	int r = 0;

	if (keyframe)
		v4l2_m2m_force_keyframe(m2m_of(e));
	if (!shares(m) && !converts(m))
		r = copy(m, frame, &index);
	if (r >= 0 && converts(m))
		r = v4l2_relay_put(&m->relay, index, key);
	else if (r >= 0)
		r = v4l2_m2m_put(m->share.m2m, index, key);
	if (r == -EIO || (r < 0 && r != -EAGAIN && converts(m) && m->relay.converter_failed)) {
		/* This one is lost, as all that was in it. */
		r = reopen(m, r);
		return r < 0 ? r : -ENODATA;
	}
	/* It has no room, or ends in order to begin anew. */
	return r == -EAGAIN ? -ENODATA : r;
}

static int m2m_next(struct encoder *e, struct encoder_unit *ret)
{
	struct encoder_v4l2m2m *m = of(e);
	int r = m->coded.data ? v4l2_m2m_release(m2m_of(e), &m->coded) : 0;

	if (r >= 0)
		r = converts(m) ? v4l2_relay_next(&m->relay, &m->coded)
				: v4l2_m2m_next(m->share.m2m, &m->coded);
	if (r == -ETIMEDOUT || r == -EIO || r == -EPIPE ||
	    (r < 0 && r != -EAGAIN && converts(m) && m->relay.converter_failed)) {
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
	struct encoder_v4l2m2m *m = of(e);

	if (converts(m))
		return v4l2_relay_holds(&m->relay, frame);
	return shares(m) && v4l2_m2m_holds(m->share.m2m, frame);
}

static const struct v4l2_converter *converter_of(const struct encoder *e)
{
	return ((const struct encoder_v4l2m2m *)e)->relay.converter;
}

static int m2m_fd(const struct encoder *e, enum encoder_part part)
{
	if (part == ENCODER_ITSELF)
		return v4l2_m2m_fd(m2m_of(e));
	return converter_of(e) ? v4l2_converter_fd(converter_of(e)) : -EBADF;
}

static uint32_t m2m_events(const struct encoder *e, enum encoder_part part)
{
	if (part == ENCODER_ITSELF)
		return v4l2_m2m_events(m2m_of(e));
	return converter_of(e) ? v4l2_converter_events(converter_of(e)) : 0;
}

static uint64_t m2m_deadline(const struct encoder *e)
{
	const struct encoder_v4l2m2m *m = (const struct encoder_v4l2m2m *)e;
	uint64_t deadline =
		converts(m) ? v4l2_relay_deadline(&m->relay) : v4l2_m2m_deadline(m->share.m2m);
	uint64_t look = clock_monotonic() + LOOK_USEC;

	return deadline < look ? deadline : look;
}

static int m2m_adjust(struct encoder *e, uint32_t bitrate, uint32_t gop)
{
	struct encoder_v4l2m2m *m = of(e);

	m->want.bitrate = m->share.want.bitrate = (int32_t)bitrate;
	m->want.gop = m->share.want.gop = (int32_t)gop;
	return v4l2_m2m_adjust(m2m_of(e), (int32_t)bitrate, (int32_t)gop);
}

static void m2m_free(struct encoder *e)
{
	v4l2_relay_release(&of(e)->relay);
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

/* -EOPNOTSUPP, with the obstacle, if the picture would have to be copied. */
static int try_sharing(struct encoder_v4l2m2m *m, struct source *source,
		       char obstacle[PROTO_REASON_SIZE])
{
	static const char *const owners[] = {
		[V4L2_SHARE_ENCODER] = "memory of the encoder",
		[V4L2_SHARE_CAMERA] = "memory of the camera",
		[V4L2_SHARE_HEAP] = "memory of the kernel",
		[V4L2_SHARE_DUMB] = "dumb buffers of a graphics card",
	};
	struct v4l2_capture *capture = source_capture(source);
	int r;

	if (!capture || !is_whole(m, capture)) {
		snprintf(obstacle, PROTO_REASON_SIZE,
			 capture ? "they are made smaller" : "they are made by the CPU");
		return -EOPNOTSUPP;
	}
	if (v4l2_capture_queued(capture) || source->shared)
		r = v4l2_share_join(capture, m->node, &m->want, &m->share);
	else
		r = v4l2_share_new(capture, m->node, source->card, &m->want, &m->share);
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

static bool distrusted(const struct source *source)
{
	return source->converter_lost &&
	       clock_monotonic() < source->converter_lost + CONVERTER_DISTRUST_USEC;
}

/* Should the converter be left, the encoder is told the same again: others might show in parameter
 * sets, which stay for as long as an epoch lasts. */
static void keep_colours(struct encoder_v4l2m2m *m, const struct v4l2_capture_format *f)
{
	m->want.colorspace = f->colorspace;
	m->want.ycbcr_enc = f->ycbcr_enc;
	m->want.quantization = f->quantization;
	m->want.xfer_func = f->xfer_func;
}

/* -EOPNOTSUPP, with the obstacle, if there is none that could. */
static int try_converting(struct encoder_v4l2m2m *m, char obstacle[PROTO_REASON_SIZE])
{
	struct source *source = m->source;
	struct v4l2_capture *capture = source ? source_capture(source) : NULL;
	int r;

	if (!capture || !source->converter)
		return -EOPNOTSUPP;
	if (distrusted(source)) {
		snprintf(obstacle, PROTO_REASON_SIZE, "%s", source->converter_obstacle);
		return -EOPNOTSUPP;
	}
	r = open_relay(m);
	if (r < 0) {
		snprintf(obstacle, PROTO_REASON_SIZE, "%s", m->relay.obstacle);
		return r;
	}
	source->shared = true;
	keep_colours(m, v4l2_capture_format(capture));
	m->encoder.path = CAMERA_PATH_CONVERTER;
	m->encoder.scales = !is_whole(m, capture);
	snprintf(m->encoder.reason, sizeof(m->encoder.reason),
		 "raw pictures, converted for the encoder: %s", obstacle);
	return 0;
}

/* What it makes, if not what is wanted. */
static const char *makes_else(const struct v4l2_sys *sys, const char *node)
{
	const char *ret = "cannot make H.264 of raw pictures that are known here";
	struct v4l2_device device;

	if (v4l2_device_open(sys, node, &device) < 0)
		return ret;
	if (!v4l2_m2m_format_encodes(&device, V4L2_PIX_FMT_H264)) {
		if (v4l2_m2m_format_encodes(&device, V4L2_PIX_FMT_HEVC))
			ret = "makes HEVC, not H.264, which viewers are sent";
		else if (v4l2_m2m_format_encodes(&device, V4L2_PIX_FMT_JPEG))
			ret = "makes JPEG, no video";
	}
	v4l2_device_close(&device);
	return ret;
}

static const char *explain(const struct v4l2_sys *sys, const char *node, int error)
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
		return makes_else(sys, node);
	case -ERANGE:
		return "cannot do this size";
	case -ENOBUFS:
		return "needs more buffers than there can be";
	default:
		return strerror(-error);
	}
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
	m->source = source;
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
		r = try_converting(m, obstacle);
	if (r == -EOPNOTSUPP)
		r = take_copying(m, obstacle);
	if (r < 0) {
		snprintf(obstacle, PROTO_REASON_SIZE, "%s %s", node, explain(sys_of(m), node, r));
		return r;
	}
	describe(m);
	*ret = steal_pointer(&e);
	return 0;
}
