// SPDX-License-Identifier: GPL-2.0-only
#include "vconv.h"

#define STRIDE_MAX 8192u

/* bytes: of a pixel in the first plane; halves: of luma's lines that chroma adds, 4:2:0. */
static const struct format {
	u32 fourcc;
	unsigned int bytes, halves;
} formats[] = {
	{V4L2_PIX_FMT_YUYV, 2, 0},    {V4L2_PIX_FMT_UYVY, 2, 0},  {V4L2_PIX_FMT_NV12, 1, 1},
	{V4L2_PIX_FMT_YUV420, 1, 1},  {V4L2_PIX_FMT_RGB24, 3, 0}, {V4L2_PIX_FMT_NV12M, 1, 1},
	{V4L2_PIX_FMT_YUV420M, 1, 1},
};

static bool offered(const struct format *format, u32 type)
{
	char name[5] = {format->fourcc, format->fourcc >> 8, format->fourcc >> 16,
			format->fourcc >> 24};

	if (vconv_planes(format->fourcc) > 1 && !vconv_quirks.multiplanar)
		return false;
	return strstr(V4L2_TYPE_IS_OUTPUT(type) ? vconv_quirks.inputs : vconv_quirks.formats, name);
}

static const struct format *format_at(u32 index, u32 type)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (offered(&formats[i], type) && index-- == 0)
			return &formats[i];
	return NULL;
}

/* The first one for what is not offered. */
static const struct format *format_of(u32 fourcc, u32 type)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (formats[i].fourcc == fourcc && offered(&formats[i], type))
			return &formats[i];
	return format_at(0, type);
}

/* What this converter makes of a format that is asked for. */
static void adjust(struct vconv_side *side, u32 type)
{
	const struct format *format = format_of(side->fourcc, type);
	bool input = V4L2_TYPE_IS_OUTPUT(type);
	u32 lines = input ? 2 : max(vconv_quirks.height_align, 2u);
	u32 align = input ? 2 : max(vconv_quirks.stride_align, 2u);
	u32 least;

	side->fourcc = format->fourcc;
	side->width = ALIGN(clamp(side->width, VCONV_SIZE_MIN, VCONV_SIZE_MAX), 2);
	side->height = ALIGN(clamp(side->height, VCONV_SIZE_MIN, VCONV_SIZE_MAX), lines);
	least = side->width * format->bytes;
	/* Chroma lines are half as long. */
	if (format->fourcc == V4L2_PIX_FMT_YUV420 || format->fourcc == V4L2_PIX_FMT_YUV420M)
		align = max(align, 4u);
	side->stride = ALIGN(clamp(side->stride, least, STRIDE_MAX), align);
	side->size = side->stride * side->height;
	side->size += format->halves * side->size / 2;
}

void vconv_format_init(struct vconv_ctx *ctx)
{
	ctx->from = ctx->to = (struct vconv_side){.width = 1280, .height = 720};
	ctx->colours.colorspace = V4L2_COLORSPACE_REC709;
	adjust(&ctx->from, V4L2_BUF_TYPE_VIDEO_OUTPUT);
	adjust(&ctx->to, V4L2_BUF_TYPE_VIDEO_CAPTURE);
	ctx->compose = (struct v4l2_rect){.width = ctx->to.width, .height = ctx->to.height};
}

u32 vconv_format_size(const struct vconv_side *side, unsigned int plane)
{
	u32 luma = side->stride * side->height;

	switch (vconv_planes(side->fourcc)) {
	case 1:
		return side->size;
	case 2:
		return plane ? luma / 2 : luma;
	default:
		return plane ? luma / 4 : luma;
	}
}

unsigned int vconv_format_sizes(const struct m2m_ctx *base, u32 type, u32 ret[M2M_PLANES_MAX])
{
	const struct vconv_ctx *ctx = container_of(base, struct vconv_ctx, base);

	const struct vconv_side *side = V4L2_TYPE_IS_OUTPUT(type) ? &ctx->from : &ctx->to;
	unsigned int i;

	for (i = 0; i < vconv_planes(side->fourcc); i++)
		ret[i] = vconv_format_size(side, i);
	return vconv_planes(side->fourcc);
}

int vconv_enum_fmt(struct file *file, void *fh, struct v4l2_fmtdesc *f)
{
	const struct format *format = format_at(f->index, f->type);

	if (!format)
		return -EINVAL;
	f->pixelformat = format->fourcc;
	return 0;
}

static void write_format(struct v4l2_format *f, const struct vconv_side *side,
			 const struct vconv_colours *colours)
{
	unsigned int i;

	if (V4L2_TYPE_IS_MULTIPLANAR(f->type)) {
		f->fmt.pix_mp = (struct v4l2_pix_format_mplane){
			.width = side->width,
			.height = side->height,
			.pixelformat = side->fourcc,
			.field = V4L2_FIELD_NONE,
			.colorspace = colours->colorspace,
			.ycbcr_enc = colours->ycbcr_enc,
			.xfer_func = colours->xfer_func,
			.quantization = colours->quantization,
			.num_planes = vconv_planes(side->fourcc),
		};
		for (i = 0; i < f->fmt.pix_mp.num_planes; i++) {
			f->fmt.pix_mp.plane_fmt[i].sizeimage = vconv_format_size(side, i);
			f->fmt.pix_mp.plane_fmt[i].bytesperline = i && f->fmt.pix_mp.num_planes == 3
									  ? side->stride / 2
									  : side->stride;
		}
		return;
	}
	f->fmt.pix.width = side->width;
	f->fmt.pix.height = side->height;
	f->fmt.pix.pixelformat = side->fourcc;
	f->fmt.pix.field = V4L2_FIELD_NONE;
	f->fmt.pix.bytesperline = side->stride;
	f->fmt.pix.sizeimage = side->size;
	f->fmt.pix.colorspace = colours->colorspace;
	f->fmt.pix.ycbcr_enc = colours->ycbcr_enc;
	f->fmt.pix.xfer_func = colours->xfer_func;
	f->fmt.pix.quantization = colours->quantization;
	f->fmt.pix.flags = 0;
}

