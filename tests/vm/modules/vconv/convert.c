// SPDX-License-Identifier: GPL-2.0-only
#include <linux/vmalloc.h>

#include "vconv.h"

/* Where the samples of a picture that comes in are. */
struct samples {
	const u8 *y, *cb, *cr;
	u32 y_stride, c_stride;
	u32 y_step, c_step; /* from a sample to the next */
	bool every_line;    /* chroma is 4:2:2 */
};

static void convert_rgb(const struct vconv_side *side, const u8 *rgb, u8 *luma)
{
	u8 *cb = luma + side->width * side->height, *cr = cb + side->width * side->height / 4;
	u32 x, y;

	for (y = 0; y < side->height; y++)
		for (x = 0; x < side->width; x++) {
			const u8 *p = rgb + y * side->stride + 3 * x;

			*luma++ = (66 * p[0] + 129 * p[1] + 25 * p[2] + 128 + (16 << 8)) >> 8;
		}
	for (y = 0; y < side->height; y += 2)
		for (x = 0; x < side->width; x += 2) {
			const u8 *a = rgb + y * side->stride + 3 * x, *b = a + side->stride;
			int r = (a[0] + a[3] + b[0] + b[3] + 2) / 4;
			int g = (a[1] + a[4] + b[1] + b[4] + 2) / 4;
			int l = (a[2] + a[5] + b[2] + b[5] + 2) / 4;

			*cb++ = (-38 * r - 74 * g + 112 * l + 128 + (128 << 8)) >> 8;
			*cr++ = (112 * r - 94 * g - 18 * l + 128 + (128 << 8)) >> 8;
		}
}

/* Where each component begins: behind the one before, or in a memory plane of its own. */
static void find_components(const struct vconv_side *side, u8 *at, u8 *ret[3])
{
	u32 luma = side->stride * side->height;

	ret[0] = at;
	ret[1] = at + luma;
	ret[2] = ret[1] + luma / 4;
}

static void find_planes(const struct vconv_side *side, struct vb2_buffer *buffer, u8 *ret[3])
{
	unsigned int i;

	find_components(side, vb2_plane_vaddr(buffer, 0), ret);
	for (i = 1; i < vconv_planes(side->fourcc); i++)
		ret[i] = vb2_plane_vaddr(buffer, i);
}

static void find_samples(const struct vconv_side *side, u8 *const at[3], struct samples *ret)
{
	*ret = (struct samples){.y = at[0], .y_stride = side->stride, .c_stride = side->stride};
	switch (side->fourcc) {
	case V4L2_PIX_FMT_YUYV:
	case V4L2_PIX_FMT_UYVY:
		ret->y += side->fourcc == V4L2_PIX_FMT_UYVY;
		ret->cb = at[0] + (side->fourcc == V4L2_PIX_FMT_YUYV);
		ret->cr = ret->cb + 2;
		ret->y_step = 2;
		ret->c_step = 4;
		ret->every_line = true;
		break;
	case V4L2_PIX_FMT_NV12:
	case V4L2_PIX_FMT_NV12M:
		ret->cb = at[1];
		ret->cr = ret->cb + 1;
		ret->y_step = 1;
		ret->c_step = 2;
		break;
	default:
		ret->cb = at[1];
		ret->cr = at[2];
		ret->c_stride = side->stride / 2;
		ret->y_step = ret->c_step = 1;
	}
}

static void fill_columns(struct vconv_ctx *ctx, const struct samples *s)
{
	u32 x;

	for (x = 0; x < ctx->compose.width; x++)
		ctx->columns[0][x] = x * ctx->from.width / ctx->compose.width * s->y_step;
	for (x = 0; x < ctx->compose.width / 2; x++)
		ctx->columns[1][x] =
			x * (ctx->from.width / 2) / (ctx->compose.width / 2) * s->c_step;
}

