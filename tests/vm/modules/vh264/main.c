// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <media/v4l2-event.h>

#include "vh264.h"

struct vh264_quirks vh264_quirks = {.formats = "NV12"};

#define QUIRK(name, type, mode, text)                            \
	module_param_named(name, vh264_quirks.name, type, mode); \
	MODULE_PARM_DESC(name, text)

QUIRK(multiplanar, bool, 0444, "speak the multi-planar API");
QUIRK(formats, charp, 0444, "raw formats: NV12,YU12,NM12,YM12");
QUIRK(width_align, uint, 0444, "widths are multiples of this power of two");
QUIRK(height_align, uint, 0444, "heights are multiples of this power of two");
QUIRK(stride_align, uint, 0444, "lines are multiples of this power of two, in bytes");
QUIRK(no_crop, bool, 0444, "no selections");
QUIRK(no_import, bool, 0444, "raw pictures from memory of its own only");
QUIRK(no_force_keyframe, bool, 0444, "keyframes cannot be asked for");
QUIRK(busy_controls, bool, 0644, "settings are refused while it streams");
QUIRK(headers, uint, 0444, "0: before each keyframe, 1: the first, 2: in a buffer of their own");
QUIRK(drop_every, uint, 0644, "each Nth picture never comes out");
QUIRK(fail_every, uint, 0644, "each Nth picture comes out as faulty");
QUIRK(stall_after, uint, 0644, "after N pictures nothing happens any more");
QUIRK(stall_hard, bool, 0644, "a stall lasts until the file is closed");
QUIRK(delay_ms, uint, 0644, "what each picture takes");
QUIRK(coded_max, uint, 0444, "bytes of a coded buffer at most");
QUIRK(instances, uint, 0644, "open files at most");

static int querycap(struct file *file, void *fh, struct v4l2_capability *cap)
{
	strscpy(cap->driver, VH264_NAME, sizeof(cap->driver));
	strscpy(cap->card, VH264_NAME, sizeof(cap->card));
	strscpy(cap->bus_info, "platform:" VH264_NAME, sizeof(cap->bus_info));
	return 0;
}

static int subscribe_event(struct v4l2_fh *fh, const struct v4l2_event_subscription *s)
{
	if (s->type == V4L2_EVENT_EOS)
		return v4l2_event_subscribe(fh, s, 0, NULL);
	return v4l2_ctrl_subscribe_event(fh, s);
}

/* Some are taken out when the device is made: what is there is what it speaks. */
static struct v4l2_ioctl_ops ioctl_ops = {
	.vidioc_querycap = querycap,
	.vidioc_enum_fmt_vid_cap = vh264_enum_fmt,
	.vidioc_enum_fmt_vid_out = vh264_enum_fmt,
	.vidioc_g_fmt_vid_cap = vh264_g_fmt,
	.vidioc_g_fmt_vid_out = vh264_g_fmt,
	.vidioc_g_fmt_vid_cap_mplane = vh264_g_fmt,
	.vidioc_g_fmt_vid_out_mplane = vh264_g_fmt,
	.vidioc_try_fmt_vid_cap = vh264_try_fmt,
	.vidioc_try_fmt_vid_out = vh264_try_fmt,
	.vidioc_try_fmt_vid_cap_mplane = vh264_try_fmt,
	.vidioc_try_fmt_vid_out_mplane = vh264_try_fmt,
	.vidioc_s_fmt_vid_cap = vh264_s_fmt,
	.vidioc_s_fmt_vid_out = vh264_s_fmt,
	.vidioc_s_fmt_vid_cap_mplane = vh264_s_fmt,
	.vidioc_s_fmt_vid_out_mplane = vh264_s_fmt,
	.vidioc_enum_framesizes = vh264_enum_framesizes,
	.vidioc_g_selection = vh264_g_selection,
	.vidioc_s_selection = vh264_s_selection,
	.vidioc_g_parm = vh264_g_parm,
	.vidioc_s_parm = vh264_s_parm,
	.vidioc_reqbufs = v4l2_m2m_ioctl_reqbufs,
	.vidioc_querybuf = v4l2_m2m_ioctl_querybuf,
	.vidioc_qbuf = v4l2_m2m_ioctl_qbuf,
	.vidioc_dqbuf = v4l2_m2m_ioctl_dqbuf,
	.vidioc_prepare_buf = v4l2_m2m_ioctl_prepare_buf,
	.vidioc_create_bufs = v4l2_m2m_ioctl_create_bufs,
	.vidioc_expbuf = v4l2_m2m_ioctl_expbuf,
	.vidioc_streamon = v4l2_m2m_ioctl_streamon,
	.vidioc_streamoff = v4l2_m2m_ioctl_streamoff,
	.vidioc_try_encoder_cmd = v4l2_m2m_ioctl_try_encoder_cmd,
	.vidioc_encoder_cmd = vh264_encoder_cmd,
	.vidioc_subscribe_event = subscribe_event,
	.vidioc_unsubscribe_event = v4l2_event_unsubscribe,
};

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

