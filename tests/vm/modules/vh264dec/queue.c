// SPDX-License-Identifier: GPL-2.0-only
#include <linux/vmalloc.h>
#include <media/v4l2-event.h>
#include <media/videobuf2-vmalloc.h>

#include "vh264dec.h"

static const struct v4l2_event new_size = {
	.type = V4L2_EVENT_SOURCE_CHANGE,
	.u.src_change.changes = V4L2_EVENT_SRC_CH_RESOLUTION,
};

static void give(struct vb2_v4l2_buffer *from, struct vb2_v4l2_buffer *to, u32 bytes, int n,
		 bool keyframe)
{
	to->field = V4L2_FIELD_NONE;
	v4l2_m2m_buf_copy_metadata(from, to, false);
	to->flags &= ~(V4L2_BUF_FLAG_LAST | V4L2_BUF_FLAG_KEYFRAME | V4L2_BUF_FLAG_PFRAME |
		       V4L2_BUF_FLAG_BFRAME);
	to->flags |= keyframe ? V4L2_BUF_FLAG_KEYFRAME : V4L2_BUF_FLAG_PFRAME;
	vb2_set_plane_payload(&to->vb2_buf, 0, n > 0 ? bytes : 0);
	v4l2_m2m_buf_done(to, n > 0 ? VB2_BUF_STATE_DONE : VB2_BUF_STATE_ERROR);
}

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

static void do_unit(struct vh264dec_ctx *ctx)
{
	struct v4l2_m2m_ctx *m2m = ctx->fh.m2m_ctx;
	struct vb2_v4l2_buffer *from = v4l2_m2m_src_buf_remove(m2m), *to;
	bool keyframe = false;
	int n = decode(ctx, &from->vb2_buf, &keyframe);
	u8 *at;

	if (n) {
		to = v4l2_m2m_dst_buf_remove(m2m);
		at = vb2_plane_vaddr(&to->vb2_buf, 0);
		if (n > 0 && at)
			vh264dec_write_picture(ctx, at);
		to->sequence = ctx->sequence_raw++;
		give(from, to, vh264dec_picture_bytes(ctx), at ? n : -EFAULT, keyframe);
		ctx->pictures++;
	}
	from->sequence = ctx->sequence_coded++;
	v4l2_m2m_buf_done(from, n < 0 ? VB2_BUF_STATE_ERROR : VB2_BUF_STATE_DONE);
}

/* Whether nothing happens any more; then only an abort ends this job. */
static bool stalls(struct vh264dec_ctx *ctx)
{
	unsigned int after = READ_ONCE(vh264dec_quirks.stall_after);
	bool stalled;

	spin_lock(&ctx->device->state_lock);
	stalled = after && ctx->pictures >= after && !ctx->aborted;
	ctx->stalled = stalled;
	spin_unlock(&ctx->device->state_lock);
	return stalled;
}

void vh264dec_work(struct work_struct *work)
{
	struct vh264dec_ctx *ctx = container_of(work, struct vh264dec_ctx, work);

	if (stalls(ctx))
		return;
	do_unit(ctx);
	v4l2_m2m_job_finish(ctx->device->m2m, ctx->fh.m2m_ctx);
}

static void device_run(void *priv)
{
	struct vh264dec_ctx *ctx = priv;

	queue_work(ctx->device->queue, &ctx->work);
}

static void job_abort(void *priv)
{
	struct vh264dec_ctx *ctx = priv;
	bool stalled;

	spin_lock(&ctx->device->state_lock);
	ctx->aborted = true;
	stalled = ctx->stalled;
	ctx->stalled = false;
	spin_unlock(&ctx->device->state_lock);
	if (stalled)
		v4l2_m2m_job_finish(ctx->device->m2m, ctx->fh.m2m_ctx);
}

const struct v4l2_m2m_ops vh264dec_m2m_ops = {.device_run = device_run, .job_abort = job_abort};

static int queue_setup(struct vb2_queue *q, unsigned int *n_buffers, unsigned int *n_planes,
		       unsigned int sizes[], struct device *devices[])
{
	struct vh264dec_ctx *ctx = vb2_get_drv_priv(q);
	u32 size = V4L2_TYPE_IS_OUTPUT(q->type) ? ctx->coded_size : vh264dec_picture_bytes(ctx);

	if (*n_planes)
		return *n_planes != 1 || sizes[0] < size ? -EINVAL : 0;
	*n_planes = 1;
	sizes[0] = size;
	if (V4L2_TYPE_IS_CAPTURE(q->type))
		*n_buffers = max(*n_buffers, vh264dec_quirks.min_buffers);
	return 0;
}