static void write_luma(const struct vconv_ctx *ctx, const struct samples *s, u8 *to)
{
	u32 x, y;

	for (y = 0; y < ctx->compose.height; y++) {
		const u8 *line = s->y + y * ctx->from.height / ctx->compose.height * s->y_stride;

		for (x = 0; x < ctx->compose.width; x++)
			to[x] = line[ctx->columns[0][x]];
		to += ctx->to.stride;
	}
}

static void write_chroma(const struct vconv_ctx *ctx, const struct samples *s, const u8 *from,
			 u8 *to, u32 stride, u32 step)
{
	u32 height = ctx->compose.height / 2, x, y;

	for (y = 0; y < height; y++) {
		u32 line = y * (ctx->from.height / 2) / height;
		const u8 *a = from + (s->every_line ? 2 * line : line) * s->c_stride;
		const u8 *b = s->every_line ? a + s->c_stride : a;

		for (x = 0; x < ctx->compose.width / 2; x++) {
			u32 at = ctx->columns[1][x];

			to[x * step] = (a[at] + b[at] + 1) / 2;
		}
		to += stride;
	}
}

static void convert(struct vconv_ctx *ctx, u8 *from[3], u8 *to[3])
{
	bool planar =
		ctx->to.fourcc == V4L2_PIX_FMT_YUV420 || ctx->to.fourcc == V4L2_PIX_FMT_YUV420M;
	u32 stride = planar ? ctx->to.stride / 2 : ctx->to.stride, step = planar ? 1 : 2;
	struct vconv_side side = ctx->from;
	struct samples s;

	if (side.fourcc == V4L2_PIX_FMT_RGB24) {
		convert_rgb(&side, from[0], ctx->scratch);
		side.fourcc = V4L2_PIX_FMT_YUV420;
		side.stride = side.width;
		find_components(&side, ctx->scratch, from);
	}
	find_samples(&side, from, &s);
	fill_columns(ctx, &s);
	write_luma(ctx, &s, to[0]);
	write_chroma(ctx, &s, s.cb, to[1], stride, step);
	write_chroma(ctx, &s, s.cr, planar ? to[2] : to[1] + 1, stride, step);
}

static bool due(unsigned int every, u32 picture)
{
	return every && picture % every == every - 1;
}

void vconv_run(struct m2m_ctx *base)
{
	struct vconv_ctx *ctx = container_of(base, struct vconv_ctx, base);
	struct vb2_v4l2_buffer *from = v4l2_m2m_next_src_buf(base->fh.m2m_ctx);
	struct vb2_v4l2_buffer *to = v4l2_m2m_next_dst_buf(base->fh.m2m_ctx);
	u32 picture = base->pictures++;
	bool dropped = due(vconv_quirks.drop_every, picture);
	int n = vconv_format_size(&ctx->to, 0);
	u8 *in[3], *out[3];

	if (!m2m_maps(&from->vb2_buf) || !m2m_maps(&to->vb2_buf)) {
		n = -EFAULT;
	} else if (!dropped) {
		find_planes(&ctx->from, &from->vb2_buf, in);
		find_planes(&ctx->to, &to->vb2_buf, out);
		convert(ctx, in, out);
	}
	if (due(vconv_quirks.fail_every, picture))
		n = -EIO;
	m2m_done(base, !dropped, n, 0);
}

int vconv_start(struct m2m_ctx *base, u32 type)
{
	struct vconv_ctx *ctx = container_of(base, struct vconv_ctx, base);

	if (V4L2_TYPE_IS_CAPTURE(type))
		return 0;
	base->pictures = 0;
	vfree(ctx->scratch);
	ctx->scratch = NULL;
	if (ctx->from.fourcc != V4L2_PIX_FMT_RGB24)
		return 0;
	ctx->scratch = vmalloc(ctx->from.width * ctx->from.height * 3 / 2);
	return ctx->scratch ? 0 : -ENOMEM;
}