static int vh264_open(struct file *file)
{
	struct vh264_device *device = video_drvdata(file);
	unsigned int most = vh264_quirks.instances;
	struct vh264_ctx *ctx;
	int r = -ENOMEM;

	if (atomic_inc_return(&device->instances) > most && most) {
		atomic_dec(&device->instances);
		return -EBUSY;
	}
	ctx = kzalloc(sizeof(*ctx), GFP_KERNEL);
	if (!ctx)
		goto fail_ctx;
	ctx->device = device;
	INIT_DELAYED_WORK(&ctx->work, vh264_work);
	v4l2_fh_init(&ctx->fh, video_devdata(file));
	file->private_data = &ctx->fh;
	r = vh264_controls_init(ctx);
	if (r)
		goto fail_controls;
	ctx->fh.ctrl_handler = &ctx->controls;
	vh264_format_init(ctx);
	ctx->fh.m2m_ctx = v4l2_m2m_ctx_init(device->m2m, ctx, vh264_queue_init);
	if (IS_ERR(ctx->fh.m2m_ctx)) {
		r = PTR_ERR(ctx->fh.m2m_ctx);
		goto fail_controls;
	}
	v4l2_fh_add(&ctx->fh);
	return 0;

fail_controls:
	v4l2_ctrl_handler_free(&ctx->controls);
	v4l2_fh_exit(&ctx->fh);
	kfree(ctx);
fail_ctx:
	atomic_dec(&device->instances);
	return r;
}

static int vh264_release(struct file *file)
{
	struct vh264_ctx *ctx = vh264_ctx_of(file);
	struct vh264_device *device = ctx->device;

	mutex_lock(&device->lock);
	v4l2_m2m_ctx_release(ctx->fh.m2m_ctx);
	mutex_unlock(&device->lock);
	v4l2_fh_del(&ctx->fh);
	v4l2_fh_exit(&ctx->fh);
	v4l2_ctrl_handler_free(&ctx->controls);
	vh264_stream_end(&ctx->stream);
	kfree(ctx);
	atomic_dec(&device->instances);
	return 0;
}

static const struct v4l2_file_operations file_ops = {
	.owner = THIS_MODULE,
	.open = vh264_open,
	.release = vh264_release,
	.poll = v4l2_m2m_fop_poll,
	.unlocked_ioctl = video_ioctl2,
	.mmap = v4l2_m2m_fop_mmap,
};

static void describe_video(struct vh264_device *device)
{
	struct video_device *video = &device->video;

	strscpy(video->name, VH264_NAME "-enc", sizeof(video->name));
	video->vfl_dir = VFL_DIR_M2M;
	video->fops = &file_ops;
	video->ioctl_ops = &ioctl_ops;
	video->release = video_device_release_empty;
	video->lock = &device->lock;
	video->v4l2_dev = &device->v4l2;
	video->device_caps = V4L2_CAP_STREAMING;
	video->device_caps |=
		vh264_quirks.multiplanar ? V4L2_CAP_VIDEO_M2M_MPLANE : V4L2_CAP_VIDEO_M2M;
	if (vh264_quirks.no_crop) {
		v4l2_disable_ioctl(video, VIDIOC_G_SELECTION);
		v4l2_disable_ioctl(video, VIDIOC_S_SELECTION);
		v4l2_disable_ioctl(video, VIDIOC_G_CROP);
		v4l2_disable_ioctl(video, VIDIOC_S_CROP);
		v4l2_disable_ioctl(video, VIDIOC_CROPCAP);
	}
	video_set_drvdata(video, device);
}

/* The video node and its place in the media graph. */
static int register_video(struct vh264_device *device)
{
	int r = video_register_device(&device->video, VFL_TYPE_VIDEO, -1);

	if (r)
		return r;
	r = v4l2_m2m_register_media_controller(device->m2m, &device->video,
					       MEDIA_ENT_F_PROC_VIDEO_ENCODER);
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
	struct vh264_device *device = devm_kzalloc(&platform->dev, sizeof(*device), GFP_KERNEL);
	int r;

	if (!device)
		return -ENOMEM;
	mutex_init(&device->lock);
	spin_lock_init(&device->state_lock);
	device->media.dev = &platform->dev;
	strscpy(device->media.model, VH264_NAME, sizeof(device->media.model));
	strscpy(device->media.bus_info, "platform:" VH264_NAME, sizeof(device->media.bus_info));
	media_device_init(&device->media);
	device->v4l2.mdev = &device->media;
	r = v4l2_device_register(&platform->dev, &device->v4l2);
	if (r)
		goto fail_v4l2;
	device->queue = alloc_workqueue(VH264_NAME, WQ_UNBOUND, 0);
	if (!device->queue) {
		r = -ENOMEM;
		goto fail_queue;
	}
	device->m2m = v4l2_m2m_init(&vh264_m2m_ops);
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
	struct vh264_device *device = platform_get_drvdata(platform);

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
	.driver = {.name = VH264_NAME},
};

static struct platform_device *platform_device;

static int __init vh264_init(void)
{
	int r;

	if (vh264_quirks.multiplanar)
		drop_single(&ioctl_ops);
	else
		drop_multi(&ioctl_ops);
	r = platform_driver_register(&driver);
	if (r)
		return r;
	platform_device = platform_device_register_simple(VH264_NAME, -1, NULL, 0);
	if (IS_ERR(platform_device)) {
		platform_driver_unregister(&driver);
		return PTR_ERR(platform_device);
	}
	return 0;
}

static void __exit vh264_exit(void)
{
	platform_device_unregister(platform_device);
	platform_driver_unregister(&driver);
}

module_init(vh264_init);
module_exit(vh264_exit);
MODULE_DESCRIPTION("virtual stateful H.264 encoder");
MODULE_LICENSE("GPL");
