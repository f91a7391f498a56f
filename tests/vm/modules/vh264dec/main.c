// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <media/v4l2-event.h>

#include "vh264dec.h"

struct vh264dec_quirks vh264dec_quirks = {.formats = "NV12,XR24", .min_buffers = 2};

module_param_named(formats, vh264dec_quirks.formats, charp, 0444);
MODULE_PARM_DESC(formats, "of pictures: NV12,XR24");
module_param_named(stall_after, vh264dec_quirks.stall_after, uint, 0644);
MODULE_PARM_DESC(stall_after, "after N pictures nothing happens any more");
module_param_named(min_buffers, vh264dec_quirks.min_buffers, uint, 0644);
MODULE_PARM_DESC(min_buffers, "picture buffers at least");

static int querycap(struct file *file, void *fh, struct v4l2_capability *cap)
{
	strscpy(cap->driver, VH264DEC_NAME, sizeof(cap->driver));
	strscpy(cap->card, VH264DEC_NAME, sizeof(cap->card));
	strscpy(cap->bus_info, "platform:" VH264DEC_NAME, sizeof(cap->bus_info));
	return 0;
}

static int subscribe_event(struct v4l2_fh *fh, const struct v4l2_event_subscription *s)
{
	if (s->type == V4L2_EVENT_SOURCE_CHANGE)
		return v4l2_src_change_event_subscribe(fh, s);
	return v4l2_ctrl_subscribe_event(fh, s);
}

static const struct v4l2_ioctl_ops ioctl_ops = {
	.vidioc_querycap = querycap,
	.vidioc_enum_fmt_vid_cap = vh264dec_enum_fmt,
	.vidioc_enum_fmt_vid_out = vh264dec_enum_fmt,
	.vidioc_g_fmt_vid_cap = vh264dec_g_fmt,
	.vidioc_g_fmt_vid_out = vh264dec_g_fmt,
	.vidioc_try_fmt_vid_cap = vh264dec_try_fmt,
	.vidioc_try_fmt_vid_out = vh264dec_try_fmt,
	.vidioc_s_fmt_vid_cap = vh264dec_s_fmt,
	.vidioc_s_fmt_vid_out = vh264dec_s_fmt,
	.vidioc_g_selection = vh264dec_g_selection,
	.vidioc_reqbufs = v4l2_m2m_ioctl_reqbufs,
	.vidioc_querybuf = v4l2_m2m_ioctl_querybuf,
	.vidioc_qbuf = v4l2_m2m_ioctl_qbuf,
	.vidioc_dqbuf = v4l2_m2m_ioctl_dqbuf,
	.vidioc_prepare_buf = v4l2_m2m_ioctl_prepare_buf,
	.vidioc_create_bufs = v4l2_m2m_ioctl_create_bufs,
	.vidioc_expbuf = v4l2_m2m_ioctl_expbuf,
	.vidioc_streamon = v4l2_m2m_ioctl_streamon,
	.vidioc_streamoff = v4l2_m2m_ioctl_streamoff,
	.vidioc_subscribe_event = subscribe_event,
	.vidioc_unsubscribe_event = v4l2_event_unsubscribe,
};

static int controls_init(struct vh264dec_ctx *ctx)
{
	unsigned int min = vh264dec_quirks.min_buffers;

	v4l2_ctrl_handler_init(&ctx->controls, 1);
	v4l2_ctrl_new_std(&ctx->controls, NULL, V4L2_CID_MIN_BUFFERS_FOR_CAPTURE, min, min, 1, min);
	return ctx->controls.error;
}

static int vh264dec_open(struct file *file)
{
	struct vh264dec_ctx *ctx = kzalloc(sizeof(*ctx), GFP_KERNEL);
	int r;

	if (!ctx)
		return -ENOMEM;
	ctx->device = video_drvdata(file);
	INIT_WORK(&ctx->work, vh264dec_work);
	v4l2_fh_init(&ctx->fh, video_devdata(file));
	file->private_data = &ctx->fh;
	r = controls_init(ctx);
	if (r)
		goto fail;
	ctx->fh.ctrl_handler = &ctx->controls;
	vh264dec_format_init(ctx);
	ctx->fh.m2m_ctx = v4l2_m2m_ctx_init(ctx->device->m2m, ctx, vh264dec_queue_init);
	if (IS_ERR(ctx->fh.m2m_ctx)) {
		r = PTR_ERR(ctx->fh.m2m_ctx);
		goto fail;
	}
	v4l2_fh_add(&ctx->fh);
	return 0;

fail:
	v4l2_ctrl_handler_free(&ctx->controls);
	v4l2_fh_exit(&ctx->fh);
	kfree(ctx);
	return r;
}

