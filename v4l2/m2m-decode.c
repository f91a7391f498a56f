// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/m2m-decode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/cleanup.h"
#include "v4l2/controls.h"
#include "v4l2/device.h"
#include "v4l2/dmabuf.h"
#include "v4l2/m2m-watch.h"
#include "v4l2/queue-format.h"
#include "v4l2/queue.h"

/* Access units that wait: more is a decoder that is too slow. */
#define CODED_BUFFERS 8
/* Room for an access unit: a byte a pixel, and for small pictures this. Keyframes of text and noise
 * stay below; what venc makes without loss does not, so half as much again. */
#define CODED_SIZE_LEAST (512U * 1024)

/* Of a driver that does not say how many it works with. */
#define PICTURE_BUFFERS 4

/* A driver that never ends its events does not hold us. */
#define EVENTS_MAX 64

_Static_assert(V4L2_QUEUE_BUFFERS_MAX <= 32, "a bit for each buffer");

struct v4l2_m2m_decode {
	struct v4l2_device device;
	struct v4l2_m2m_decode_want want;
	struct v4l2_m2m_decode_format format; /* fourcc 0: not known yet */
	struct v4l2_queue coded, raw;         /* the kernel's OUTPUT and CAPTURE */
	uint32_t handed_out;                  /* pictures that the caller has: a bit an index */
	struct v4l2_m2m_watch watch;
	bool source_change; /* the event has come */
};

static void decode_free(struct v4l2_m2m_decode *d)
{
	v4l2_m2m_decode_close(d);
}

DEFINE_CLEANUP(struct v4l2_m2m_decode *, decode_free)

static uint64_t now(const struct v4l2_m2m_decode *d)
{
	return d->device.sys->now_us(d->device.sys);
}

/* It has units to read, and buffers for their pictures once it is known which. Pictures that it
 * keeps back, to put them in order, are no work. */
static void update_watch(struct v4l2_m2m_decode *d)
{
	bool room = d->raw.device == NULL || d->raw.queued > 0;

	v4l2_m2m_watch_set(&d->watch, d->coded.queued > 0 && room, now(d));
}

/* --- opening --- */

static int set_coded(struct v4l2_m2m_decode *d)
{
	const struct v4l2_m2m_decode_want *want = &d->want;
	struct v4l2_format f = {.type = v4l2_device_output_type(&d->device)};
	uint32_t size = want->width * want->height * 3 / 2;
	int r = v4l2_queue_format_lists(&d->device, f.type, want->codec);

	if (r <= 0)
		return r < 0 ? r : -EOPNOTSUPP;
	size = (size < CODED_SIZE_LEAST ? CODED_SIZE_LEAST : size) * 3 / 2;
	if (d->device.multiplanar) {
		f.fmt.pix_mp = (struct v4l2_pix_format_mplane){.width = want->width,
							       .height = want->height,
							       .pixelformat = want->codec,
							       .num_planes = 1};
		f.fmt.pix_mp.plane_fmt[0].sizeimage = size;
	} else {
		f.fmt.pix = (struct v4l2_pix_format){.width = want->width,
						     .height = want->height,
						     .pixelformat = want->codec,
						     .sizeimage = size,
						     .priv = V4L2_PIX_FMT_PRIV_MAGIC};
	}
	r = v4l2_device_ioctl(&d->device, VIDIOC_S_FMT, &f);
	if (r < 0)
		return r;
	return v4l2_queue_format_fourcc(&d->device, &f) == want->codec ? 0 : -EOPNOTSUPP;
}

/* Before a unit was read, a decoder lists at least what it could give of some stream. */
static int gives_any(const struct v4l2_m2m_decode *d)
{
	uint32_t type = v4l2_device_capture_type(&d->device);
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < V4L2_M2M_DECODE_FORMATS_MAX; i++)
		if (d->want.formats[i])
			r = v4l2_queue_format_lists(&d->device, type, d->want.formats[i]);
	return r == 0 ? -EOPNOTSUPP : r;
}

static int begin(struct v4l2_m2m_decode *d)
{
	struct v4l2_event_subscription change = {.type = V4L2_EVENT_SOURCE_CHANGE};
	int r;

	if (d->device.kind != V4L2_DEVICE_M2M)
		return -ENOTTY;
	r = set_coded(d);
	if (r >= 0)
		r = gives_any(d);
	if (r >= 0)
		r = v4l2_device_ioctl(&d->device, VIDIOC_SUBSCRIBE_EVENT, &change);
	if (r >= 0)
		r = v4l2_queue_allocate(&d->coded, &d->device, v4l2_device_output_type(&d->device),
					CODED_BUFFERS);
	return r < 0 ? r : v4l2_queue_start(&d->coded);
}

int v4l2_m2m_decode_open(const struct v4l2_sys *sys, const char *path,
			 const struct v4l2_m2m_decode_want *want, struct v4l2_m2m_decode **ret)
{
	_cleanup_(decode_freep) struct v4l2_m2m_decode *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	d->want = *want;
	r = v4l2_device_open(sys, path, &d->device);
	if (r >= 0)
		r = begin(d);
	if (r < 0)
		return r;
	*ret = steal_pointer(&d);
	return 0;
}

