// SPDX-License-Identifier: LGPL-2.1-or-later
/* What comes out of an encoder, judged: which picture it is, and whether it can be decoded. */
#include <errno.h>
#include <stdlib.h>

#include "v4l2/m2m-internal.h"

/* Pictures held back for want of a keyframe before the encoder is made to begin anew. */
#define HELD_MAX 30

/* Keyframes in a row without headers: none will come. */
#define BARE_MAX 3

/* Whoever decodes this stream has lost track: nothing more until a keyframe. */
static void hold(struct v4l2_m2m *m2m)
{
	m2m->held = 0;
	m2m->holding = m2m->format.codec != V4L2_PIX_FMT_JPEG;
	m2m->keyframe_asked = true;
}

static void count_lost(struct v4l2_m2m *m2m, unsigned int lost)
{
	m2m->lost += lost;
	m2m->counts.lost += lost;
}

/* Faulty, or a picture that nobody waits for: others may refer to it. */
static void count_broken(struct v4l2_m2m *m2m, const struct v4l2_queue_item *item)
{
	uint64_t timestamp, key = (uint64_t)item->timestamp.tv_sec * 1000000 +
				  (uint64_t)item->timestamp.tv_usec;
	unsigned int lost;

	m2m->counts.faulty++;
	if (v4l2_m2m_pending_take(&m2m->pending, key, &timestamp, &lost) >= 0)
		count_lost(m2m, lost + 1);
	hold(m2m);
}

static int join_headers(struct v4l2_m2m *m2m, const struct v4l2_queue_item *item, size_t headers_at,
			struct v4l2_m2m_coded *ret)
{
	size_t size = m2m->headers.size + item->bytesused[0];
	uint8_t *joined;

	if (size > m2m->joined_size) {
		joined = realloc(m2m->joined, size);
		if (!joined)
			return -ENOMEM;
		m2m->joined = joined;
		m2m->joined_size = size;
	}
	ret->size = v4l2_m2m_headers_join(&m2m->headers, item->data[0], item->bytesused[0],
					  headers_at, m2m->joined);
	ret->data = m2m->joined;
	return 0;
}

/* A picture in order. 1: it is *ret; 0: held back. */
static int deliver(struct v4l2_m2m *m2m, const struct v4l2_queue_item *item,
		   const struct v4l2_m2m_judgement *judgement, uint64_t timestamp,
		   struct v4l2_m2m_coded *ret)
{
	bool keyframe = judgement->content == V4L2_M2M_KEYFRAME;
	int r;

	if (keyframe && !judgement->complete && m2m->headers.size == 0) {
		count_lost(m2m, 1);
		hold(m2m);
		return ++m2m->bare < BARE_MAX ? 0 : -EPROTO;
	}
	if (m2m->holding && !keyframe) {
		count_lost(m2m, 1);
		/* It was asked for one, and does not do it. */
		m2m->restart_due = ++m2m->held % HELD_MAX == 0;
		return 0;
	}
	*ret = (struct v4l2_m2m_coded){
		.data = item->data[0],
		.size = item->bytesused[0],
		.keyframe = keyframe,
		.timestamp_us = timestamp,
		.index = item->index,
	};
	if (keyframe && !judgement->complete) {
		r = join_headers(m2m, item, judgement->headers_at, ret);
		if (r < 0)
			return r;
	}
	if (keyframe)
		m2m->holding = false;
	ret->lost_before = m2m->lost;
	m2m->lost = 0;
	m2m->counts.coded++;
	m2m->handed_out |= UINT32_C(1) << item->index;
	return 1;
}

/* 1: *ret is for the caller; 0: not for anybody; or -errno. */
static int judge(struct v4l2_m2m *m2m, const struct v4l2_queue_item *item,
		 struct v4l2_m2m_coded *ret)
{
	uint64_t timestamp, key = (uint64_t)item->timestamp.tv_sec * 1000000 +
				  (uint64_t)item->timestamp.tv_usec;
	struct v4l2_m2m_judgement judgement;
	unsigned int lost;