static void read_side(const struct v4l2_format *f, struct vconv_side *ret)
{
	const struct v4l2_pix_format *pix = &f->fmt.pix;
	const struct v4l2_pix_format_mplane *mp = &f->fmt.pix_mp;

	if (V4L2_TYPE_IS_MULTIPLANAR(f->type))
		*ret = (struct vconv_side){mp->pixelformat, mp->width, mp->height,
					   mp->plane_fmt[0].bytesperline};
	else
		*ret = (struct vconv_side){pix->pixelformat, pix->width, pix->height,
					   pix->bytesperline};
}

static struct vconv_colours read_colours(const struct v4l2_format *f)
{
	const struct v4l2_pix_format *pix = &f->fmt.pix;
	const struct v4l2_pix_format_mplane *mp = &f->fmt.pix_mp;

	if (V4L2_TYPE_IS_MULTIPLANAR(f->type))
		return (struct vconv_colours){mp->colorspace, mp->ycbcr_enc, mp->xfer_func,
					      mp->quantization};
	return (struct vconv_colours){pix->colorspace, pix->ycbcr_enc, pix->xfer_func,
				      pix->quantization};
}

int vconv_g_fmt(struct file *file, void *fh, struct v4l2_format *f)
{
	struct vconv_ctx *ctx = vconv_ctx_of(file);

	write_format(f, V4L2_TYPE_IS_OUTPUT(f->type) ? &ctx->from : &ctx->to, &ctx->colours);
	return 0;
}

int vconv_try_fmt(struct file *file, void *fh, struct v4l2_format *f)
{
	struct vconv_colours colours = vconv_ctx_of(file)->colours;
	struct vconv_side side;

	read_side(f, &side);
	if (V4L2_TYPE_IS_OUTPUT(f->type))
		colours = read_colours(f);
	adjust(&side, f->type);
	write_format(f, &side, &colours);
	return 0;
}

int vconv_s_fmt(struct file *file, void *fh, struct v4l2_format *f)
{
	struct vconv_ctx *ctx = vconv_ctx_of(file);
	struct vconv_side side;

	if (vb2_is_busy(v4l2_m2m_get_vq(ctx->base.fh.m2m_ctx, f->type)))
		return -EBUSY;
	vconv_try_fmt(file, fh, f);
	read_side(f, &side);
	adjust(&side, f->type);
	if (V4L2_TYPE_IS_OUTPUT(f->type)) {
		ctx->colours = read_colours(f);
		ctx->from = side;
		return 0;
	}
	ctx->to = side;
	ctx->compose = (struct v4l2_rect){.width = side.width, .height = side.height};
	return 0;
}

int vconv_enum_framesizes(struct file *file, void *fh, struct v4l2_frmsizeenum *e)
{
	bool known =
		format_of(e->pixel_format, V4L2_BUF_TYPE_VIDEO_OUTPUT)->fourcc == e->pixel_format ||
		format_of(e->pixel_format, V4L2_BUF_TYPE_VIDEO_CAPTURE)->fourcc == e->pixel_format;

	if (e->index || !known)
		return -EINVAL;
	e->type = V4L2_FRMSIZE_TYPE_STEPWISE;
	e->stepwise = (struct v4l2_frmsize_stepwise){
		.min_width = VCONV_SIZE_MIN,
		.max_width = VCONV_SIZE_MAX,
		.step_width = 2,
		.min_height = VCONV_SIZE_MIN,
		.max_height = VCONV_SIZE_MAX,
		.step_height = 2,
	};
	return 0;
}

int vconv_g_selection(struct file *file, void *fh, struct v4l2_selection *s)
{
	struct vconv_ctx *ctx = vconv_ctx_of(file);

	if (s->type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
		return -EINVAL;
	switch (s->target) {
	case V4L2_SEL_TGT_COMPOSE:
		s->r = ctx->compose;
		return 0;
	case V4L2_SEL_TGT_COMPOSE_DEFAULT:
	case V4L2_SEL_TGT_COMPOSE_BOUNDS:
		s->r = (struct v4l2_rect){.width = ctx->to.width, .height = ctx->to.height};
		return 0;
	default:
		return -EINVAL;
	}
}

int vconv_s_selection(struct file *file, void *fh, struct v4l2_selection *s)
{
	struct vconv_ctx *ctx = vconv_ctx_of(file);

	if (s->type != V4L2_BUF_TYPE_VIDEO_CAPTURE || s->target != V4L2_SEL_TGT_COMPOSE)
		return -EINVAL;
	if (vb2_is_busy(&ctx->base.fh.m2m_ctx->cap_q_ctx.q))
		return -EBUSY;
	s->r.left = s->r.top = 0;
	s->r.width = clamp(ALIGN(s->r.width, 2), VCONV_SIZE_MIN, ctx->to.width);
	s->r.height = clamp(ALIGN(s->r.height, 2), VCONV_SIZE_MIN, ctx->to.height);
	ctx->compose = s->r;
	return 0;
}
