// SPDX-License-Identifier: GPL-2.0-only
#include <linux/vmalloc.h>
#include <media/v4l2-event.h>

#include "vh264dec.h"

static const struct v4l2_event new_size = {
	.type = V4L2_EVENT_SOURCE_CHANGE,
	.u.src_change.changes = V4L2_EVENT_SRC_CH_RESOLUTION,
};

/* What begins a stream of another size is for buffers that are not there. */
static int decode(struct vh264dec_ctx *ctx, struct vb2_buffer *from, bool *keyframe)
{
	const u8 *data = vb2_plane_vaddr(from, 0);
	u32 len = vb2_get_plane_payload(from, 0);
	struct vh264dec_size size;
	int r = data ? vh264dec_read_size(data, len, &size) : -EFAULT;

	if (r > 0 && memcmp(&size, &ctx->size, sizeof(size)))
		r = -EBADMSG;
	return r < 0 ? r : vh264dec_decode(ctx, data, len, keyframe);
}

void vh264dec_run(struct m2m_ctx *base)
{
	struct vh264dec_ctx *ctx = container_of(base, struct vh264dec_ctx, base);
	struct vb2_v4l2_buffer *from = v4l2_m2m_next_src_buf(base->fh.m2m_ctx);
	struct vb2_v4l2_buffer *to = v4l2_m2m_next_dst_buf(base->fh.m2m_ctx);
	u8 *at = vb2_plane_vaddr(&to->vb2_buf, 0);
	bool keyframe = false;
	int n = at ? decode(ctx, &from->vb2_buf, &keyframe) : -EFAULT;

	if (n > 0) {
		vh264dec_write_picture(ctx, at);
		n = vh264dec_picture_bytes(ctx);
	}
	base->pictures += n != 0;
	m2m_done(base, n != 0, n, keyframe ? V4L2_BUF_FLAG_KEYFRAME : V4L2_BUF_FLAG_PFRAME);
}

/* The size is read as soon as it comes: nothing is decoded before there are buffers for it. */
void vh264dec_queued(struct m2m_ctx *base, struct vb2_v4l2_buffer *coded)
{
	struct vh264dec_ctx *ctx = container_of(base, struct vh264dec_ctx, base);
	const u8 *data = vb2_plane_vaddr(&coded->vb2_buf, 0);
	u32 len = vb2_get_plane_payload(&coded->vb2_buf, 0);
	struct vh264dec_size size;

	if (!data || vh264dec_read_size(data, len, &size) <= 0 ||
	    (ctx->known && memcmp(&size, &ctx->size, sizeof(size)) == 0))
		return;
	if (!vb2_is_busy(&base->fh.m2m_ctx->cap_q_ctx.q)) {
		ctx->size = size;
		ctx->known = true;
	}
	v4l2_event_queue_fh(&base->fh, &new_size);
}

int vh264dec_start(struct m2m_ctx *base, u32 type)
{
	struct vh264dec_ctx *ctx = container_of(base, struct vh264dec_ctx, base);

	if (V4L2_TYPE_IS_OUTPUT(type))
		return 0;
	vfree(ctx->reference);
	ctx->reference = vzalloc(ctx->size.width * ctx->size.height * 3 / 2);
	ctx->has_picture = false;
	base->pictures = 0;
	return ctx->reference ? 0 : -ENOMEM;
}
