// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>

#include "m2m-device.h"

static void describe_video(struct m2m_device *device)
{
	const struct m2m_kind *kind = device->kind;
	struct video_device *video = &device->video;

	strscpy(video->name, kind->node, sizeof(video->name));
	video->vfl_dir = VFL_DIR_M2M;
	video->fops = &kind->file_ops;
	video->ioctl_ops = &kind->ioctl_ops;
	video->release = video_device_release_empty;
	video->lock = &device->lock;
	video->v4l2_dev = &device->v4l2;
	video->device_caps = V4L2_CAP_STREAMING;
	video->device_caps |= kind->multiplanar ? V4L2_CAP_VIDEO_M2M_MPLANE : V4L2_CAP_VIDEO_M2M;
	video_set_drvdata(video, device);
}

/* The video node and its place in the media graph. */
static int register_video(struct m2m_device *device)
{
	int r = video_register_device(&device->video, VFL_TYPE_VIDEO, -1);

	if (r)
		return r;
	r = v4l2_m2m_register_media_controller(device->m2m, &device->video, device->kind->function);
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

static void describe_media(struct m2m_device *device, struct device *parent)
{
	struct media_device *media = &device->media;

	media->dev = parent;
	strscpy(media->model, device->kind->name, sizeof(media->model));
	snprintf(media->bus_info, sizeof(media->bus_info), "platform:%s", device->kind->name);
	media_device_init(media);
	device->v4l2.mdev = media;
}

static int probe(struct platform_device *platform)
{
	struct m2m_device *device = devm_kzalloc(&platform->dev, sizeof(*device), GFP_KERNEL);
	int r;

	if (!device)
		return -ENOMEM;
	device->kind =
		container_of(to_platform_driver(platform->dev.driver), struct m2m_kind, driver);
	mutex_init(&device->lock);
	spin_lock_init(&device->state_lock);
	describe_media(device, &platform->dev);
	r = v4l2_device_register(&platform->dev, &device->v4l2);
	if (r)
		goto fail_v4l2;
	device->queue = alloc_workqueue("%s", WQ_UNBOUND, 0, device->kind->name);
	if (!device->queue) {
		r = -ENOMEM;
		goto fail_queue;
	}
	device->m2m = v4l2_m2m_init(&m2m_device_ops);
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
	struct m2m_device *device = platform_get_drvdata(platform);

	media_device_unregister(&device->media);
	v4l2_m2m_unregister_media_controller(device->m2m);
	video_unregister_device(&device->video);
	v4l2_m2m_release(device->m2m);
	destroy_workqueue(device->queue);
	v4l2_device_unregister(&device->v4l2);
	media_device_cleanup(&device->media);
	return 0;
}

int m2m_register_of(struct m2m_kind *kind, struct module *owner)
{
	int r;

	m2m_file_init(kind, owner);
	kind->driver = (struct platform_driver){
		.probe = probe,
		.remove = remove,
		.driver = {.name = kind->name},
	};
	r = __platform_driver_register(&kind->driver, owner);
	if (r)
		return r;
	kind->platform = platform_device_register_simple(kind->name, -1, NULL, 0);
	if (IS_ERR(kind->platform)) {
		platform_driver_unregister(&kind->driver);
		return PTR_ERR(kind->platform);
	}
	return 0;
}
EXPORT_SYMBOL_GPL(m2m_register_of);

void m2m_unregister(struct m2m_kind *kind)
{
	platform_device_unregister(kind->platform);
	platform_driver_unregister(&kind->driver);
}
EXPORT_SYMBOL_GPL(m2m_unregister);

MODULE_DESCRIPTION("what virtual memory-to-memory devices have in common");
MODULE_LICENSE("GPL");
