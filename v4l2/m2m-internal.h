// SPDX-License-Identifier: LGPL-2.1-or-later
/* The encoder from within: m2m.c opens and starts it, m2m-drain.c ends and begins anew,
 * m2m-coded.c judges what comes out. */
#pragma once

#include "v4l2/device.h"
#include "v4l2/m2m-headers.h"
#include "v4l2/m2m-pending.h"
#include "v4l2/m2m-watch.h"
#include "v4l2/m2m.h"
#include "v4l2/queue.h"

enum m2m_state {
	M2M_IDLE,    /* before start */
	M2M_RUNNING, /* takes pictures */
	M2M_DRAINING,
	M2M_DRAINED,
};

_Static_assert(V4L2_QUEUE_BUFFERS_MAX <= 32, "a bit for each buffer");

struct v4l2_m2m {
	struct v4l2_device device;
	struct v4l2_m2m_want want;
	struct v4l2_m2m_format format;
	struct v4l2_m2m_controls controls;
	struct v4l2_m2m_counts counts;
	struct v4l2_queue raw, coded; /* the kernel's OUTPUT and CAPTURE */
	uint32_t handed_out;          /* coded buffers that the caller has: a bit an index */
	struct v4l2_m2m_pending pending;
	struct v4l2_m2m_headers headers;
	struct v4l2_m2m_watch raw_watch, coded_watch;
	enum m2m_state state;
	bool last_seen;     /* V4L2_BUF_FLAG_LAST has come */
	bool end_of_stream; /* the event */
	bool counted;       /* drained when all that was put has come, without the driver's word */
	bool restarting;    /* draining in order to begin anew */
	bool restart_due;   /* as soon as no buffer is between the queues */
	bool keyframe_asked;
	bool holding;            /* what comes cannot be decoded until a keyframe comes */
	unsigned int held, bare; /* pictures held back; keyframes without headers */
	unsigned int lost;       /* since the last picture that came out */
	int32_t bitrate, gop;    /* to be set when begun anew; 0: nothing */
	uint64_t restarted_us;
	uint8_t *joined; /* a keyframe with headers put before it */
	size_t joined_size;
};

/* After anything that changes who has which buffers. */
void m2m_update_watches(struct v4l2_m2m *m2m);

/* Collects the raw buffers that the encoder is done with. 0 or -errno. */
int m2m_reclaim(struct v4l2_m2m *m2m);

/* Takes all events. */
void m2m_take_events(struct v4l2_m2m *m2m);

int m2m_stream(struct v4l2_m2m *m2m);

/* The last coded buffer has come: 0 if it then began anew, or -EPIPE. */
int m2m_drained(struct v4l2_m2m *m2m);

/* Drains in order to begin anew, once a second at most. -EAGAIN: too early. */
int m2m_restart(struct v4l2_m2m *m2m);

/* Whatever was asked for that stands before the next picture. -EAGAIN: it drains first. */
int m2m_settle_keyframe(struct v4l2_m2m *m2m);
