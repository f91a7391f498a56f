// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/m2m-controls.h"

#include <errno.h>
#include <linux/v4l2-controls.h>

#include "base/cleanup.h"
#include "v4l2/controls.h"
#include "v4l2/device.h"

static int set(const struct v4l2_device *device, struct v4l2_m2m_controls *controls, uint32_t id,
	       int32_t value)
{
	struct v4l2_m2m_note note = {.id = id, .asked = value};

	note.error = v4l2_controls_set_told(device, id, value, &note.taken);
	if (controls->n_notes < ARRAY_SIZE(controls->notes))
		controls->notes[controls->n_notes++] = note;
	return note.error;
}

static bool is_video(uint32_t codec)
{
	return codec == V4L2_PIX_FMT_H264 || codec == V4L2_PIX_FMT_HEVC;
}

/* GOP_SIZE counts from keyframe to keyframe; some H.264 encoders know the other control only. */
static int set_gop(const struct v4l2_device *device, struct v4l2_m2m_controls *controls,
		   uint32_t codec, int32_t gop)
{
	int r = set(device, controls, V4L2_CID_MPEG_VIDEO_GOP_SIZE, gop);

	if (r == -ENOTTY && codec == V4L2_PIX_FMT_H264)
		r = set(device, controls, V4L2_CID_MPEG_VIDEO_H264_I_PERIOD, gop);
	return r;
}

/* The documented default is two B frames; what is not there cannot reorder. */
static int forbid_reordering(const struct v4l2_device *device, struct v4l2_m2m_controls *controls)
{
	const struct v4l2_m2m_note *note = &controls->notes[controls->n_notes];
	int32_t value;
	int r = set(device, controls, V4L2_CID_MPEG_VIDEO_B_FRAMES, 0);

	if (r >= 0)
		return note->taken > 0 ? -EOPNOTSUPP : 0;
	r = v4l2_controls_get(device, V4L2_CID_MPEG_VIDEO_B_FRAMES, &value);
	return r >= 0 && value > 0 ? -EOPNOTSUPP : 0;
}

/* Ways to have headers with each keyframe. Not all that is accepted is kept: see m2m-headers.h. */
static void ask_for_headers(const struct v4l2_device *device, struct v4l2_m2m_controls *controls)
{
	set(device, controls, V4L2_CID_MPEG_VIDEO_HEADER_MODE,
	    V4L2_MPEG_VIDEO_HEADER_MODE_JOINED_WITH_1ST_FRAME);
	set(device, controls, V4L2_CID_MPEG_VIDEO_PREPEND_SPSPPS_TO_IDR, 1);
	set(device, controls, V4L2_CID_MPEG_VIDEO_REPEAT_SEQ_HEADER, 1);
}

static unsigned int least(const struct v4l2_device *device, uint32_t id)
{
	int32_t value;

	if (v4l2_controls_get(device, id, &value) < 0 || value < 1)
		return 1;
	return (unsigned int)value;
}

static bool has(const struct v4l2_device *device, uint32_t id)
{
	struct v4l2_query_ext_ctrl range = {.id = id};

	return v4l2_device_ioctl(device, VIDIOC_QUERY_EXT_CTRL, &range) >= 0 &&
	       !(range.flags & V4L2_CTRL_FLAG_DISABLED);
}

static void set_rate(const struct v4l2_device *device, const struct v4l2_m2m_want *want,
		     struct v4l2_m2m_controls *controls)
{
	if (want->bitrate > 0) {
		set(device, controls, V4L2_CID_MPEG_VIDEO_FRAME_RC_ENABLE, 1);
		set(device, controls, V4L2_CID_MPEG_VIDEO_BITRATE_MODE,
		    V4L2_MPEG_VIDEO_BITRATE_MODE_CBR);
		set(device, controls, V4L2_CID_MPEG_VIDEO_BITRATE, want->bitrate);
	}
	if (want->gop > 0)
		set_gop(device, controls, want->codec, want->gop);
}

int v4l2_m2m_controls_set(const struct v4l2_device *device, const struct v4l2_m2m_want *want,
			  struct v4l2_m2m_controls *ret)
{
	int r;

	*ret = (struct v4l2_m2m_controls){
		.least_raw = least(device, V4L2_CID_MIN_BUFFERS_FOR_OUTPUT),
		.least_coded = least(device, V4L2_CID_MIN_BUFFERS_FOR_CAPTURE),
	};
	if (want->codec == V4L2_PIX_FMT_JPEG) {
		if (want->quality > 0)
			set(device, ret, V4L2_CID_JPEG_COMPRESSION_QUALITY, want->quality);
		return 0;
	}
	ret->forces_keyframes = has(device, V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME);
	if (is_video(want->codec)) {
		r = forbid_reordering(device, ret);
		if (r < 0)
			return r;
		ask_for_headers(device, ret);
	}
	set_rate(device, want, ret);
	return 0;
}

int v4l2_m2m_controls_adjust(const struct v4l2_device *device, uint32_t codec, int32_t bitrate,
			     int32_t gop, struct v4l2_m2m_controls *ret)
{
	bool busy = false;

	ret->n_notes = 0;
	if (bitrate > 0)
		busy |= set(device, ret, V4L2_CID_MPEG_VIDEO_BITRATE, bitrate) == -EBUSY;
	if (gop > 0)
		busy |= set_gop(device, ret, codec, gop) == -EBUSY;
	return busy ? -EBUSY : 0;
}

int v4l2_m2m_controls_force_keyframe(const struct v4l2_device *device)
{
	return v4l2_controls_set(device, V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME, 1);
}