static int buf_out_validate(struct vb2_buffer *buffer)
{
	to_vb2_v4l2_buffer(buffer)->field = V4L2_FIELD_NONE;
	return 0;
}

static int buf_prepare(struct vb2_buffer *buffer)
{
	struct vh264dec_ctx *ctx = vb2_get_drv_priv(buffer->vb2_queue);

	if (V4L2_TYPE_IS_OUTPUT(buffer->vb2_queue->type))
		return 0;
	return vb2_plane_size(buffer, 0) < vh264dec_picture_bytes(ctx) ? -EINVAL : 0;
}

/* The size is read as soon as it comes: nothing is decoded before there are buffers for it. */
static void buf_queue(struct vb2_buffer *vb)
{
	struct vh264dec_ctx *ctx = vb2_get_drv_priv(vb->vb2_queue);
	const u8 *data = vb2_plane_vaddr(vb, 0);
	struct vh264dec_size size;

	if (V4L2_TYPE_IS_OUTPUT(vb->vb2_queue->type) && data &&
	    vh264dec_read_size(data, vb2_get_plane_payload(vb, 0), &size) > 0 &&
	    (!ctx->known || memcmp(&size, &ctx->size, sizeof(size)))) {
		if (!vb2_is_busy(&ctx->fh.m2m_ctx->cap_q_ctx.q)) {
			ctx->size = size;
			ctx->known = true;
		}
		v4l2_event_queue_fh(&ctx->fh, &new_size);
	}
	v4l2_m2m_buf_queue(ctx->fh.m2m_ctx, to_vb2_v4l2_buffer(vb));
}

static void return_all(struct vb2_queue *q, enum vb2_buffer_state state)
{
	struct vh264dec_ctx *ctx = vb2_get_drv_priv(q);
	struct vb2_v4l2_buffer *buffer;

	for (;;) {
		buffer = V4L2_TYPE_IS_OUTPUT(q->type) ? v4l2_m2m_src_buf_remove(ctx->fh.m2m_ctx)
						      : v4l2_m2m_dst_buf_remove(ctx->fh.m2m_ctx);
		if (!buffer)
			return;
		v4l2_m2m_buf_done(buffer, state);
	}
}

static int start_streaming(struct vb2_queue *q, unsigned int count)
{
	struct vh264dec_ctx *ctx = vb2_get_drv_priv(q);

	ctx->aborted = false;
	if (V4L2_TYPE_IS_OUTPUT(q->type)) {
		ctx->sequence_coded = 0;
		return 0;
	}
	vfree(ctx->reference);
	ctx->reference = vzalloc(ctx->size.width * ctx->size.height * 3 / 2);
	ctx->has_picture = false;
	ctx->sequence_raw = ctx->pictures = 0;
	if (ctx->reference)
		return 0;
	return_all(q, VB2_BUF_STATE_QUEUED);
	return -ENOMEM;
}

static void stop_streaming(struct vb2_queue *q)
{
	return_all(q, VB2_BUF_STATE_ERROR);
}

static const struct vb2_ops queue_ops = {
	.queue_setup = queue_setup,
	.buf_out_validate = buf_out_validate,
	.buf_prepare = buf_prepare,
	.buf_queue = buf_queue,
	.start_streaming = start_streaming,
	.stop_streaming = stop_streaming,
	.wait_prepare = vb2_ops_wait_prepare,
	.wait_finish = vb2_ops_wait_finish,
};

static int init_one(struct vh264dec_ctx *ctx, struct vb2_queue *q, u32 type)
{
	q->type = type;
	q->io_modes = VB2_MMAP | VB2_DMABUF;
	q->drv_priv = ctx;
	q->buf_struct_size = sizeof(struct v4l2_m2m_buffer);
	q->ops = &queue_ops;
	q->mem_ops = &vb2_vmalloc_memops;
	q->timestamp_flags = V4L2_BUF_FLAG_TIMESTAMP_COPY;
	q->lock = &ctx->device->lock;
	return vb2_queue_init(q);
}

int vh264dec_queue_init(void *priv, struct vb2_queue *coded, struct vb2_queue *raw)
{
	int r = init_one(priv, coded, V4L2_BUF_TYPE_VIDEO_OUTPUT);

	return r ? r : init_one(priv, raw, V4L2_BUF_TYPE_VIDEO_CAPTURE);
}
