// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>
#include <media/v4l2-event.h>

#include "m2m-device.h"

static int querycap(struct file *file, void *fh, struct v4l2_capability *cap)
{
	const struct m2m_kind *kind = m2m_ctx_of(file)->device->kind;

	strscpy(cap->driver, kind->name, sizeof(cap->driver));
	strscpy(cap->card, kind->name, sizeof(cap->card));
	snprintf(cap->bus_info, sizeof(cap->bus_info), "platform:%s", kind->name);
	return 0;
}

static int subscribe_event(struct v4l2_fh *fh, const struct v4l2_event_subscription *s)
{
	const struct m2m_kind *kind = container_of(fh, struct m2m_ctx, fh)->device->kind;
	bool decoder = kind->function == MEDIA_ENT_F_PROC_VIDEO_DECODER;

	if (s->type == V4L2_EVENT_SOURCE_CHANGE && decoder)
		return v4l2_src_change_event_subscribe(fh, s);
	if (s->type == V4L2_EVENT_EOS && !kind->quirks->no_commands)
		return v4l2_event_subscribe(fh, s, 0, NULL);
	return v4l2_ctrl_subscribe_event(fh, s);
}

static int init_ctx(struct m2m_ctx *ctx)
{
	int r = ctx->device->kind->open(ctx);

	if (r)
		return r;
	ctx->fh.ctrl_handler = &ctx->controls;
	ctx->fh.m2m_ctx = v4l2_m2m_ctx_init(ctx->device->m2m, ctx, m2m_queue_init);
	return PTR_ERR_OR_ZERO(ctx->fh.m2m_ctx);
}

static int m2m_open(struct file *file)
{
	struct m2m_device *device = video_drvdata(file);
	unsigned int most = READ_ONCE(device->kind->quirks->instances);
	struct m2m_ctx *ctx;
	int r = -ENOMEM;

	if (atomic_inc_return(&device->instances) > most && most) {
		atomic_dec(&device->instances);
		return -EBUSY;
	}
	ctx = kzalloc(device->kind->ctx_size, GFP_KERNEL);
	if (!ctx)
		goto fail_ctx;
	ctx->device = device;
	INIT_DELAYED_WORK(&ctx->work, m2m_work);
	v4l2_fh_init(&ctx->fh, video_devdata(file));
	file->private_data = &ctx->fh;
	r = init_ctx(ctx);
	if (r)
		goto fail_init;
	v4l2_fh_add(&ctx->fh);
	return 0;

fail_init:
	v4l2_ctrl_handler_free(&ctx->controls);
	v4l2_fh_exit(&ctx->fh);
	kfree(ctx);
fail_ctx:
	atomic_dec(&device->instances);
	return r;
}

static int m2m_release(struct file *file)
{
	struct m2m_ctx *ctx = m2m_ctx_of(file);
	struct m2m_device *device = ctx->device;

	mutex_lock(&device->lock);
	v4l2_m2m_ctx_release(ctx->fh.m2m_ctx);
	mutex_unlock(&device->lock);
	v4l2_fh_del(&ctx->fh);
	v4l2_fh_exit(&ctx->fh);
	v4l2_ctrl_handler_free(&ctx->controls);
	if (device->kind->close)
		device->kind->close(ctx);
	kfree(ctx);
	atomic_dec(&device->instances);
	return 0;
}

static void add_buffer_ioctls(struct v4l2_ioctl_ops *ops)
{
	ops->vidioc_querycap = querycap;
	ops->vidioc_reqbufs = v4l2_m2m_ioctl_reqbufs;
	ops->vidioc_querybuf = v4l2_m2m_ioctl_querybuf;
	ops->vidioc_qbuf = v4l2_m2m_ioctl_qbuf;
	ops->vidioc_dqbuf = v4l2_m2m_ioctl_dqbuf;
	ops->vidioc_prepare_buf = v4l2_m2m_ioctl_prepare_buf;
	ops->vidioc_create_bufs = v4l2_m2m_ioctl_create_bufs;
	ops->vidioc_expbuf = v4l2_m2m_ioctl_expbuf;
	ops->vidioc_streamon = v4l2_m2m_ioctl_streamon;
	ops->vidioc_streamoff = v4l2_m2m_ioctl_streamoff;
	ops->vidioc_subscribe_event = subscribe_event;
	ops->vidioc_unsubscribe_event = v4l2_event_unsubscribe;
}

static void add_commands(struct v4l2_ioctl_ops *ops, u32 function)
{
	if (function == MEDIA_ENT_F_PROC_VIDEO_ENCODER) {
		ops->vidioc_try_encoder_cmd = v4l2_m2m_ioctl_try_encoder_cmd;
		ops->vidioc_encoder_cmd = m2m_encoder_cmd;
	} else if (function == MEDIA_ENT_F_PROC_VIDEO_DECODER) {
		ops->vidioc_try_decoder_cmd = v4l2_m2m_ioctl_try_decoder_cmd;
		ops->vidioc_decoder_cmd = m2m_decoder_cmd;
	}
}

static void drop_single(struct v4l2_ioctl_ops *ops)
{
	ops->vidioc_g_fmt_vid_cap = ops->vidioc_g_fmt_vid_out = NULL;
	ops->vidioc_try_fmt_vid_cap = ops->vidioc_try_fmt_vid_out = NULL;
	ops->vidioc_s_fmt_vid_cap = ops->vidioc_s_fmt_vid_out = NULL;
}

static void drop_multi(struct v4l2_ioctl_ops *ops)
{
	ops->vidioc_g_fmt_vid_cap_mplane = ops->vidioc_g_fmt_vid_out_mplane = NULL;
	ops->vidioc_try_fmt_vid_cap_mplane = ops->vidioc_try_fmt_vid_out_mplane = NULL;
	ops->vidioc_s_fmt_vid_cap_mplane = ops->vidioc_s_fmt_vid_out_mplane = NULL;
}

void m2m_file_init(struct m2m_kind *kind, struct module *owner)
{
	add_buffer_ioctls(&kind->ioctl_ops);
	if (!kind->quirks->no_commands)
		add_commands(&kind->ioctl_ops, kind->function);
	if (kind->multiplanar)
		drop_single(&kind->ioctl_ops);
	else
		drop_multi(&kind->ioctl_ops);
	kind->file_ops = (struct v4l2_file_operations){
		.owner = owner,
		.open = m2m_open,
		.release = m2m_release,
		.poll = v4l2_m2m_fop_poll,
		.unlocked_ioctl = video_ioctl2,
		.mmap = v4l2_m2m_fop_mmap,
	};
}
