// SPDX-License-Identifier: GPL-2.0-only
#include <linux/jiffies.h>
#include <linux/module.h>
#include <media/v4l2-event.h>
#include <media/videobuf2-vmalloc.h>

#include "m2m-device.h"

#define FRAME_FLAGS \
	(V4L2_BUF_FLAG_LAST | V4L2_BUF_FLAG_KEYFRAME | V4L2_BUF_FLAG_PFRAME | V4L2_BUF_FLAG_BFRAME)

static const struct v4l2_event end_of_stream = {.type = V4L2_EVENT_EOS};

static const struct m2m_kind *kind_of(const struct m2m_ctx *ctx)
{
	return ctx->device->kind;
}

static unsigned int sizes_of(const struct m2m_ctx *ctx, u32 type, u32 ret[M2M_PLANES_MAX])
{
	return kind_of(ctx)->sizes(ctx, type, ret);
}

bool m2m_maps(struct vb2_buffer *buffer)
{
	unsigned int i;

	for (i = 0; i < buffer->num_planes; i++)
		if (!vb2_plane_vaddr(buffer, i))
			return false;
	return true;
}
EXPORT_SYMBOL_GPL(m2m_maps);

static void give(struct m2m_ctx *ctx, struct vb2_v4l2_buffer *from, struct vb2_v4l2_buffer *to,
		 int n, u32 flags)
{
	u32 sizes[M2M_PLANES_MAX];
	unsigned int planes = sizes_of(ctx, to->vb2_buf.type, sizes), i;

	to->sequence = ctx->sequence[1]++;
	to->field = V4L2_FIELD_NONE;
	v4l2_m2m_buf_copy_metadata(from, to, false);
	to->flags = (to->flags & ~FRAME_FLAGS) | flags;
	vb2_set_plane_payload(&to->vb2_buf, 0, max(n, 0));
	for (i = 1; i < planes; i++)
		vb2_set_plane_payload(&to->vb2_buf, i, n > 0 ? sizes[i] : 0);
	v4l2_m2m_buf_done(to, n < 0 ? VB2_BUF_STATE_ERROR : VB2_BUF_STATE_DONE);
}

void m2m_done(struct m2m_ctx *ctx, bool given, int n, u32 flags)
{
	struct v4l2_m2m_ctx *m2m = ctx->fh.m2m_ctx;
	struct vb2_v4l2_buffer *from;
	bool last;

	spin_lock(&ctx->device->state_lock);
	/* It was in its queue while it was worked on: a drain that begins now must see it. */
	from = v4l2_m2m_src_buf_remove(m2m);
	last = v4l2_m2m_is_last_draining_src_buf(m2m, from);
	/* Before the buffer: who sees the last one finds the event there, and may begin anew. */
	if (last) {
		v4l2_m2m_mark_stopped(m2m);
		v4l2_event_queue_fh(&ctx->fh, &end_of_stream);
	}
	if (n <= 0)
		flags = 0;
	if (given || last)
		give(ctx, from, v4l2_m2m_dst_buf_remove(m2m), n,
		     flags | (last ? V4L2_BUF_FLAG_LAST : 0));
	from->sequence = ctx->sequence[0]++;
	from->flags &= ~FRAME_FLAGS;
	v4l2_m2m_buf_done(from, n < 0 ? VB2_BUF_STATE_ERROR : VB2_BUF_STATE_DONE);
	spin_unlock(&ctx->device->state_lock);
}
EXPORT_SYMBOL_GPL(m2m_done);

/* Whether nothing happens any more; then only an abort ends this job. */
static bool stalls(struct m2m_ctx *ctx)
{
	unsigned int after = READ_ONCE(kind_of(ctx)->quirks->stall_after);
	bool stalled;

	spin_lock(&ctx->device->state_lock);
	stalled = after && ctx->pictures >= after && !ctx->aborted;
	ctx->stalled = stalled;
	spin_unlock(&ctx->device->state_lock);
	return stalled;
}

void m2m_work(struct work_struct *work)
{
	struct m2m_ctx *ctx = container_of(to_delayed_work(work), struct m2m_ctx, work);

	if (stalls(ctx))
		return;
	kind_of(ctx)->run(ctx);
	v4l2_m2m_job_finish(ctx->device->m2m, ctx->fh.m2m_ctx);
}

static void device_run(void *priv)
{
	struct m2m_ctx *ctx = priv;
	unsigned int delay = READ_ONCE(kind_of(ctx)->quirks->delay_ms);

	queue_delayed_work(ctx->device->queue, &ctx->work, msecs_to_jiffies(delay));
}

