// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/vmalloc.h>

#include "vconv.h"

struct vconv_quirks vconv_quirks = {.inputs = "YUYV,UYVY,NV12,YU12,RGB3", .formats = "NV12,YU12"};

#define PARAMETER(name, field, type, mode, text)                  \
	module_param_named(name, vconv_quirks.field, type, mode); \
	MODULE_PARM_DESC(name, text)
#define QUIRK(name, type, mode, text)  PARAMETER(name, name, type, mode, text)
#define DEVICE(name, type, mode, text) PARAMETER(name, device.name, type, mode, text)

QUIRK(multiplanar, bool, 0444, "speak the multi-planar API");
QUIRK(inputs, charp, 0444, "formats in: YUYV,UYVY,NV12,YU12,RGB3,NM12,YM12");
QUIRK(formats, charp, 0444, "formats out: NV12,YU12,NM12,YM12");
QUIRK(height_align, uint, 0444, "heights are multiples of this power of two");
QUIRK(stride_align, uint, 0444, "lines are multiples of this power of two, in bytes");
QUIRK(no_compose, bool, 0444, "no selections");
DEVICE(no_import, bool, 0444, "pictures come from memory of its own only");
QUIRK(drop_every, uint, 0644, "each Nth picture never comes out");
QUIRK(fail_every, uint, 0644, "each Nth picture comes out as faulty");
DEVICE(stall_after, uint, 0644, "after N pictures nothing happens any more");
DEVICE(delay_ms, uint, 0644, "what each picture takes");
DEVICE(instances, uint, 0644, "open files at most");

static int vconv_open(struct m2m_ctx *base)
{
	v4l2_ctrl_handler_init(&base->controls, 0);
	vconv_format_init(container_of(base, struct vconv_ctx, base));
	return base->controls.error;
}

static void vconv_close(struct m2m_ctx *base)
{
	vfree(container_of(base, struct vconv_ctx, base)->scratch);
}

static struct m2m_kind kind = {
	.name = VCONV_NAME,
	.node = VCONV_NAME "-conv",
	.function = MEDIA_ENT_F_PROC_VIDEO_SCALER,
	.ctx_size = sizeof(struct vconv_ctx),
	.quirks = &vconv_quirks.device,
	.open = vconv_open,
	.close = vconv_close,
	.sizes = vconv_format_sizes,
	.start = vconv_start,
	.run = vconv_run,
	.ioctl_ops =
		{
			.vidioc_enum_fmt_vid_cap = vconv_enum_fmt,
			.vidioc_enum_fmt_vid_out = vconv_enum_fmt,
			.vidioc_g_fmt_vid_cap = vconv_g_fmt,
			.vidioc_g_fmt_vid_out = vconv_g_fmt,
			.vidioc_g_fmt_vid_cap_mplane = vconv_g_fmt,
			.vidioc_g_fmt_vid_out_mplane = vconv_g_fmt,
			.vidioc_try_fmt_vid_cap = vconv_try_fmt,
			.vidioc_try_fmt_vid_out = vconv_try_fmt,
			.vidioc_try_fmt_vid_cap_mplane = vconv_try_fmt,
			.vidioc_try_fmt_vid_out_mplane = vconv_try_fmt,
			.vidioc_s_fmt_vid_cap = vconv_s_fmt,
			.vidioc_s_fmt_vid_out = vconv_s_fmt,
			.vidioc_s_fmt_vid_cap_mplane = vconv_s_fmt,
			.vidioc_s_fmt_vid_out_mplane = vconv_s_fmt,
			.vidioc_enum_framesizes = vconv_enum_framesizes,
			.vidioc_g_selection = vconv_g_selection,
			.vidioc_s_selection = vconv_s_selection,
		},
};

static int __init vconv_init(void)
{
	kind.multiplanar = vconv_quirks.multiplanar;
	if (vconv_quirks.no_compose)
		kind.ioctl_ops.vidioc_g_selection = NULL;
	if (vconv_quirks.no_compose)
		kind.ioctl_ops.vidioc_s_selection = NULL;
	return m2m_register(&kind);
}

static void __exit vconv_exit(void)
{
	m2m_unregister(&kind);
}

module_init(vconv_init);
module_exit(vconv_exit);
MODULE_DESCRIPTION("virtual converter and scaler");
MODULE_LICENSE("GPL");
