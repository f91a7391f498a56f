// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>

#include "venc.h"

struct venc_quirks venc_quirks = {.codecs = "H264", .formats = "NV12"};

#define PARAMETER(name, field, type, mode, text)                 \
	module_param_named(name, venc_quirks.field, type, mode); \
	MODULE_PARM_DESC(name, text)
#define QUIRK(name, type, mode, text)  PARAMETER(name, name, type, mode, text)
#define DEVICE(name, type, mode, text) PARAMETER(name, device.name, type, mode, text)

QUIRK(multiplanar, bool, 0444, "speak the multi-planar API");
QUIRK(codecs, charp, 0444, "coded formats: H264,HEVC,JPEG");
QUIRK(formats, charp, 0444, "raw formats: NV12,YU12,NM12,YM12");
QUIRK(width_align, uint, 0444, "widths are multiples of this power of two");
QUIRK(height_align, uint, 0444, "heights are multiples of this power of two");
QUIRK(stride_align, uint, 0444, "lines are multiples of this power of two, in bytes");
QUIRK(no_crop, bool, 0444, "no selections");
DEVICE(no_import, bool, 0444, "raw pictures from memory of its own only");
QUIRK(no_force_keyframe, bool, 0444, "keyframes cannot be asked for");
QUIRK(busy_controls, bool, 0644, "settings are refused while it streams");
QUIRK(headers, uint, 0444, "0: before each keyframe, 1: the first, 2: in a buffer of their own");
QUIRK(drop_every, uint, 0644, "each Nth picture never comes out");
QUIRK(fail_every, uint, 0644, "each Nth picture comes out as faulty");
DEVICE(no_commands, bool, 0444, "cannot be drained");
DEVICE(stall_after, uint, 0644, "after N pictures nothing happens any more");
QUIRK(stall_hard, bool, 0644, "a stall lasts until the file is closed");
DEVICE(delay_ms, uint, 0644, "what each picture takes");
DEVICE(min_output, uint, 0444, "raw pictures that it keeps before it works");
QUIRK(coded_max, uint, 0444, "bytes of a coded buffer at most");
DEVICE(instances, uint, 0644, "open files at most");

static int venc_open(struct m2m_ctx *base)
{
	struct venc_ctx *ctx = container_of(base, struct venc_ctx, base);
	int r = venc_controls_init(ctx);

	if (!r)
		venc_format_init(ctx);
	return r;
}

static void venc_close(struct m2m_ctx *base)
{
	venc_stream_end(&container_of(base, struct venc_ctx, base)->stream);
}

static struct m2m_kind kind = {
	.name = VENC_NAME,
	.node = VENC_NAME "-enc",
	.function = MEDIA_ENT_F_PROC_VIDEO_ENCODER,
	.ctx_size = sizeof(struct venc_ctx),
	.quirks = &venc_quirks.device,
	.open = venc_open,
	.close = venc_close,
	.sizes = venc_format_sizes,
	.start = venc_start,
	.queued = venc_queued,
	.run = venc_run,
	.ioctl_ops =
		{
			.vidioc_enum_fmt_vid_cap = venc_enum_fmt,
			.vidioc_enum_fmt_vid_out = venc_enum_fmt,
			.vidioc_g_fmt_vid_cap = venc_g_fmt,
			.vidioc_g_fmt_vid_out = venc_g_fmt,
			.vidioc_g_fmt_vid_cap_mplane = venc_g_fmt,
			.vidioc_g_fmt_vid_out_mplane = venc_g_fmt,
			.vidioc_try_fmt_vid_cap = venc_try_fmt,
			.vidioc_try_fmt_vid_out = venc_try_fmt,
			.vidioc_try_fmt_vid_cap_mplane = venc_try_fmt,
			.vidioc_try_fmt_vid_out_mplane = venc_try_fmt,
			.vidioc_s_fmt_vid_cap = venc_s_fmt,
			.vidioc_s_fmt_vid_out = venc_s_fmt,
			.vidioc_s_fmt_vid_cap_mplane = venc_s_fmt,
			.vidioc_s_fmt_vid_out_mplane = venc_s_fmt,
			.vidioc_enum_framesizes = venc_enum_framesizes,
			.vidioc_g_selection = venc_g_selection,
			.vidioc_s_selection = venc_s_selection,
			.vidioc_g_parm = venc_g_parm,
			.vidioc_s_parm = venc_s_parm,
		},
};

static int __init venc_init(void)
{
	if (!venc_codec_at(0))
		return -EINVAL;
	kind.multiplanar = venc_quirks.multiplanar;
	if (venc_quirks.no_crop) {
		kind.ioctl_ops.vidioc_g_selection = NULL;
		kind.ioctl_ops.vidioc_s_selection = NULL;
	}
	/* Pictures by themselves have no rate. */
	if (!venc_codec_at(0)->headers) {
		kind.ioctl_ops.vidioc_g_parm = NULL;
		kind.ioctl_ops.vidioc_s_parm = NULL;
	}
	return m2m_register(&kind);
}

static void __exit venc_exit(void)
{
	m2m_unregister(&kind);
}

module_init(venc_init);
module_exit(venc_exit);
MODULE_DESCRIPTION("virtual stateful encoder");
MODULE_LICENSE("GPL");
