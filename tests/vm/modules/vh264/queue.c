// SPDX-License-Identifier: GPL-2.0-only
#include <linux/jiffies.h>
#include <media/v4l2-event.h>
#include <media/videobuf2-vmalloc.h>

#include "vh264.h"

static const struct v4l2_event end_of_stream = {.type = V4L2_EVENT_EOS};

static bool due(unsigned int every, u32 picture)
{
	return every && picture % every == every - 1;
}

/* Encodes into the coded buffer. Bytes, or -errno; the reference moves on either way. */
static int encode(struct vh264_ctx *ctx, struct vb2_buffer *from, struct vb2_buffer *to,
		  bool keyframe)
{
	u8 *at = vb2_plane_vaddr(to, 0);
	u32 room = vb2_plane_size(to, 0);
	struct vh264_picture picture;
	int headers = 0, n;

	if (!at || !vh264_format_maps(ctx, from))
		return -EFAULT;
	if (keyframe && (ctx->headers_due || vh264_quirks.headers == VH264_HEADERS_REPEATED)) {
		headers = vh264_write_headers(&ctx->stream, at, room);
		if (headers < 0)
			return headers;
		ctx->headers_due = false;
	}
	vh264_format_picture(ctx, from, &picture);
	n = vh264_write_picture(&ctx->stream, &picture, keyframe, at + headers, room - headers);
	return n < 0 ? n : headers + n;
}

/* Headers in a buffer of their own, before the first picture, which stays where it is. */
static void give_headers(struct vh264_ctx *ctx, struct vb2_v4l2_buffer *to)
{
	void *at = vb2_plane_vaddr(&to->vb2_buf, 0);
	int n = at ? vh264_write_headers(&ctx->stream, at, vb2_plane_size(&to->vb2_buf, 0))
		   : -EFAULT;

	ctx->headers_due = false;
	to->sequence = ctx->sequence_coded++;
	to->field = V4L2_FIELD_NONE;
	to->flags &= ~(V4L2_BUF_FLAG_LAST | V4L2_BUF_FLAG_KEYFRAME | V4L2_BUF_FLAG_PFRAME);
	to->vb2_buf.timestamp = v4l2_m2m_next_src_buf(ctx->fh.m2m_ctx)->vb2_buf.timestamp;
	vb2_set_plane_payload(&to->vb2_buf, 0, max(n, 0));
	v4l2_m2m_buf_done(to, n > 0 ? VB2_BUF_STATE_DONE : VB2_BUF_STATE_ERROR);
}

/* The coded buffer of a picture; n: its bytes, 0: none for this picture, or -errno. */
static void give_coded(struct vh264_ctx *ctx, struct vb2_v4l2_buffer *from,
		       struct vb2_v4l2_buffer *to, int n, bool keyframe, bool last)
{
	to->sequence = ctx->sequence_coded++;
	to->field = V4L2_FIELD_NONE;
	v4l2_m2m_buf_copy_metadata(from, to, false);
	to->flags &= ~(V4L2_BUF_FLAG_LAST | V4L2_BUF_FLAG_KEYFRAME | V4L2_BUF_FLAG_PFRAME |
		       V4L2_BUF_FLAG_BFRAME);
	if (n > 0)
		to->flags |= keyframe ? V4L2_BUF_FLAG_KEYFRAME : V4L2_BUF_FLAG_PFRAME;
	if (last)
		to->flags |= V4L2_BUF_FLAG_LAST;
	vb2_set_plane_payload(&to->vb2_buf, 0, max(n, 0));
	v4l2_m2m_buf_done(to, n < 0 ? VB2_BUF_STATE_ERROR : VB2_BUF_STATE_DONE);
}

