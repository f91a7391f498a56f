// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A hardware encoder (v4l2/m2m.h), and the way by which pictures come to it (camera/m2m-path.h). An
 * encoder that stalls or breaks is opened anew within the epoch; a converter that does is left out
 * from then on.
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
#include "camera/m2m-path.h"
#include "v4l2/device.h"

/* Without a second's pictures in between: then it is beyond that. */
#define REOPENINGS_MAX      2
#define REOPENINGS_PICTURES 30
/* An encoder that waits may begin to work, and stall, without the loop's knowing. */
#define LOOK_USEC (500 * USEC_PER_MSEC)

struct encoder_v4l2m2m {
	struct encoder encoder;
	struct m2m_path path;
	struct v4l2_m2m_coded coded; /* handed out; data NULL: none */
	unsigned int reopenings;
	unsigned int pictures; /* since it was opened */
};

static struct encoder_v4l2m2m *of(struct encoder *e)
{
	return (struct encoder_v4l2m2m *)e;
}

static const struct m2m_path *path_of(const struct encoder *e)
{
	return &((const struct encoder_v4l2m2m *)e)->path;
}

/* Of the way that was taken. */
static void tell(struct encoder_v4l2m2m *m)
{
	const struct v4l2_converter *converter = m2m_path_converter(&m->path);
	const char *driver = v4l2_m2m_device(m2m_path_encoder(&m->path))->driver;
	struct encoder *e = &m->encoder;

	e->path = m->path.kind;
	e->reads = e->path == CAMERA_PATH_COPY;
	e->takes_image = m->path.takes_image;
	e->scales = m->path.scales;
	memcpy(e->reason, m->path.reason, sizeof(e->reason));
	if (converter)
		snprintf(e->description, sizeof(e->description), "%s %s, %s %s",
			 v4l2_converter_device(converter)->driver, m->path.source->converter,
			 driver, m->path.node);
	else
		snprintf(e->description, sizeof(e->description), "%s %s", driver, m->path.node);
}

/* Viewers see a pause. */
static int leave_converter(struct encoder_v4l2m2m *m, int error)
{
	int r = m2m_path_leave_converter(&m->path, error);

	if (r >= 0)
		tell(m);
	return r;
}

/* What was in it is lost; what comes begins with a keyframe. */
static int reopen(struct encoder_v4l2m2m *m, int error)
{
	bool converter = m2m_path_converter_failed(&m->path);

	if (!converter && m->reopenings++ >= REOPENINGS_MAX)
		return error;
	m->encoder.opened++;
	m->coded = (struct v4l2_m2m_coded){};
	m->pictures = 0;
	if (converter)
		return leave_converter(m, error);
	log_warning("the encoder %s: it is opened anew",
		    error == -ETIMEDOUT ? "stalls" : "is broken");
	return m2m_path_reopen(&m->path);
}

static int m2m_submit(struct encoder *e, const struct source_frame *frame, uint64_t key,
		      bool keyframe)
{
	struct encoder_v4l2m2m *m = of(e);
	int r;

	if (keyframe)
		v4l2_m2m_force_keyframe(m2m_path_encoder(&m->path));
	r = m2m_path_put(&m->path, frame, key);
	if (r == -EIO || (r < 0 && r != -EAGAIN && m2m_path_converter_failed(&m->path))) {
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
	int r = m->coded.data ? v4l2_m2m_release(m2m_path_encoder(&m->path), &m->coded) : 0;

	if (r >= 0)
		r = m2m_path_next(&m->path, &m->coded);
	if (r == -ETIMEDOUT || r == -EIO || r == -EPIPE ||
	    (r < 0 && r != -EAGAIN && m2m_path_converter_failed(&m->path))) {
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
	return m2m_path_holds(&of(e)->path, frame);
}

static int m2m_fd(const struct encoder *e, enum encoder_part part)
{
	const struct v4l2_converter *converter = m2m_path_converter(path_of(e));

	if (part == ENCODER_ITSELF)
		return v4l2_m2m_fd(m2m_path_encoder(path_of(e)));
	return converter ? v4l2_converter_fd(converter) : -EBADF;
}

static uint32_t m2m_events(const struct encoder *e, enum encoder_part part)
{
	const struct v4l2_converter *converter = m2m_path_converter(path_of(e));

	if (part == ENCODER_ITSELF)
		return v4l2_m2m_events(m2m_path_encoder(path_of(e)));
	return converter ? v4l2_converter_events(converter) : 0;
}

static uint64_t m2m_deadline(const struct encoder *e)
{
	uint64_t deadline = m2m_path_deadline(path_of(e));
	uint64_t look = clock_monotonic() + LOOK_USEC;

	return deadline < look ? deadline : look;
}

static int m2m_adjust(struct encoder *e, uint32_t bitrate, uint32_t gop)
{
	return m2m_path_adjust(&of(e)->path, (int32_t)bitrate, (int32_t)gop);
}

static void m2m_free(struct encoder *e)
{
	m2m_path_release(&of(e)->path);
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
		return "is busy: it is tried again once nobody watches";
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
	m->path.node = node;
	m->path.source = source;
	m->path.want = (struct v4l2_m2m_want){
		.codec = V4L2_PIX_FMT_H264,
		.width = config->width,
		.height = config->height,
		.fps_num = config->fps_num,
		.fps_den = config->fps_den,
		.bitrate = (int32_t)config->bitrate,
		.gop = (int32_t)config->gop,
		/* Of copies; what is not copied is as the camera says. */
		.colorspace = config->colours.colorspace,
		.ycbcr_enc = config->colours.ycbcr_enc,
		.quantization = config->colours.quantization,
		.xfer_func = config->colours.xfer_func,
	};
	r = m2m_path_open(&m->path);
	if (r < 0) {
		snprintf(obstacle, PROTO_REASON_SIZE, "%s %s", node,
			 explain(m2m_path_sys(&m->path), node, r));
		return r;
	}
	tell(m);
	*ret = steal_pointer(&e);
	return 0;
}
