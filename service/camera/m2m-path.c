// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/m2m-path.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "v4l2/convert.h"
#include "v4l2/device.h"
#include "v4l2/planes.h"
#include "v4l2/raw.h"

#define CONVERTER_DISTRUST_USEC (600 * USEC_PER_SEC)

static bool shares(const struct m2m_path *p)
{
	return p->kind == CAMERA_PATH_ZERO_COPY;
}

static bool converts(const struct m2m_path *p)
{
	return p->kind == CAMERA_PATH_CONVERTER;
}

struct v4l2_m2m *m2m_path_encoder(const struct m2m_path *p)
{
	return converts(p) ? p->relay.m2m : p->share.m2m;
}

const struct v4l2_converter *m2m_path_converter(const struct m2m_path *p)
{
	return p->relay.converter;
}

static struct v4l2_capture *capture_of(const struct m2m_path *p)
{
	return p->source ? source_capture(p->source) : NULL;
}

const struct v4l2_sys *m2m_path_sys(const struct m2m_path *p)
{
	struct v4l2_capture *capture = capture_of(p);

	return capture ? v4l2_capture_device(capture)->sys : NULL;
}

/* And not the camera's made smaller. */
static bool is_whole(const struct m2m_path *p, const struct v4l2_capture *capture)
{
	const struct v4l2_capture_format *f = v4l2_capture_format(capture);

	return p->want.width == (f->width & ~1U) && p->want.height == (f->height & ~1U);
}

static int open_copying(struct m2m_path *p)
{
	int r = v4l2_m2m_open(m2m_path_sys(p), p->node, &p->want, &p->share.m2m);

	return r < 0 ? r : v4l2_m2m_start(p->share.m2m);
}

/* Has the source bring what can be copied into the encoder's layout in one step. */
static void ask_for_images(struct m2m_path *p)
{
	const struct v4l2_capture *capture = capture_of(p);

	p->takes_image =
		capture && is_whole(p, capture) &&
		v4l2_convert_supported(v4l2_planes_joined(v4l2_capture_format(capture)->fourcc));
	if (p->takes_image)
		p->source->direct = true;
}

static int take_copying(struct m2m_path *p, const char *obstacle)
{
	int r = open_copying(p);

	if (r < 0)
		return r;
	p->kind = CAMERA_PATH_COPY;
	p->scales = false;
	ask_for_images(p);
	snprintf(p->reason, sizeof(p->reason), "raw pictures, copied for the encoder: %s",
		 obstacle);
	return 0;
}

/* -EOPNOTSUPP, with the obstacle, if the picture would have to be copied. */
static int try_sharing(struct m2m_path *p, char obstacle[PROTO_REASON_SIZE])
{
	static const char *const owners[] = {
		[V4L2_SHARE_ENCODER] = "memory of the encoder",
		[V4L2_SHARE_CAMERA] = "memory of the camera",
		[V4L2_SHARE_HEAP] = "memory of the kernel",
		[V4L2_SHARE_DUMB] = "dumb buffers of a graphics card",
	};
	struct v4l2_capture *capture = capture_of(p);
	int r;

	if (!capture || !is_whole(p, capture)) {
		snprintf(obstacle, PROTO_REASON_SIZE,
			 capture ? "they are made smaller" : "they are made by the CPU");
		return -EOPNOTSUPP;
	}
	if (v4l2_capture_queued(capture) || p->source->shared)
		r = v4l2_share_join(capture, p->node, &p->want, &p->share);
	else
		r = v4l2_share_new(capture, p->node, p->source->card, &p->want, &p->share);
	if (r < 0) {
		snprintf(obstacle, PROTO_REASON_SIZE, "%s", p->share.obstacle);
		return r;
	}
	p->source->shared = true;
	p->kind = CAMERA_PATH_ZERO_COPY;
	snprintf(p->reason, sizeof(p->reason),
		 "raw pictures, encoded where the camera writes them: %s", owners[p->share.owner]);
	return 0;
}

static int open_relay(struct m2m_path *p)
{
	return v4l2_relay_new(capture_of(p), p->source->converter, p->node, &p->want, &p->relay);
}

static bool distrusted(const struct source *source)
{
	return source->converter_lost &&
	       clock_monotonic() < source->converter_lost + CONVERTER_DISTRUST_USEC;
}

/* Should the converter be left, the encoder is told the same again: others might show in parameter
 * sets, which stay for as long as an epoch lasts. */
static void keep_colours(struct m2m_path *p, const struct v4l2_capture_format *f)
{
	p->want.colorspace = f->colorspace;
	p->want.ycbcr_enc = f->ycbcr_enc;
	p->want.quantization = f->quantization;
	p->want.xfer_func = f->xfer_func;
}