struct v4l2_m2m_decode *v4l2_m2m_decode_close(struct v4l2_m2m_decode *d)
{
	if (!d)
		return NULL;
	v4l2_queue_free(&d->coded);
	v4l2_queue_free(&d->raw);
	v4l2_device_close(&d->device);
	free(d);
	return NULL;
}

const char *v4l2_m2m_decode_name(const struct v4l2_m2m_decode *d)
{
	return d->device.card;
}

int v4l2_m2m_decode_fd(const struct v4l2_m2m_decode *d)
{
	return d->device.fd;
}

uint32_t v4l2_m2m_decode_events(const struct v4l2_m2m_decode *d)
{
	return d->coded.queued > 0 || d->raw.queued > 0 ? EPOLLIN | EPOLLPRI : 0;
}

uint64_t v4l2_m2m_decode_deadline(const struct v4l2_m2m_decode *d)
{
	return v4l2_m2m_watch_deadline(&d->watch);
}

/* --- units --- */

static int reclaim(struct v4l2_m2m_decode *d)
{
	struct v4l2_queue_item item;
	int r = 0;

	while (r >= 0 && d->coded.queued > 0) {
		r = v4l2_queue_get(&d->coded, &item);
		if (r >= 0)
			v4l2_m2m_watch_progress(&d->watch, now(d));
	}
	return r == -EAGAIN ? 0 : r;
}

static int free_unit(const struct v4l2_queue *q)
{
	for (unsigned int i = 0; i < q->count; i++)
		if (q->buffers[i].ready && !q->buffers[i].queued)
			return (int)i;
	return -EAGAIN;
}

int v4l2_m2m_decode_put(struct v4l2_m2m_decode *d, const void *sets, size_t n_sets,
			const void *unit, size_t n_unit, uint64_t timestamp_us)
{
	struct v4l2_queue_payload payload = {
		.bytesused = {n_sets + n_unit},
		.timestamp = {.tv_sec = (time_t)(timestamp_us / 1000000),
			      .tv_usec = (suseconds_t)(timestamp_us % 1000000)},
	};
	uint8_t *to;
	int r = reclaim(d), i;

	if (r < 0)
		return r;
	i = free_unit(&d->coded);
	if (i < 0)
		return i;
	if (n_sets + n_unit > d->coded.buffers[i].planes[0].length)
		return -EMSGSIZE;
	to = d->coded.buffers[i].planes[0].start;
	if (n_sets > 0)
		memcpy(to, sets, n_sets);
	memcpy(to + n_sets, unit, n_unit);
	r = v4l2_queue_put_filled(&d->coded, (uint32_t)i, &payload);
	if (r < 0)
		return r;
	update_watch(d);
	return 0;
}

/* --- what the stream is like --- */

static int read_format(const struct v4l2_m2m_decode *d, const struct v4l2_format *f,
		       struct v4l2_m2m_decode_format *ret)
{
	const struct v4l2_pix_format_mplane *mp = &f->fmt.pix_mp;
	const struct v4l2_pix_format *pix = &f->fmt.pix;

	if (d->device.multiplanar && mp->num_planes != 1)
		return -EOPNOTSUPP;
	*ret = (struct v4l2_m2m_decode_format){
		.fourcc = v4l2_queue_format_fourcc(&d->device, f),
		.width = d->device.multiplanar ? mp->width : pix->width,
		.height = d->device.multiplanar ? mp->height : pix->height,
		.stride = d->device.multiplanar ? mp->plane_fmt[0].bytesperline : pix->bytesperline,
	};
	ret->visible_width = ret->width;
	ret->visible_height = ret->height;
	return ret->width && ret->height && ret->stride ? 0 : -EIO;
}

/* What shall be seen. Drivers without it decode into buffers of just this size, or give none. */
static void read_visible(const struct v4l2_m2m_decode *d, struct v4l2_m2m_decode_format *f)
{
	struct v4l2_selection s = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
				   .target = V4L2_SEL_TGT_COMPOSE};

	if (v4l2_device_ioctl(&d->device, VIDIOC_G_SELECTION, &s) < 0 || s.r.left != 0 ||
	    s.r.top != 0 || s.r.width == 0 || s.r.height == 0 || s.r.width > f->width ||
	    s.r.height > f->height)
		return;
	f->visible_width = s.r.width;
	f->visible_height = s.r.height;
}

