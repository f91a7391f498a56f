// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session/rtsp-session.h"

#include <errno.h>

#include "base/cleanup.h"
#include "session/counters.h"
#include "session/session.h"
#include "wire/demux.h"
#include "wire/rtsp.h"

/* No CSeq can be trusted here, and where the next request starts is not known. */
static ssize_t refuse_for_good(struct session *s, const struct rtsp_request *r, unsigned status)
{
	int e = rtsp_requests_refuse(s, r, status);

	session_end_orderly(s, SESSION_DONE_PROTOCOL);
	return e < 0 ? e : (ssize_t)s->incoming_len;
}

static ssize_t handle_request(struct session *s)
{
	struct rtsp_request r;
	int e;

	switch (rtsp_request_parse(&r, s->incoming, s->incoming_len)) {
	case REQUEST_MORE:
		return 0;
	case REQUEST_REFUSED:
		if (r.size == 0)
			return refuse_for_good(s, &r, r.status);
		e = rtsp_requests_refuse(s, &r, r.status);
		break;
	default:
		e = rtsp_requests_handle(s, &r);
		break;
	}
	if (e == 0)
		return 0;
	s->alive = s->now;
	return e < 0 ? e : (ssize_t)r.size;
}

static ssize_t rtsp_input(struct session *s)
{
	struct demux_frame frame;

	switch (demux_peek(s->incoming, s->incoming_len, DEMUX_FRAME_MAX_INBOUND, &frame)) {
	case DEMUX_MORE:
		return 0;
	case DEMUX_FRAME:
		/* Receiver reports: a sign of life and nothing else. */
		s->alive = s->now;
		return (ssize_t)frame.size;
	case DEMUX_RTSP:
		return handle_request(s);
	default:
		return refuse_for_good(s, &(struct rtsp_request){}, 400);
	}
}

static int send_report(struct session *s)
{
	struct rtp_sender *sender = &s->rtsp.sender;
	int r = rtp_sender_report(sender);

	s->rtsp.report = s->now + RTSP_REPORT_USEC;
	if (r == 0)
		r = session_send(s, sender->buffer, sender->len);
	return r < 0 ? r : 1;
}

static int send_unit(struct session *s, const struct ring_unit *unit)
{
	struct h264_parameter_sets sets = lease_parameter_sets(&s->lease);
	struct rtp_sender *sender = &s->rtsp.sender;
	int r = rtp_sender_pack(sender, unit, s->rtsp.delivery.buffer, &sets);

	if (r == 0)
		r = session_send(s, sender->buffer, sender->len);
	if (r < 0)
		return r;
	counters_begin(s->lease.counters,
		       s->lease.ring.description.stream == s->lease.stream ? unit->sequence : 0,
		       outgoing_end(&s->out));
	return 1;
}

/* Which of the streams is the right one is told by how the frames go out. */
static void keep_pace(struct session *s, const struct ring_unit *unit, uint64_t late)
{
	struct pace *pace = &s->rtsp.pace;
	enum ring_stream wanted;

	if (s->rtsp.delivery.changed)
		pace_switched(pace, (enum ring_stream)s->lease.ring.description.stream, s->now);
	s->rtsp.delivery.changed = false;
	if (late)
		pace_skipped(pace, s->now);
	if (unit)
		pace_frame(pace, s->now,
			   s->now > unit->captured_monotonic ? s->now - unit->captured_monotonic
							     : 0);
	wanted = pace_wanted(pace, s->now);
	if (wanted == pace->stream || s->lease.coming.header || s->link.switching ||
	    s->now - s->rtsp.switched < 2 * SESSION_SWITCH_USEC)
		return;
	s->rtsp.switched = s->now;
	broker_link_switch(&s->link, wanted);
}

static int rtsp_deliver(struct session *s, uint64_t now)
{
	struct delivery *d = &s->rtsp.delivery;
	uint64_t late = d->late;
	struct ring_unit unit;
	int r;

	if (now >= s->rtsp.report)
		return send_report(s);
	r = delivery_next(d, now, &unit);
	if (r >= 0 && s->lease.may_switch)
		keep_pace(s, r == 1 ? &unit : NULL, d->late - late);
	if (r >= 0 && delivery_lacks_keyframe(d))
		broker_link_keyframe(&s->link, now);
	return r == 1 ? send_unit(s, &unit) : r;
}

static uint64_t rtsp_deadline(const struct session *s, uint64_t now)
{
	uint64_t again = s->link.keyframe_asked + BROKER_LINK_KEYFRAME_USEC;

	if (delivery_lacks_keyframe(&s->rtsp.delivery) && again < s->rtsp.report)
		return again;
	return s->rtsp.report;
}

static void rtsp_farewell(struct session *s)
{
	struct rtp_sender *sender = &s->rtsp.sender;

	if (s->rtsp.state == RTSP_STATE_PLAYING && rtp_sender_bye(sender) == 0)
		(void)session_send(s, sender->buffer, sender->len);
}

const struct session_ops rtsp_session_ops = {
	.input = rtsp_input,
	.deliver = rtsp_deliver,
	.deadline = rtsp_deadline,
	.farewell = rtsp_farewell,
};