	if (item->flags & V4L2_BUF_FLAG_ERROR) {
		count_broken(m2m, item);
		return 0;
	}
	judgement = v4l2_m2m_headers_judge(&m2m->headers, item->data[0], item->bytesused[0],
					   item->flags);
	if (judgement.content == V4L2_M2M_EMPTY || judgement.content == V4L2_M2M_HEADERS)
		return 0;
	if (v4l2_m2m_pending_take(&m2m->pending, key, &timestamp, &lost) < 0) {
		m2m->counts.strays++;
		hold(m2m);
		return 0;
	}
	count_lost(m2m, lost);
	return deliver(m2m, item, &judgement, timestamp, ret);
}

/* Nothing comes: is that the end, a stall, or only not yet? */
static int judge_silence(struct v4l2_m2m *m2m)
{
	const struct v4l2_sys *sys = m2m->device.sys;

	if (m2m->state == M2M_DRAINING && m2m->counted && m2m->pending.count == 0 &&
	    m2m->raw.queued == 0)
		return m2m_drained(m2m);
	if (sys->now_us(sys) < v4l2_m2m_deadline(m2m))
		return -EAGAIN;
	/* Drivers without the flag that marks the last buffer. */
	if (m2m->state == M2M_DRAINING && m2m->end_of_stream && m2m->raw.queued == 0)
		return m2m_drained(m2m);
	return -ETIMEDOUT;
}

/* One buffer: 1 for the caller, 0 go on, or -errno. */
static int take_one(struct v4l2_m2m *m2m, struct v4l2_m2m_coded *ret)
{
	const struct v4l2_sys *sys = m2m->device.sys;
	struct v4l2_queue_item item;
	int r, q;

	if (m2m->last_seen)
		return m2m_drained(m2m);
	r = v4l2_queue_get(&m2m->coded, &item);
	if (r == -EPIPE && m2m->state == M2M_DRAINING)
		return m2m_drained(m2m);
	if (r == -EAGAIN)
		return judge_silence(m2m);
	if (r < 0)
		return r == -EPIPE ? -EIO : r;
	v4l2_m2m_watch_progress(&m2m->coded_watch, sys->now_us(sys));
	if ((item.flags & V4L2_BUF_FLAG_LAST) && m2m->state == M2M_DRAINING)
		m2m->last_seen = true;
	r = judge(m2m, &item, ret);
	if (r == 1)
		return 1;
	q = v4l2_queue_put(&m2m->coded, item.index);
	if (r < 0 || q < 0)
		return r < 0 ? r : q;
	if (m2m->restart_due && m2m->state == M2M_RUNNING) {
		m2m->restart_due = false;
		r = m2m_restart(m2m);
	}
	return r == -EAGAIN ? 0 : r;
}

int v4l2_m2m_next(struct v4l2_m2m *m2m, struct v4l2_m2m_coded *ret)
{
	int r;

	if (m2m->state == M2M_IDLE)
		return -EINVAL;
	if (m2m->state == M2M_DRAINED)
		return -EPIPE;
	m2m_take_events(m2m);
	r = m2m_reclaim(m2m);
	/* Once round the buffers at most: an encoder that gives only faulty ones does not hold us.
	 */
	for (unsigned int i = 0; i <= m2m->coded.count && r == 0; i++)
		r = take_one(m2m, ret);
	m2m_update_watches(m2m);
	if (r == 1)
		return 0;
	return r == 0 ? -EAGAIN : r;
}

int v4l2_m2m_release(struct v4l2_m2m *m2m, struct v4l2_m2m_coded *coded)
{
	uint32_t index = coded->index;
	int r;

	if (!coded->data || !(m2m->handed_out & UINT32_C(1) << index))
		return -EINVAL;
	*coded = (struct v4l2_m2m_coded){};
	m2m->handed_out &= ~(UINT32_C(1) << index);
	r = v4l2_queue_put(&m2m->coded, index);
	m2m_update_watches(m2m);
	return r;
}