static int vh264dec_release(struct file *file)
{
	struct vh264dec_ctx *ctx = vh264dec_ctx_of(file);
	struct vh264dec_device *device = ctx->device;

	mutex_lock(&device->lock);
	v4l2_m2m_ctx_release(ctx->fh.m2m_ctx);
	mutex_unlock(&device->lock);
	v4l2_fh_del(&ctx->fh);
	v4l2_fh_exit(&ctx->fh);
	v4l2_ctrl_handler_free(&ctx->controls);
	vfree(ctx->reference);
	kfree(ctx);
	return 0;
}

static const struct v4l2_file_operations file_ops = {
	.owner = THIS_MODULE,
	.open = vh264dec_open,
	.release = vh264dec_release,
	.poll = v4l2_m2m_fop_poll,
	.unlocked_ioctl = video_ioctl2,
	.mmap = v4l2_m2m_fop_mmap,
};

static void describe_video(struct vh264dec_device *device)
{
	struct video_device *video = &device->video;

	strscpy(video->name, VH264DEC_NAME "-dec", sizeof(video->name));
	video->vfl_dir = VFL_DIR_M2M;
	video->fops = &file_ops;
	video->ioctl_ops = &ioctl_ops;
	video->release = video_device_release_empty;
	video->lock = &device->lock;
	video->v4l2_dev = &device->v4l2;
	video->device_caps = V4L2_CAP_STREAMING | V4L2_CAP_VIDEO_M2M;
	video_set_drvdata(video, device);
}

/* The video node and its place in the media graph. */
static int register_video(struct vh264dec_device *device)
{
	int r = video_register_device(&device->video, VFL_TYPE_VIDEO, -1);

	if (r)
		return r;
	r = v4l2_m2m_register_media_controller(device->m2m, &device->video,
					       MEDIA_ENT_F_PROC_VIDEO_DECODER);
	if (r)
		goto fail_graph;
	r = media_device_register(&device->media);
	if (r)
		goto fail_media;
	return 0;

fail_media:
	v4l2_m2m_unregister_media_controller(device->m2m);
fail_graph:
	video_unregister_device(&device->video);
	return r;
}

static int probe(struct platform_device *platform)
{
	struct vh264dec_device *device = devm_kzalloc(&platform->dev, sizeof(*device), GFP_KERNEL);
	int r;

	if (!device)
		return -ENOMEM;
	mutex_init(&device->lock);
	spin_lock_init(&device->state_lock);
	device->media.dev = &platform->dev;
	strscpy(device->media.model, VH264DEC_NAME, sizeof(device->media.model));
	strscpy(device->media.bus_info, "platform:" VH264DEC_NAME, sizeof(device->media.bus_info));
	media_device_init(&device->media);
	device->v4l2.mdev = &device->media;
	r = v4l2_device_register(&platform->dev, &device->v4l2);
	if (r)
		goto fail_v4l2;
	device->queue = alloc_workqueue(VH264DEC_NAME, WQ_UNBOUND, 0);
	if (!device->queue) {
		r = -ENOMEM;
		goto fail_queue;
	}
	device->m2m = v4l2_m2m_init(&vh264dec_m2m_ops);
	if (IS_ERR(device->m2m)) {
		r = PTR_ERR(device->m2m);
		goto fail_m2m;
	}
	describe_video(device);
	r = register_video(device);
	if (r)
		goto fail_video;
	platform_set_drvdata(platform, device);
	return 0;

fail_video:
	v4l2_m2m_release(device->m2m);
fail_m2m:
	destroy_workqueue(device->queue);
fail_queue:
	v4l2_device_unregister(&device->v4l2);
fail_v4l2:
	media_device_cleanup(&device->media);
	return r;
}

static int remove(struct platform_device *platform)
{
	struct vh264dec_device *device = platform_get_drvdata(platform);

	media_device_unregister(&device->media);
	v4l2_m2m_unregister_media_controller(device->m2m);
	video_unregister_device(&device->video);
	v4l2_m2m_release(device->m2m);
	destroy_workqueue(device->queue);
	v4l2_device_unregister(&device->v4l2);
	media_device_cleanup(&device->media);
	return 0;
}

static struct platform_driver driver = {
	.probe = probe,
	.remove = remove,
	.driver = {.name = VH264DEC_NAME},
};

static struct platform_device *platform_device;

static int __init vh264dec_init(void)
{
	int r = platform_driver_register(&driver);
	if (r)
		return r;
	platform_device = platform_device_register_simple(VH264DEC_NAME, -1, NULL, 0);
	if (IS_ERR(platform_device)) {
		platform_driver_unregister(&driver);
		return PTR_ERR(platform_device);
	}
	return 0;
}

static void __exit vh264dec_exit(void)
{
	platform_device_unregister(platform_device);
	platform_driver_unregister(&driver);
}

module_init(vh264dec_init);
module_exit(vh264dec_exit);
MODULE_DESCRIPTION("virtual stateful H.264 decoder");
MODULE_LICENSE("GPL");