static void job_abort(void *priv)
{
	struct m2m_ctx *ctx = priv;
	bool stalled;

	spin_lock(&ctx->device->state_lock);
	ctx->aborted = true;
	stalled = ctx->stalled;
	ctx->stalled = false;
	spin_unlock(&ctx->device->state_lock);
	if (stalled)
		v4l2_m2m_job_finish(ctx->device->m2m, ctx->fh.m2m_ctx);
}

/* One that keeps many lets them go when it drains. */
static int job_ready(void *priv)
{
	struct m2m_ctx *ctx = priv;
	struct v4l2_m2m_ctx *m2m = ctx->fh.m2m_ctx;

	return m2m->is_draining ||
	       v4l2_m2m_num_src_bufs_ready(m2m) >= kind_of(ctx)->quirks->min_output;
}

const struct v4l2_m2m_ops m2m_device_ops = {
	.device_run = device_run,
	.job_ready = job_ready,
	.job_abort = job_abort,
};

static int queue_setup(struct vb2_queue *q, unsigned int *n_buffers, unsigned int *n_planes,
		       unsigned int sizes[], struct device *devices[])
{
	struct m2m_ctx *ctx = vb2_get_drv_priv(q);
	u32 least[M2M_PLANES_MAX];
	unsigned int planes = sizes_of(ctx, q->type, least), i;

	if (*n_planes && *n_planes != planes)
		return -EINVAL;
	for (i = 0; i < planes; i++) {
		if (*n_planes && sizes[i] < least[i])
			return -EINVAL;
		if (!*n_planes)
			sizes[i] = least[i];
	}
	if (!*n_planes && V4L2_TYPE_IS_CAPTURE(q->type))
		*n_buffers = max(*n_buffers, kind_of(ctx)->quirks->min_capture);
	if (!*n_planes && V4L2_TYPE_IS_OUTPUT(q->type))
		*n_buffers = max(*n_buffers, kind_of(ctx)->quirks->min_output);
	*n_planes = planes;
	return 0;
}

static int buf_out_validate(struct vb2_buffer *buffer)
{
	to_vb2_v4l2_buffer(buffer)->field = V4L2_FIELD_NONE;
	return 0;
}

static int buf_prepare(struct vb2_buffer *buffer)
{
	struct m2m_ctx *ctx = vb2_get_drv_priv(buffer->vb2_queue);
	u32 type = buffer->vb2_queue->type, least[M2M_PLANES_MAX];
	unsigned int planes = sizes_of(ctx, type, least), i;

	for (i = 0; i < planes; i++) {
		if (vb2_plane_size(buffer, i) < least[i])
			return -EINVAL;
		if (V4L2_TYPE_IS_CAPTURE(type))
			vb2_set_plane_payload(buffer, i, 0);
	}
	return 0;
}

static void buf_queue(struct vb2_buffer *vb)
{
	struct m2m_ctx *ctx = vb2_get_drv_priv(vb->vb2_queue);
	struct vb2_v4l2_buffer *buffer = to_vb2_v4l2_buffer(vb);
	struct v4l2_m2m_ctx *m2m = ctx->fh.m2m_ctx;

	if (V4L2_TYPE_IS_OUTPUT(vb->vb2_queue->type)) {
		if (kind_of(ctx)->queued)
			kind_of(ctx)->queued(ctx, buffer);
	} else if (vb2_is_streaming(vb->vb2_queue) && v4l2_m2m_dst_buf_is_last(m2m)) {
		/* A drain was waiting for a buffer to end with. */
		vb2_set_plane_payload(vb, 0, 0);
		buffer->field = V4L2_FIELD_NONE;
		buffer->sequence = ctx->sequence[1]++;
		v4l2_event_queue_fh(&ctx->fh, &end_of_stream);
		v4l2_m2m_last_buffer_done(m2m, buffer);
		return;
	}
	v4l2_m2m_buf_queue(m2m, buffer);
}

static void return_all(struct vb2_queue *q, enum vb2_buffer_state state)
{
	struct m2m_ctx *ctx = vb2_get_drv_priv(q);
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
	struct m2m_ctx *ctx = vb2_get_drv_priv(q);
	int r;

	v4l2_m2m_update_start_streaming_state(ctx->fh.m2m_ctx, q);
	ctx->aborted = false;
	ctx->sequence[V4L2_TYPE_IS_CAPTURE(q->type)] = 0;
	r = kind_of(ctx)->start ? kind_of(ctx)->start(ctx, q->type) : 0;
	if (r < 0)
		return_all(q, VB2_BUF_STATE_QUEUED);
	return r;
}

