// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/vmalloc.h>

#include "vh264dec.h"

struct vh264dec_quirks vh264dec_quirks = {.formats = "NV12,XR24", .device.min_capture = 2};

module_param_named(formats, vh264dec_quirks.formats, charp, 0444);
MODULE_PARM_DESC(formats, "of pictures: NV12,XR24");
module_param_named(stall_after, vh264dec_quirks.device.stall_after, uint, 0644);
MODULE_PARM_DESC(stall_after, "after N pictures nothing happens any more");
module_param_named(min_buffers, vh264dec_quirks.device.min_capture, uint, 0644);
MODULE_PARM_DESC(min_buffers, "picture buffers at least");

static int vh264dec_open(struct m2m_ctx *base)
{
	unsigned int min = vh264dec_quirks.device.min_capture;

	v4l2_ctrl_handler_init(&base->controls, 1);
	v4l2_ctrl_new_std(&base->controls, NULL, V4L2_CID_MIN_BUFFERS_FOR_CAPTURE, min, min, 1,
			  min);
	vh264dec_format_init(container_of(base, struct vh264dec_ctx, base));
	return base->controls.error;
}

static void vh264dec_close(struct m2m_ctx *base)
{
	vfree(container_of(base, struct vh264dec_ctx, base)->reference);
}

static struct m2m_kind kind = {
	.name = VH264DEC_NAME,
	.node = VH264DEC_NAME "-dec",
	.function = MEDIA_ENT_F_PROC_VIDEO_DECODER,
	.ctx_size = sizeof(struct vh264dec_ctx),
	.quirks = &vh264dec_quirks.device,
	.open = vh264dec_open,
	.close = vh264dec_close,
	.sizes = vh264dec_format_sizes,
	.start = vh264dec_start,
	.queued = vh264dec_queued,
	.run = vh264dec_run,
	.ioctl_ops =
		{
			.vidioc_enum_fmt_vid_cap = vh264dec_enum_fmt,
			.vidioc_enum_fmt_vid_out = vh264dec_enum_fmt,
			.vidioc_g_fmt_vid_cap = vh264dec_g_fmt,
			.vidioc_g_fmt_vid_out = vh264dec_g_fmt,
			.vidioc_try_fmt_vid_cap = vh264dec_try_fmt,
			.vidioc_try_fmt_vid_out = vh264dec_try_fmt,
			.vidioc_s_fmt_vid_cap = vh264dec_s_fmt,
			.vidioc_s_fmt_vid_out = vh264dec_s_fmt,
			.vidioc_g_selection = vh264dec_g_selection,
		},
};

static int __init vh264dec_init(void)
{
	return m2m_register(&kind);
}

static void __exit vh264dec_exit(void)
{
	m2m_unregister(&kind);
}

module_init(vh264dec_init);
module_exit(vh264dec_exit);
MODULE_DESCRIPTION("virtual stateful H.264 decoder");
MODULE_LICENSE("GPL");
