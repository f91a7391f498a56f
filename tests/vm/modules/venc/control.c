// SPDX-License-Identifier: GPL-2.0-only
#include "venc.h"

static int s_ctrl(struct v4l2_ctrl *control)
{
	struct venc_ctx *ctx = container_of(control->handler, struct venc_ctx, base.controls);
	struct v4l2_m2m_ctx *m2m = ctx->base.fh.m2m_ctx;

	switch (control->id) {
	case V4L2_CID_JPEG_COMPRESSION_QUALITY:
		ctx->stream.quality = control->val;
		return 0;
	case V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME:
		ctx->force_keyframe = true;
		return 0;
	case V4L2_CID_MPEG_VIDEO_GOP_SIZE:
	case V4L2_CID_MPEG_VIDEO_BITRATE:
		if (venc_quirks.busy_controls && m2m && vb2_is_streaming(&m2m->cap_q_ctx.q))
			return -EBUSY;
		if (control->id == V4L2_CID_MPEG_VIDEO_GOP_SIZE)
			ctx->gop = control->val;
		return 0;
	default:
		return 0;
	}
}

static const struct v4l2_ctrl_ops control_ops = {.s_ctrl = s_ctrl};

static void add(struct venc_ctx *ctx, u32 id, s64 min, s64 max, s64 value)
{
	v4l2_ctrl_new_std(&ctx->base.controls, &control_ops, id, min, max, 1, value);
}

static void add_menu(struct venc_ctx *ctx, u32 id, u8 max, u64 skip, u8 value)
{
	v4l2_ctrl_new_std_menu(&ctx->base.controls, &control_ops, id, max, skip, value);
}

static bool offers(u32 fourcc)
{
	return venc_codec_of(fourcc)->fourcc == fourcc;
}

static void add_h264(struct venc_ctx *ctx)
{
	const u8 profile = V4L2_MPEG_VIDEO_H264_PROFILE_CONSTRAINED_BASELINE;

	add_menu(ctx, V4L2_CID_MPEG_VIDEO_H264_PROFILE, profile, ~(1 << profile), profile);
	add_menu(ctx, V4L2_CID_MPEG_VIDEO_H264_LEVEL, V4L2_MPEG_VIDEO_H264_LEVEL_5_1, 0,
		 V4L2_MPEG_VIDEO_H264_LEVEL_5_1);
}

static void add_hevc(struct venc_ctx *ctx)
{
	add_menu(ctx, V4L2_CID_MPEG_VIDEO_HEVC_PROFILE, V4L2_MPEG_VIDEO_HEVC_PROFILE_MAIN, 0,
		 V4L2_MPEG_VIDEO_HEVC_PROFILE_MAIN);
	add_menu(ctx, V4L2_CID_MPEG_VIDEO_HEVC_LEVEL, V4L2_MPEG_VIDEO_HEVC_LEVEL_5_1, 0,
		 V4L2_MPEG_VIDEO_HEVC_LEVEL_5_1);
	add_menu(ctx, V4L2_CID_MPEG_VIDEO_HEVC_TIER, V4L2_MPEG_VIDEO_HEVC_TIER_MAIN, 0,
		 V4L2_MPEG_VIDEO_HEVC_TIER_MAIN);
}

static void add_video(struct venc_ctx *ctx)
{
	const u8 mode = venc_quirks.headers == VENC_HEADERS_SEPARATE
				? V4L2_MPEG_VIDEO_HEADER_MODE_SEPARATE
				: V4L2_MPEG_VIDEO_HEADER_MODE_JOINED_WITH_1ST_FRAME;

	add(ctx, V4L2_CID_MPEG_VIDEO_GOP_SIZE, 1, 600, 30);
	/* Lossless as it is, it only listens. */
	add(ctx, V4L2_CID_MPEG_VIDEO_BITRATE, 32000, 100000000, 4000000);
	add(ctx, V4L2_CID_MPEG_VIDEO_B_FRAMES, 0, 0, 0);
	add_menu(ctx, V4L2_CID_MPEG_VIDEO_BITRATE_MODE, V4L2_MPEG_VIDEO_BITRATE_MODE_CBR, 0,
		 V4L2_MPEG_VIDEO_BITRATE_MODE_CBR);
	add_menu(ctx, V4L2_CID_MPEG_VIDEO_HEADER_MODE, mode, ~(1 << mode), mode);
	if (!venc_quirks.no_force_keyframe)
		add(ctx, V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME, 0, 0, 0);
	if (venc_quirks.headers == VENC_HEADERS_REPEATED)
		add(ctx, V4L2_CID_MPEG_VIDEO_REPEAT_SEQ_HEADER, 0, 1, 1);
}

int venc_controls_init(struct venc_ctx *ctx)
{
	bool h264 = offers(V4L2_PIX_FMT_H264), hevc = offers(V4L2_PIX_FMT_HEVC);
	unsigned int least = max(venc_quirks.device.min_output, 1u);

	v4l2_ctrl_handler_init(&ctx->base.controls, 16);
	add(ctx, V4L2_CID_MIN_BUFFERS_FOR_OUTPUT, least, least, least);
	if (h264 || hevc)
		add_video(ctx);
	if (h264)
		add_h264(ctx);
	if (hevc)
		add_hevc(ctx);
	if (offers(V4L2_PIX_FMT_JPEG))
		add(ctx, V4L2_CID_JPEG_COMPRESSION_QUALITY, 1, 100, 80);
	if (ctx->base.controls.error)
		return ctx->base.controls.error;
	v4l2_ctrl_handler_setup(&ctx->base.controls);
	ctx->force_keyframe = false;
	return 0;
}