/* -EOPNOTSUPP, with the obstacle, if there is none that could. */
static int try_converting(struct m2m_path *p, char obstacle[PROTO_REASON_SIZE])
{
	struct v4l2_capture *capture = capture_of(p);
	int r;

	if (!capture || !p->source->converter)
		return -EOPNOTSUPP;
	if (distrusted(p->source)) {
		snprintf(obstacle, PROTO_REASON_SIZE, "%s", p->source->converter_obstacle);
		return -EOPNOTSUPP;
	}
	r = open_relay(p);
	if (r < 0) {
		snprintf(obstacle, PROTO_REASON_SIZE, "%s", p->relay.obstacle);
		return r;
	}
	p->source->shared = true;
	keep_colours(p, v4l2_capture_format(capture));
	p->kind = CAMERA_PATH_CONVERTER;
	p->scales = !is_whole(p, capture);
	snprintf(p->reason, sizeof(p->reason), "raw pictures, converted for the encoder: %s",
		 obstacle);
	return 0;
}

int m2m_path_open(struct m2m_path *p)
{
	char obstacle[PROTO_REASON_SIZE] = "";
	int r = try_sharing(p, obstacle);

	if (r == -EOPNOTSUPP)
		r = try_converting(p, obstacle);
	if (r == -EOPNOTSUPP)
		r = take_copying(p, obstacle);
	return r;
}

void m2m_path_release(struct m2m_path *p)
{
	v4l2_relay_release(&p->relay);
	v4l2_share_release(&p->share);
}

int m2m_path_reopen(struct m2m_path *p)
{
	if (converts(p)) {
		v4l2_relay_release(&p->relay);
		return open_relay(p);
	}
	if (shares(p))
		return v4l2_share_reopen(&p->share);
	p->share.m2m = v4l2_m2m_close(p->share.m2m);
	return open_copying(p);
}

bool m2m_path_converter_failed(const struct m2m_path *p)
{
	return converts(p) && p->relay.converter_failed;
}

int m2m_path_leave_converter(struct m2m_path *p, int error)
{
	struct source *source = p->source;

	snprintf(source->converter_obstacle, sizeof(source->converter_obstacle),
		 "the converter %s %s", source->converter,
		 error == -ETIMEDOUT ? "stalled" : "failed");
	log_warning("%s: pictures are copied from now on", source->converter_obstacle);
	source->converter_lost = clock_monotonic();
	v4l2_relay_release(&p->relay);
	return take_copying(p, source->converter_obstacle);
}

/* From where the camera wrote it, if it can be: then it is copied once. */
static int copy(struct m2m_path *p, const struct source_frame *frame, uint32_t *ret)
{
	const struct v4l2_raw *layout = &v4l2_m2m_format(p->share.m2m)->raw;
	const struct v4l2_image made = {
		.fourcc = V4L2_PIX_FMT_YUV420,
		.width = layout->visible_width,
		.height = layout->visible_height,
		.plane = {frame->y, frame->u, frame->v},
		.stride = {frame->y_stride, frame->c_stride, frame->c_stride},
	};
	bool straight = p->takes_image && frame->image.fourcc;
	struct v4l2_m2m_raw raw;
	int r = v4l2_m2m_take(p->share.m2m, &raw);

	if (r < 0)
		return r;
	*ret = raw.index;
	return v4l2_raw_copy(layout, raw.planes, straight ? &frame->image : &made);
}

int m2m_path_put(struct m2m_path *p, const struct source_frame *frame, uint64_t key)
{
	uint32_t index = frame->id;
	int r = 0;

	if (converts(p))
		return v4l2_relay_put(&p->relay, index, key);
	if (!shares(p))
		r = copy(p, frame, &index);
	return r < 0 ? r : v4l2_m2m_put(p->share.m2m, index, key);
}

int m2m_path_next(struct m2m_path *p, struct v4l2_m2m_coded *ret)
{
	return converts(p) ? v4l2_relay_next(&p->relay, ret) : v4l2_m2m_next(p->share.m2m, ret);
}

bool m2m_path_holds(struct m2m_path *p, uint32_t frame)
{
	if (converts(p))
		return v4l2_relay_holds(&p->relay, frame);
	return shares(p) && v4l2_m2m_holds(p->share.m2m, frame);
}

uint64_t m2m_path_deadline(const struct m2m_path *p)
{
	return converts(p) ? v4l2_relay_deadline(&p->relay) : v4l2_m2m_deadline(p->share.m2m);
}

int m2m_path_adjust(struct m2m_path *p, int32_t bitrate, int32_t gop)
{
	p->want.bitrate = p->share.want.bitrate = bitrate;
	p->want.gop = p->share.want.gop = gop;
	return v4l2_m2m_adjust(m2m_path_encoder(p), bitrate, gop);
}
