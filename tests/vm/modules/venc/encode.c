// SPDX-License-Identifier: GPL-2.0-only
#include "venc.h"

static bool due(unsigned int every, u32 picture)
{
	return every && picture % every == every - 1;
}

/* Encodes into the coded buffer. Bytes, or -errno; the reference moves on either way. */
static int encode(struct venc_ctx *ctx, struct vb2_buffer *from, struct vb2_buffer *to,
		  bool keyframe)
{
	u8 *at = vb2_plane_vaddr(to, 0);
	u32 room = vb2_plane_size(to, 0);
	struct venc_picture picture;
	int headers = 0, n;

	if (!at || !m2m_maps(from))
		return -EFAULT;
	if (ctx->codec->headers && keyframe &&
	    (ctx->headers_due || venc_quirks.headers == VENC_HEADERS_REPEATED)) {
		headers = ctx->codec->headers(&ctx->stream, at, room);
		if (headers < 0)
			return headers;
		ctx->headers_due = false;
	}
	venc_format_picture(ctx, from, &picture);
	n = ctx->codec->picture(&ctx->stream, &picture, keyframe, at + headers, room - headers);
	return n < 0 ? n : headers + n;
}

/* Headers in a buffer of their own, before the first picture, which stays where it is. */
static void give_headers(struct venc_ctx *ctx, struct vb2_v4l2_buffer *to)
{
	void *at = vb2_plane_vaddr(&to->vb2_buf, 0);
	int n = at ? ctx->codec->headers(&ctx->stream, at, vb2_plane_size(&to->vb2_buf, 0))
		   : -EFAULT;

	ctx->headers_due = false;
	to->sequence = ctx->base.sequence[1]++;
	to->field = V4L2_FIELD_NONE;
	to->flags &= ~(V4L2_BUF_FLAG_LAST | V4L2_BUF_FLAG_KEYFRAME | V4L2_BUF_FLAG_PFRAME);
	to->vb2_buf.timestamp = v4l2_m2m_next_src_buf(ctx->base.fh.m2m_ctx)->vb2_buf.timestamp;
	vb2_set_plane_payload(&to->vb2_buf, 0, max(n, 0));
	v4l2_m2m_buf_done(to, n > 0 ? VB2_BUF_STATE_DONE : VB2_BUF_STATE_ERROR);
}

static void do_picture(struct venc_ctx *ctx)
{
	struct v4l2_m2m_ctx *m2m = ctx->base.fh.m2m_ctx;
	struct vb2_v4l2_buffer *from = v4l2_m2m_next_src_buf(m2m);
	struct vb2_v4l2_buffer *to = v4l2_m2m_next_dst_buf(m2m);
	u32 picture = ctx->base.pictures++;
	bool dropped = due(venc_quirks.drop_every, picture), keyframe;
	int n = 0;

	keyframe =
		!ctx->codec->headers || ctx->gop_at == 0 || (from->flags & V4L2_BUF_FLAG_KEYFRAME);
	if (!dropped) {
		n = encode(ctx, &from->vb2_buf, &to->vb2_buf, keyframe);
		ctx->gop_at = keyframe ? 1 : ctx->gop_at + 1;
		ctx->gop_at = ctx->gop_at < ctx->gop ? ctx->gop_at : 0;
		if (due(venc_quirks.fail_every, picture))
			n = -EIO;
	}
	m2m_done(&ctx->base, !dropped, n, keyframe ? V4L2_BUF_FLAG_KEYFRAME : V4L2_BUF_FLAG_PFRAME);
}

void venc_run(struct m2m_ctx *base)
{
	struct venc_ctx *ctx = container_of(base, struct venc_ctx, base);

	if (ctx->codec->headers && ctx->headers_due && venc_quirks.headers == VENC_HEADERS_SEPARATE)
		give_headers(ctx, v4l2_m2m_dst_buf_remove(base->fh.m2m_ctx));
	else
		do_picture(ctx);
}

void venc_queued(struct m2m_ctx *base, struct vb2_v4l2_buffer *raw)
{
	struct venc_ctx *ctx = container_of(base, struct venc_ctx, base);

	raw->flags &= ~V4L2_BUF_FLAG_KEYFRAME;
	if (ctx->force_keyframe)
		raw->flags |= V4L2_BUF_FLAG_KEYFRAME;
	ctx->force_keyframe = false;
}

/* Whichever queue starts, the stream begins anew. */
int venc_start(struct m2m_ctx *base, u32 type)
{
	struct venc_ctx *ctx = container_of(base, struct venc_ctx, base);

	ctx->gop_at = 0;
	ctx->headers_due = true;
	if (V4L2_TYPE_IS_CAPTURE(type))
		return 0;
	if (!venc_quirks.stall_hard)
		base->pictures = 0;
	return venc_stream_begin(&ctx->stream, ctx->crop.width, ctx->crop.height);
}
