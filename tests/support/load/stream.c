// SPDX-License-Identifier: LGPL-2.1-or-later
#include "load/stream.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "wire/demux.h"
#include "wire/h264.h"
#include "wire/rtcp.h"

/* Touched only as far as the largest access unit reaches. */
#define ACCESS_UNIT_MAX (2u << 20)
#define FU_A            28
#define FU_START        0x80

int stream_init(struct stream *s)
{
	uint8_t *buffer = malloc(ACCESS_UNIT_MAX);

	if (!buffer)
		return -ENOMEM;
	*s = (struct stream){0};
	rtp_h264_depay_init(&s->depay, buffer, ACCESS_UNIT_MAX);
	return 0;
}

void stream_done(struct stream *s)
{
	free(s->depay.out);
	free(s->delays);
	*s = (struct stream){0};
}

/* From the packet's own bytes: looking through the access unit for it would cost more than all
 * else that is done here. */
static bool opens_idr(struct slice payload)
{
	unsigned type = h264_nal_type(payload);

	if (type == FU_A && payload.len > 1 && (payload.data[1] & FU_START))
		type = payload.data[1] & 0x1f;
	return type == H264_NAL_IDR;
}

static void record_delay(struct stream *s, double delay)
{
	if (s->n_delays == s->size_delays) {
		uint32_t size = s->size_delays ? 2 * s->size_delays : 1024;
		float *delays = reallocarray(s->delays, size, sizeof(*delays));

		if (!delays)
			abort();
		s->delays = delays;
		s->size_delays = size;
	}
	s->delays[s->n_delays++] = (float)delay;
}

static void time_unit(struct stream *s, uint64_t now)
{
	int32_t ticks;
	double delay;

	if (now < s->measure_from)
		return;
	if (!s->timed) {
		s->timed = true;
		s->base_arrival = now;
		s->base_timestamp = s->depay.order.timestamp;
	}
	/* 31 bits of 90 kHz: good for six hours. */
	ticks = (int32_t)(s->depay.order.timestamp - s->base_timestamp);
	delay = (double)(now - s->base_arrival) - ticks * 1e6 / RTP_CLOCK;
	if (s->n_delays > 0)
		s->jitter += (fabs(delay - s->last_delay) - s->jitter) / 16;
	s->last_delay = delay;
	record_delay(s, delay);
}

static void finish_unit(struct stream *s, uint64_t now)
{
	if (s->units > 0 && (int32_t)(s->depay.order.timestamp - s->last_timestamp) <= 0)
		s->not_rising++;
	s->last_timestamp = s->depay.order.timestamp;
	s->units++;
	if (s->sizes)
		fprintf(s->sizes, "%llu\n", (unsigned long long)s->unit_bytes);
	s->unit_bytes = 0;
	if (s->keyframe) {
		s->keyframes++;
		if (s->first_keyframe == 0)
			s->first_keyframe = now;
	}
	s->keyframe = false;
	time_unit(s, now);
}

static void push_rtcp(struct stream *s, struct slice payload)
{
	struct rtcp_summary summary;

	if (rtcp_parse(&summary, payload) < 0)
		s->malformed++;
	else
		s->rtcp++;
}

void stream_push(struct stream *s, uint8_t channel, struct slice payload, uint64_t now)
{
	struct rtp_packet packet;
	int r;

	s->bytes += DEMUX_FRAME_HEADER + payload.len;
	if (channel != 0) {
		push_rtcp(s, payload);
		return;
	}
	s->unit_bytes += DEMUX_FRAME_HEADER + payload.len;
	r = rtp_parse(&packet, payload);
	if (r == 0 && packet.payload.len > 0 && opens_idr(packet.payload))
		s->keyframe = true;
	if (r == 0)
		r = rtp_h264_depay_push(&s->depay, &packet);
	if (r == -EILSEQ)
		s->out_of_sequence++;
	else if (r < 0)
		s->malformed++;
	if (r < 0)
		s->keyframe = false;
	if (r == 1)
		finish_unit(s, now);
}

void stream_finish(struct stream *s)
{
	float least = INFINITY;

	for (uint32_t i = 0; i < s->n_delays; i++)
		least = fminf(least, s->delays[i]);
	for (uint32_t i = 0; i < s->n_delays; i++)
		s->delays[i] -= least;
}