static void do_picture(struct vh264_ctx *ctx)
{
	struct vh264_device *device = ctx->device;
	struct v4l2_m2m_ctx *m2m = ctx->fh.m2m_ctx;
	/* It stays in its queue while it is worked on: a drain that begins now must see it. */
	struct vb2_v4l2_buffer *from = v4l2_m2m_next_src_buf(m2m);
	struct vb2_v4l2_buffer *to = v4l2_m2m_next_dst_buf(m2m);
	u32 picture = ctx->pictures++;
	bool dropped = due(vh264_quirks.drop_every, picture), keyframe, last;
	int n = 0;

	keyframe = ctx->gop_at == 0 || (from->flags & V4L2_BUF_FLAG_KEYFRAME);
	if (!dropped) {
		n = encode(ctx, &from->vb2_buf, &to->vb2_buf, keyframe);
		ctx->gop_at = keyframe ? 1 : ctx->gop_at + 1;
		ctx->gop_at = ctx->gop_at < ctx->gop ? ctx->gop_at : 0;
		if (due(vh264_quirks.fail_every, picture))
			n = -EIO;
	}

	spin_lock(&device->state_lock);
	v4l2_m2m_src_buf_remove(m2m);
	last = v4l2_m2m_is_last_draining_src_buf(m2m, from);
	/* Before the buffer: who sees the last one finds the event there, and may begin anew. */
	if (last) {
		v4l2_m2m_mark_stopped(m2m);
		v4l2_event_queue_fh(&ctx->fh, &end_of_stream);
	}
	if (!dropped || last)
		give_coded(ctx, from, v4l2_m2m_dst_buf_remove(m2m), n, keyframe, last);
	from->sequence = ctx->sequence_raw++;
	from->flags &= ~V4L2_BUF_FLAG_KEYFRAME;
	v4l2_m2m_buf_done(from, n < 0 ? VB2_BUF_STATE_ERROR : VB2_BUF_STATE_DONE);
	spin_unlock(&device->state_lock);
}

/* Whether nothing happens any more; then only an abort ends this job. */
static bool stalls(struct vh264_ctx *ctx)
{
	unsigned int after = READ_ONCE(vh264_quirks.stall_after);
	bool stalled;

	spin_lock(&ctx->device->state_lock);
	stalled = after && ctx->pictures >= after && !ctx->aborted;
	ctx->stalled = stalled;
	spin_unlock(&ctx->device->state_lock);
	return stalled;
}

void vh264_work(struct work_struct *work)
{
	struct vh264_ctx *ctx = container_of(to_delayed_work(work), struct vh264_ctx, work);
	struct v4l2_m2m_ctx *m2m = ctx->fh.m2m_ctx;

	if (stalls(ctx))
		return;
	if (ctx->headers_due && vh264_quirks.headers == VH264_HEADERS_SEPARATE)
		give_headers(ctx, v4l2_m2m_dst_buf_remove(m2m));
	else
		do_picture(ctx);
	v4l2_m2m_job_finish(ctx->device->m2m, m2m);
}

static void device_run(void *priv)
{
	struct vh264_ctx *ctx = priv;

	queue_delayed_work(ctx->device->queue, &ctx->work, msecs_to_jiffies(vh264_quirks.delay_ms));
}

static void job_abort(void *priv)
{
	struct vh264_ctx *ctx = priv;
	bool stalled;

	spin_lock(&ctx->device->state_lock);
	ctx->aborted = true;
	stalled = ctx->stalled;
	ctx->stalled = false;
	spin_unlock(&ctx->device->state_lock);
	if (stalled)
		v4l2_m2m_job_finish(ctx->device->m2m, ctx->fh.m2m_ctx);
}

const struct v4l2_m2m_ops vh264_m2m_ops = {.device_run = device_run, .job_abort = job_abort};

static int queue_setup(struct vb2_queue *q, unsigned int *n_buffers, unsigned int *n_planes,
		       unsigned int sizes[], struct device *devices[])
{
	struct vh264_ctx *ctx = vb2_get_drv_priv(q);
	bool raw = V4L2_TYPE_IS_OUTPUT(q->type);
	unsigned int planes = raw ? ctx->raw.n_planes : 1, i;

	if (*n_planes && *n_planes != planes)
		return -EINVAL;
	for (i = 0; i < planes; i++) {
		u32 size = raw ? ctx->raw.size[i] : ctx->coded_size;

		if (*n_planes && sizes[i] < size)
			return -EINVAL;
		if (!*n_planes)
			sizes[i] = size;
	}
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
	struct vh264_ctx *ctx = vb2_get_drv_priv(buffer->vb2_queue);
	unsigned int i;

	if (V4L2_TYPE_IS_CAPTURE(buffer->vb2_queue->type)) {
		if (vb2_plane_size(buffer, 0) < ctx->coded_size)
			return -EINVAL;
		vb2_set_plane_payload(buffer, 0, 0);
		return 0;
	}
	for (i = 0; i < ctx->raw.n_planes; i++)
		if (vb2_plane_size(buffer, i) < ctx->raw.size[i])
			return -EINVAL;
	return 0;
}

