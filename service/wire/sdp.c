// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/sdp.h"

#include <inttypes.h>

#include "wire/base64.h"
#include "wire/h264.h"
#include "wire/rtp.h"

#define SPS_PROFILE_LEVEL 4 /* header, profile, constraints, level */
#define MILLI             1000

static bool is_complete(const struct sdp_video *v)
{
	return v->sps.len >= SPS_PROFILE_LEVEL && h264_nal_type(v->sps) == H264_NAL_SPS &&
	       v->pps.len > 0 && h264_nal_type(v->pps) == H264_NAL_PPS;
}

/* A decimal fraction where it is none: 29.970 (RFC 8866 section 6.13). */
static void write_frame_rate(struct writer *w, uint32_t num, uint32_t den)
{
	uint64_t milli = (uint64_t)num * MILLI / den;

	writer_printf(w, "a=framerate:%" PRIu64, milli / MILLI);
	if (milli % MILLI)
		writer_printf(w, ".%03" PRIu64, milli % MILLI);
	writer_text(w, "\r\n");
}

static void write_h264(struct writer *w, const struct sdp_video *v)
{
	if (!is_complete(v)) {
		w->failed = true;
		return;
	}
	writer_printf(w,
		      "a=rtpmap:%u H264/%u\r\n"
		      "a=fmtp:%u packetization-mode=1;profile-level-id=%02X%02X%02X;"
		      "sprop-parameter-sets=",
		      v->payload_type, RTP_CLOCK, v->payload_type, v->sps.data[1], v->sps.data[2],
		      v->sps.data[3]);
	base64_write(w, v->sps);
	writer_text(w, ",");
	base64_write(w, v->pps);
	writer_text(w, "\r\n");
}

static void write_jpeg(struct writer *w, const struct sdp_video *v)
{
	writer_printf(w, "a=rtpmap:%u JPEG/%u\r\n", v->payload_type, RTP_CLOCK);
	if (v->fps_num && v->fps_den)
		write_frame_rate(w, v->fps_num, v->fps_den);
}

void sdp_write(struct writer *w, const struct sdp_video *v)
{
	writer_printf(w,
		      "v=0\r\n"
		      "o=- %" PRIu64 " 1 IN IP4 0.0.0.0\r\n"
		      "s=%s\r\n"
		      "c=IN IP4 0.0.0.0\r\n"
		      "t=0 0\r\n"
		      "a=control:*\r\n"
		      "a=range:npt=now-\r\n"
		      "m=video 0 RTP/AVP %u\r\n",
		      v->session_id, v->camera, v->payload_type);
	if (v->payload_type == RTP_PAYLOAD_JPEG)
		write_jpeg(w, v);
	else
		write_h264(w, v);
	writer_text(w, "a=control:" SDP_CONTROL "\r\n");
}
