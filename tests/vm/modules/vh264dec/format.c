// SPDX-License-Identifier: GPL-2.0-only
#include "vh264dec.h"

#define CODED_MIN     (64u << 10)
#define CODED_MAX     (16u << 20)
#define CODED_DEFAULT (1u << 20)

static const u32 kinds[] = {V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_XBGR32};

static bool offered(u32 fourcc)
{
	char name[5] = {fourcc, fourcc >> 8, fourcc >> 16, fourcc >> 24};

	return strstr(vh264dec_quirks.formats, name);
}

/* 0: there is none of this index. */
static u32 kind_at(u32 index)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (offered(kinds[i]) && index-- == 0)
			return kinds[i];
	return 0;
}

static u32 kind_of(u32 fourcc)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i] == fourcc && offered(fourcc))
			return fourcc;
	return kind_at(0);
}

static u32 stride_of(u32 fourcc, u32 width)
{
	return fourcc == V4L2_PIX_FMT_NV12 ? width : width * 4;
}

static u32 bytes_of(u32 fourcc, const struct vh264dec_size *s)
{
	u32 bytes = stride_of(fourcc, s->width) * s->height;

	return fourcc == V4L2_PIX_FMT_NV12 ? bytes * 3 / 2 : bytes;
}

void vh264dec_format_init(struct vh264dec_ctx *ctx)
{
	ctx->fourcc = kind_at(0);
	ctx->coded_size = CODED_DEFAULT;
	ctx->size = (struct vh264dec_size){640, 368, 640, 360};
	ctx->colors.colorspace = V4L2_COLORSPACE_SMPTE170M;
}

u32 vh264dec_picture_bytes(const struct vh264dec_ctx *ctx)
{
	return bytes_of(ctx->fourcc, &ctx->size);
}

unsigned int vh264dec_format_sizes(const struct m2m_ctx *base, u32 type, u32 ret[M2M_PLANES_MAX])
{
	const struct vh264dec_ctx *ctx = container_of(base, struct vh264dec_ctx, base);

	ret[0] = V4L2_TYPE_IS_OUTPUT(type) ? ctx->coded_size : vh264dec_picture_bytes(ctx);
	return 1;
}

static void write_nv12(const struct vh264dec_size *s, const u8 *from, u8 *to)
{
	u32 luma = s->width * s->height, i;

	memcpy(to, from, luma);
	for (i = 0; i < luma / 4; i++) {
		to[luma + 2 * i] = from[luma + i];
		to[luma + 2 * i + 1] = from[luma + luma / 4 + i];
	}
}

/* BT.601, limited range, in 16.16 fixed point. */
static void write_pixel(u8 *to, int y, int u, int v)
{
	int luma = 76309 * (y - 16) + 32768;

	to[0] = clamp((luma + 132201 * (u - 128)) >> 16, 0, 255);
	to[1] = clamp((luma - 25675 * (u - 128) - 53279 * (v - 128)) >> 16, 0, 255);
	to[2] = clamp((luma + 104597 * (v - 128)) >> 16, 0, 255);
	to[3] = 0;
}

static void write_xrgb(const struct vh264dec_size *s, const u8 *from, u8 *to)
{
	const u8 *u = from + s->width * s->height, *v = u + s->width * s->height / 4;
	u32 x, y;

	for (y = 0; y < s->height; y++)
		for (x = 0; x < s->width; x++, to += 4) {
			u32 chroma = y / 2 * (s->width / 2) + x / 2;

			write_pixel(to, from[y * s->width + x], u[chroma], v[chroma]);
		}
}

void vh264dec_write_picture(const struct vh264dec_ctx *ctx, u8 *to)
{
	if (ctx->fourcc == V4L2_PIX_FMT_NV12)
		write_nv12(&ctx->size, ctx->reference, to);
	else
		write_xrgb(&ctx->size, ctx->reference, to);
}