static void buf_queue(struct vb2_buffer *vb)
{
	struct vh264_ctx *ctx = vb2_get_drv_priv(vb->vb2_queue);
	struct vb2_v4l2_buffer *buffer = to_vb2_v4l2_buffer(vb);
	struct v4l2_m2m_ctx *m2m = ctx->fh.m2m_ctx;

	if (V4L2_TYPE_IS_OUTPUT(vb->vb2_queue->type)) {
		buffer->flags &= ~V4L2_BUF_FLAG_KEYFRAME;
		if (ctx->force_keyframe)
			buffer->flags |= V4L2_BUF_FLAG_KEYFRAME;
		ctx->force_keyframe = false;
	} else if (vb2_is_streaming(vb->vb2_queue) && v4l2_m2m_dst_buf_is_last(m2m)) {
		/* A drain was waiting for a buffer to end with. */
		vb2_set_plane_payload(vb, 0, 0);
		buffer->field = V4L2_FIELD_NONE;
		buffer->sequence = ctx->sequence_coded++;
		v4l2_event_queue_fh(&ctx->fh, &end_of_stream);
		v4l2_m2m_last_buffer_done(m2m, buffer);
		return;
	}
	v4l2_m2m_buf_queue(m2m, buffer);
}

static void return_all(struct vb2_queue *q, enum vb2_buffer_state state)
{
	struct vh264_ctx *ctx = vb2_get_drv_priv(q);
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
	struct vh264_ctx *ctx = vb2_get_drv_priv(q);
	int r;

	v4l2_m2m_update_start_streaming_state(ctx->fh.m2m_ctx, q);
	ctx->aborted = false;
	/* Whichever starts, the stream begins anew. */
	ctx->gop_at = 0;
	ctx->headers_due = true;
	if (V4L2_TYPE_IS_CAPTURE(q->type)) {
		ctx->sequence_coded = 0;
		return 0;
	}
	ctx->sequence_raw = 0;
	if (!vh264_quirks.stall_hard)
		ctx->pictures = 0;
	r = vh264_stream_begin(&ctx->stream, ctx->crop.width, ctx->crop.height);
	if (r < 0)
		return_all(q, VB2_BUF_STATE_QUEUED);
	return r;
}

static void stop_streaming(struct vb2_queue *q)
{
	struct vh264_ctx *ctx = vb2_get_drv_priv(q);
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

static int init_one(struct vh264_ctx *ctx, struct vb2_queue *q, u32 type)
{
	q->type = type;
	q->io_modes = VB2_MMAP | VB2_DMABUF;
	if (vh264_quirks.no_import && V4L2_TYPE_IS_OUTPUT(type))
		q->io_modes = VB2_MMAP;
	q->drv_priv = ctx;
	q->buf_struct_size = sizeof(struct v4l2_m2m_buffer);
	q->ops = &queue_ops;
	q->mem_ops = &vb2_vmalloc_memops;
	q->timestamp_flags = V4L2_BUF_FLAG_TIMESTAMP_COPY;
	q->lock = &ctx->device->lock;
	return vb2_queue_init(q);
}

int vh264_queue_init(void *priv, struct vb2_queue *raw, struct vb2_queue *coded)
{
	bool planar = vh264_quirks.multiplanar;
	int r = init_one(priv, raw,
			 planar ? V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE : V4L2_BUF_TYPE_VIDEO_OUTPUT);

	if (r)
		return r;
	return init_one(priv, coded,
			planar ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE : V4L2_BUF_TYPE_VIDEO_CAPTURE);
}

int vh264_encoder_cmd(struct file *file, void *fh, struct v4l2_encoder_cmd *cmd)
{
	struct vh264_ctx *ctx = vh264_ctx_of(file);
	struct v4l2_m2m_ctx *m2m = ctx->fh.m2m_ctx;
	bool stopped = v4l2_m2m_has_stopped(m2m);
	int r = v4l2_m2m_ioctl_try_encoder_cmd(file, fh, cmd);

	if (r < 0)
		return r;
	/* Accepted without effect, as the interface has it. */
	if (!vb2_is_streaming(&m2m->cap_q_ctx.q) || !vb2_is_streaming(&m2m->out_q_ctx.q))
		return 0;
	spin_lock(&ctx->device->state_lock);
	r = v4l2_m2m_ioctl_encoder_cmd(file, fh, cmd);
	spin_unlock(&ctx->device->state_lock);
	if (r < 0)
		return r;
	if (cmd->cmd == V4L2_ENC_CMD_STOP && v4l2_m2m_has_stopped(m2m))
		v4l2_event_queue_fh(&ctx->fh, &end_of_stream);
	if (cmd->cmd == V4L2_ENC_CMD_START && stopped)
		vb2_clear_last_buffer_dequeued(&m2m->cap_q_ctx.q);
	return 0;
}