static void stop_streaming(struct vb2_queue *q)
{
	struct m2m_ctx *ctx = vb2_get_drv_priv(q);
	struct v4l2_m2m_ctx *m2m = ctx->fh.m2m_ctx;

	return_all(q, VB2_BUF_STATE_ERROR);
	v4l2_m2m_update_stop_streaming_state(m2m, q);
	if (V4L2_TYPE_IS_OUTPUT(q->type) && v4l2_m2m_has_stopped(m2m))
		v4l2_event_queue_fh(&ctx->fh, &end_of_stream);
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

static int init_one(struct m2m_ctx *ctx, struct vb2_queue *q, u32 type)
{
	q->type = type;
	q->io_modes = VB2_MMAP | VB2_DMABUF;
	if (kind_of(ctx)->quirks->no_import && V4L2_TYPE_IS_OUTPUT(type))
		q->io_modes = VB2_MMAP;
	q->drv_priv = ctx;
	q->buf_struct_size = sizeof(struct v4l2_m2m_buffer);
	q->ops = &queue_ops;
	q->mem_ops = &vb2_vmalloc_memops;
	q->timestamp_flags = V4L2_BUF_FLAG_TIMESTAMP_COPY;
	q->lock = &ctx->device->lock;
	return vb2_queue_init(q);
}

int m2m_queue_init(void *ctx, struct vb2_queue *output, struct vb2_queue *capture)
{
	bool planar = kind_of(ctx)->multiplanar;
	int r = init_one(ctx, output,
			 planar ? V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE : V4L2_BUF_TYPE_VIDEO_OUTPUT);

	if (r)
		return r;
	return init_one(ctx, capture,
			planar ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE : V4L2_BUF_TYPE_VIDEO_CAPTURE);
}

/* Commands are accepted without effect while not both queues stream, as the interface has it. */
static bool streams(const struct m2m_ctx *ctx)
{
	struct v4l2_m2m_ctx *m2m = ctx->fh.m2m_ctx;

	return vb2_is_streaming(&m2m->cap_q_ctx.q) && vb2_is_streaming(&m2m->out_q_ctx.q);
}

static void after_command(struct m2m_ctx *ctx, bool stop, bool was_stopped)
{
	struct v4l2_m2m_ctx *m2m = ctx->fh.m2m_ctx;

	if (stop && v4l2_m2m_has_stopped(m2m))
		v4l2_event_queue_fh(&ctx->fh, &end_of_stream);
	else if (stop)
		v4l2_m2m_try_schedule(m2m);
	if (!stop && was_stopped)
		vb2_clear_last_buffer_dequeued(&m2m->cap_q_ctx.q);
}

int m2m_encoder_cmd(struct file *file, void *fh, struct v4l2_encoder_cmd *cmd)
{
	struct m2m_ctx *ctx = m2m_ctx_of(file);
	bool stopped = v4l2_m2m_has_stopped(ctx->fh.m2m_ctx);
	int r = v4l2_m2m_ioctl_try_encoder_cmd(file, fh, cmd);

	if (r < 0 || !streams(ctx))
		return r;
	spin_lock(&ctx->device->state_lock);
	r = v4l2_m2m_ioctl_encoder_cmd(file, fh, cmd);
	spin_unlock(&ctx->device->state_lock);
	if (r >= 0)
		after_command(ctx, cmd->cmd == V4L2_ENC_CMD_STOP, stopped);
	return r;
}

int m2m_decoder_cmd(struct file *file, void *fh, struct v4l2_decoder_cmd *cmd)
{
	struct m2m_ctx *ctx = m2m_ctx_of(file);
	bool stopped = v4l2_m2m_has_stopped(ctx->fh.m2m_ctx);
	int r = v4l2_m2m_ioctl_try_decoder_cmd(file, fh, cmd);

	if (r < 0 || !streams(ctx))
		return r;
	spin_lock(&ctx->device->state_lock);
	r = v4l2_m2m_ioctl_decoder_cmd(file, fh, cmd);
	spin_unlock(&ctx->device->state_lock);
	if (r >= 0)
		after_command(ctx, cmd->cmd == V4L2_DEC_CMD_STOP, stopped);
	return r;
}