int vh264dec_enum_fmt(struct file *file, void *fh, struct v4l2_fmtdesc *f)
{
	f->pixelformat = kind_at(f->index);
	if (V4L2_TYPE_IS_OUTPUT(f->type)) {
		f->pixelformat = f->index ? 0 : V4L2_PIX_FMT_H264;
		f->flags = V4L2_FMT_FLAG_DYN_RESOLUTION;
	}
	return f->pixelformat ? 0 : -EINVAL;
}

static void write_format(const struct vh264dec_ctx *ctx, struct v4l2_format *f, u32 fourcc)
{
	struct v4l2_pix_format *pix = &f->fmt.pix;
	bool coded = V4L2_TYPE_IS_OUTPUT(f->type);

	pix->width = coded ? ctx->size.visible_width : ctx->size.width;
	pix->height = coded ? ctx->size.visible_height : ctx->size.height;
	pix->pixelformat = coded ? V4L2_PIX_FMT_H264 : fourcc;
	pix->field = V4L2_FIELD_NONE;
	pix->bytesperline = coded ? 0 : stride_of(fourcc, ctx->size.width);
	pix->sizeimage = coded ? ctx->coded_size : bytes_of(fourcc, &ctx->size);
	pix->colorspace = ctx->colors.colorspace;
	pix->ycbcr_enc = ctx->colors.ycbcr_enc;
	pix->xfer_func = ctx->colors.xfer_func;
	pix->quantization = ctx->colors.quantization;
	pix->flags = 0;
}

int vh264dec_g_fmt(struct file *file, void *fh, struct v4l2_format *f)
{
	struct vh264dec_ctx *ctx = vh264dec_ctx_of(file);

	write_format(ctx, f, ctx->fourcc);
	return 0;
}

int vh264dec_try_fmt(struct file *file, void *fh, struct v4l2_format *f)
{
	const struct v4l2_pix_format asked = f->fmt.pix;

	write_format(vh264dec_ctx_of(file), f, kind_of(asked.pixelformat));
	if (V4L2_TYPE_IS_CAPTURE(f->type))
		return 0;
	f->fmt.pix.sizeimage = clamp(asked.sizeimage, CODED_MIN, CODED_MAX);
	f->fmt.pix.colorspace = asked.colorspace;
	f->fmt.pix.ycbcr_enc = asked.ycbcr_enc;
	f->fmt.pix.xfer_func = asked.xfer_func;
	f->fmt.pix.quantization = asked.quantization;
	return 0;
}

int vh264dec_s_fmt(struct file *file, void *fh, struct v4l2_format *f)
{
	struct vh264dec_ctx *ctx = vh264dec_ctx_of(file);

	if (vb2_is_busy(v4l2_m2m_get_vq(ctx->base.fh.m2m_ctx, f->type)))
		return -EBUSY;
	vh264dec_try_fmt(file, fh, f);
	if (V4L2_TYPE_IS_CAPTURE(f->type)) {
		ctx->fourcc = f->fmt.pix.pixelformat;
		return 0;
	}
	ctx->coded_size = f->fmt.pix.sizeimage;
	ctx->colors = f->fmt.pix;
	return 0;
}

int vh264dec_g_selection(struct file *file, void *fh, struct v4l2_selection *s)
{
	const struct vh264dec_size *size = &vh264dec_ctx_of(file)->size;

	if (s->type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
		return -EINVAL;
	s->r = (struct v4l2_rect){.width = size->visible_width, .height = size->visible_height};
	switch (s->target) {
	case V4L2_SEL_TGT_COMPOSE_PADDED:
	case V4L2_SEL_TGT_COMPOSE_BOUNDS:
	case V4L2_SEL_TGT_CROP_BOUNDS:
		s->r.width = size->width;
		s->r.height = size->height;
		return 0;
	case V4L2_SEL_TGT_COMPOSE:
	case V4L2_SEL_TGT_COMPOSE_DEFAULT:
	case V4L2_SEL_TGT_CROP:
	case V4L2_SEL_TGT_CROP_DEFAULT:
		return 0;
	default:
		return -EINVAL;
	}
}