/* The first of the wanted formats that the decoder gives of this stream. */
static int set_format(struct v4l2_m2m_decode *d, struct v4l2_m2m_decode_format *ret)
{
	uint32_t type = v4l2_device_capture_type(&d->device);
	struct v4l2_format f = {.type = type}, asked;
	int r = v4l2_device_ioctl(&d->device, VIDIOC_G_FMT, &f);

	for (unsigned int i = 0; r >= 0 && i < V4L2_M2M_DECODE_FORMATS_MAX; i++) {
		uint32_t fourcc = d->want.formats[i];

		if (!fourcc || v4l2_queue_format_lists(&d->device, type, fourcc) <= 0)
			continue;
		asked = f;
		if (d->device.multiplanar)
			asked.fmt.pix_mp.pixelformat = fourcc;
		else
			asked.fmt.pix.pixelformat = fourcc;
		r = v4l2_device_ioctl(&d->device, VIDIOC_S_FMT, &asked);
		if (r >= 0 && v4l2_queue_format_fourcc(&d->device, &asked) == fourcc)
			return read_format(d, &asked, ret);
	}
	return r < 0 ? r : -EOPNOTSUPP;
}

static unsigned int least_pictures(const struct v4l2_m2m_decode *d)
{
	int32_t least;

	if (v4l2_controls_get(&d->device, V4L2_CID_MIN_BUFFERS_FOR_CAPTURE, &least) < 0 ||
	    least < 1)
		return PICTURE_BUFFERS;
	return least > V4L2_QUEUE_BUFFERS_MAX ? V4L2_QUEUE_BUFFERS_MAX : (unsigned int)least;
}

static int start_pictures(struct v4l2_m2m_decode *d)
{
	struct v4l2_m2m_decode_format format;
	unsigned int n = least_pictures(d) + d->want.held;
	int r = set_format(d, &format);

	if (r < 0)
		return r;
	read_visible(d, &format);
	n = n > V4L2_QUEUE_BUFFERS_MAX ? V4L2_QUEUE_BUFFERS_MAX : n;
	r = v4l2_queue_allocate(&d->raw, &d->device, v4l2_device_capture_type(&d->device), n);
	for (uint32_t i = 0; r >= 0 && i < d->raw.count; i++)
		r = v4l2_queue_put(&d->raw, i);
	if (r >= 0)
		r = v4l2_queue_start(&d->raw);
	if (r < 0)
		return r;
	d->format = format;
	v4l2_m2m_watch_progress(&d->watch, now(d));
	return 0;
}

static void take_events(struct v4l2_m2m_decode *d)
{
	struct v4l2_event event = {};

	for (unsigned int i = 0; i < EVENTS_MAX; i++) {
		if (v4l2_device_ioctl(&d->device, VIDIOC_DQEVENT, &event) < 0)
			return;
		if (event.type == V4L2_EVENT_SOURCE_CHANGE &&
		    (event.u.src_change.changes & V4L2_EVENT_SRC_CH_RESOLUTION))
			d->source_change = true;
	}
}

/* Pictures come only once it is known what they are like. */
static int follow_source(struct v4l2_m2m_decode *d)
{
	take_events(d);
	if (!d->source_change)
		return d->raw.streaming ? 0 : -EAGAIN;
	if (d->raw.device)
		return -ESTALE;
	d->source_change = false;
	return start_pictures(d);
}

/* --- pictures --- */

static int take_picture(struct v4l2_m2m_decode *d, struct v4l2_m2m_picture *ret)
{
	struct v4l2_queue_item item;
	int r = v4l2_queue_get(&d->raw, &item);

	if (r < 0)
		return r == -EPIPE ? -ESTALE : r;
	v4l2_m2m_watch_progress(&d->watch, now(d));
	if ((item.flags & V4L2_BUF_FLAG_ERROR) || item.bytesused[0] == 0) {
		r = v4l2_queue_put(&d->raw, item.index);
		return r < 0 ? r : -EBADMSG;
	}
	d->handed_out |= UINT32_C(1) << item.index;
	*ret = (struct v4l2_m2m_picture){
		.index = item.index,
		.timestamp_us = (uint64_t)item.timestamp.tv_sec * 1000000 +
				(uint64_t)item.timestamp.tv_usec,
	};
	return 0;
}

int v4l2_m2m_decode_next(struct v4l2_m2m_decode *d, struct v4l2_m2m_picture *ret)
{
	int r = reclaim(d);

	if (r >= 0)
		r = follow_source(d);
	if (r >= 0)
		r = take_picture(d, ret);
	if (r == -EAGAIN && now(d) >= v4l2_m2m_watch_deadline(&d->watch))
		r = -ETIMEDOUT;
	update_watch(d);
	return r;
}

int v4l2_m2m_decode_release(struct v4l2_m2m_decode *d, uint32_t index)
{
	uint32_t bit = index < d->raw.count ? UINT32_C(1) << index : 0;

	if (!(d->handed_out & bit))
		return -EINVAL;
	d->handed_out &= ~bit;
	return v4l2_queue_put(&d->raw, index);
}

const struct v4l2_m2m_decode_format *v4l2_m2m_decode_format(const struct v4l2_m2m_decode *d)
{
	return d->format.fourcc ? &d->format : NULL;
}

int v4l2_m2m_decode_export(const struct v4l2_m2m_decode *d, uint32_t index, int *ret_fd)
{
	return v4l2_dmabuf_export(&d->raw, index, 0, ret_fd);
}
