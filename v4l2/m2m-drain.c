// SPDX-License-Identifier: LGPL-2.1-or-later
/* How an encoder ends and begins anew: "Drain", "Reset" and "Encoding Parameter Changes". */
#include <errno.h>

#include "v4l2/m2m-internal.h"

#define RESTART_INTERVAL_US 1000000

static int queue_coded(struct v4l2_m2m *m2m)
{
	int r = 0;

	for (uint32_t i = 0; i < m2m->coded.count && r >= 0; i++)
		if (!m2m->coded.buffers[i].queued && !(m2m->handed_out & UINT32_C(1) << i))
			r = v4l2_queue_put(&m2m->coded, i);
	return r;
}

int m2m_stream(struct v4l2_m2m *m2m)
{
	int r = queue_coded(m2m);

	if (r < 0)
		return r;
	r = v4l2_queue_start(&m2m->raw);
	if (r < 0)
		return r;
	return v4l2_queue_start(&m2m->coded);
}

static int command(const struct v4l2_m2m *m2m, uint32_t cmd)
{
	struct v4l2_encoder_cmd argument = {.cmd = cmd};
	int r = v4l2_device_ioctl(&m2m->device, VIDIOC_ENCODER_CMD, &argument);

	/* A driver without it, or without this one. */
	return r == -ENOTTY || r == -EINVAL ? -EOPNOTSUPP : r < 0 ? r : 0;
}

int v4l2_m2m_drain(struct v4l2_m2m *m2m)
{
	int r;

	if (m2m->state == M2M_DRAINING) {
		m2m->restarting = false;
		return 0;
	}
	if (m2m->state != M2M_RUNNING)
		return -EINVAL;
	m2m->end_of_stream = false;
	r = command(m2m, V4L2_ENC_CMD_STOP);
	/* Most JPEG encoders have no command; they keep nothing that a next picture would need. */
	m2m->counted = r == -EOPNOTSUPP && m2m->format.codec == V4L2_PIX_FMT_JPEG;
	if (r < 0 && !m2m->counted)
		return r;
	m2m->state = M2M_DRAINING;
	m2m_update_watches(m2m);
	return 0;
}

static void lose_pending(struct v4l2_m2m *m2m)
{
	unsigned int lost = v4l2_m2m_pending_clear(&m2m->pending);

	m2m->lost += lost;
	m2m->counts.lost += lost;
}

/* Both queues run, and all that came before is over. */
static void begun(struct v4l2_m2m *m2m)
{
	lose_pending(m2m);
	m2m->last_seen = m2m->restarting = m2m->restart_due = m2m->keyframe_asked = m2m->holding =
		false;
	m2m->held = m2m->bare = 0;
	m2m->state = M2M_RUNNING;
	m2m->raw_watch = m2m->coded_watch = (struct v4l2_m2m_watch){};
	m2m_update_watches(m2m);
}

static void set_what_waits(struct v4l2_m2m *m2m)
{
	if (m2m->bitrate > 0 || m2m->gop > 0)
		v4l2_m2m_controls_adjust(&m2m->device, m2m->format.codec, m2m->bitrate, m2m->gop,
					 &m2m->controls);
	m2m->bitrate = m2m->gop = 0;
}

/* The coded queue alone: the raw buffers stay, and the stream begins with headers and keyframe. */
static int begin_anew(struct v4l2_m2m *m2m)
{
	int r = v4l2_queue_stop(&m2m->coded);

	if (r < 0)
		return r;
	set_what_waits(m2m);
	r = queue_coded(m2m);
	if (r >= 0)
		r = v4l2_queue_start(&m2m->coded);
	if (r < 0)
		return r;
	m2m->counts.restarts++;
	begun(m2m);
	return 0;
}

int m2m_drained(struct v4l2_m2m *m2m)
{
	if (m2m->restarting)
		return begin_anew(m2m);
	lose_pending(m2m);
	m2m->state = M2M_DRAINED;
	m2m_update_watches(m2m);
	return -EPIPE;
}

int v4l2_m2m_reset(struct v4l2_m2m *m2m)
{
	int r;

	if (m2m->state == M2M_IDLE)
		return -EINVAL;
	r = v4l2_queue_stop(&m2m->raw);
	if (r < 0)
		return r;
	r = v4l2_queue_stop(&m2m->coded);
	if (r < 0)
		return r;
	set_what_waits(m2m);
	r = m2m_stream(m2m);
	if (r < 0)
		return r;
	begun(m2m);
	return 0;
}

int m2m_restart(struct v4l2_m2m *m2m)
{
	const struct v4l2_sys *sys = m2m->device.sys;
	uint64_t now = sys->now_us(sys);
	int r;

	if (m2m->restarted_us && now < m2m->restarted_us + RESTART_INTERVAL_US)
		return -EAGAIN;
	m2m->restarted_us = now;
	r = v4l2_m2m_drain(m2m);
	/* What cannot be drained loses what is in it. */
	if (r == -EOPNOTSUPP) {
		m2m->counts.restarts++;
		return v4l2_m2m_reset(m2m);
	}
	m2m->restarting = r >= 0;
	return r;
}

void v4l2_m2m_force_keyframe(struct v4l2_m2m *m2m)
{
	m2m->keyframe_asked = true;
}

int m2m_settle_keyframe(struct v4l2_m2m *m2m)
{
	int r;

	if (!m2m->keyframe_asked || m2m->format.codec == V4L2_PIX_FMT_JPEG)
		return 0;
	if (m2m->controls.forces_keyframes && v4l2_m2m_controls_force_keyframe(&m2m->device) >= 0) {
		m2m->keyframe_asked = false;
		return 0;
	}
	r = m2m_restart(m2m);
	if (r < 0)
		return r == -EAGAIN ? 0 : r;
	/* It drains first, or has begun anew already. */
	return m2m->state == M2M_DRAINING ? -EAGAIN : 0;
}

int v4l2_m2m_adjust(struct v4l2_m2m *m2m, int32_t bitrate, int32_t gop)
{
	int r = v4l2_m2m_controls_adjust(&m2m->device, m2m->format.codec, bitrate, gop,
					 &m2m->controls);

	if (r != -EBUSY || (m2m->state != M2M_RUNNING && !m2m->restarting))
		return r;
	m2m->bitrate = bitrate;
	m2m->gop = gop;
	if (m2m->restarting)
		return 0;
	/* Not held back by the limit of one a second: settings change when somebody says so. */
	m2m->restarted_us = 0;
	return m2m_restart(m2m);
}
