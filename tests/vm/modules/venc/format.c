// SPDX-License-Identifier: GPL-2.0-only
#include "venc.h"

#define WIDTH_MIN  64u
#define WIDTH_MAX  1920u
#define HEIGHT_MIN 64u
#define HEIGHT_MAX 1088u
#define STRIDE_MAX 4096u

/* A raw format: planar (Cb and Cr apart), multi (a memory plane for each component). */
static const struct kind {
	u32 fourcc;
	bool planar, multi;
} kinds[] = {
	{V4L2_PIX_FMT_NV12, false, false},
	{V4L2_PIX_FMT_YUV420, true, false},
	{V4L2_PIX_FMT_NV12M, false, true},
	{V4L2_PIX_FMT_YUV420M, true, true},
};

static bool offered(const struct kind *kind)
{
	char name[5] = {kind->fourcc, kind->fourcc >> 8, kind->fourcc >> 16, kind->fourcc >> 24};

	if (kind->multi && !venc_quirks.multiplanar)
		return false;
	return strstr(venc_quirks.formats, name);
}

static const struct kind *kind_at(u32 index)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (offered(&kinds[i]) && index-- == 0)
			return &kinds[i];
	return NULL;
}

/* The first one for what is not offered. */
static const struct kind *kind_of(u32 fourcc)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].fourcc == fourcc && offered(&kinds[i]))
			return &kinds[i];
	return kind_at(0);
}

static unsigned int n_planes(const struct kind *kind)
{
	return !kind->multi ? 1 : kind->planar ? 3 : 2;
}

static void lay_out(struct venc_raw_format *raw, const struct kind *kind)
{
	u32 luma = raw->stride * raw->height;

	raw->fourcc = kind->fourcc;
	raw->n_planes = n_planes(kind);
	raw->size[0] = kind->multi ? luma : luma * 3 / 2;
	raw->size[1] = kind->planar ? luma / 4 : luma / 2;
	raw->size[2] = luma / 4;
}

static u32 fit(u32 value, u32 min, u32 max, u32 align)
{
	return ALIGN(clamp(value, min, max), max(align, 2u));
}

/* What this encoder makes of a format that is asked for. */
static void adjust_raw(struct venc_raw_format *raw)
{
	const struct kind *kind = kind_of(raw->fourcc);
	u32 align = max(venc_quirks.stride_align, kind->planar ? 4u : 2u);

	raw->width = fit(raw->width, WIDTH_MIN, WIDTH_MAX, venc_quirks.width_align);
	raw->height = fit(raw->height, HEIGHT_MIN, HEIGHT_MAX, venc_quirks.height_align);
	raw->stride = ALIGN(clamp(raw->stride, raw->width, STRIDE_MAX), align);
	lay_out(raw, kind);
}

static u32 adjust_coded(const struct venc_codec *codec, u32 size, u32 width, u32 height)
{
	u32 most = codec->size_max(width, height);

	size = clamp(size, most, most * 2);
	return venc_quirks.coded_max ? min(size, venc_quirks.coded_max) : size;
}

static void set_raw(struct venc_ctx *ctx, const struct venc_raw_format *raw)
{
	ctx->raw = *raw;
	ctx->crop = (struct v4l2_rect){.width = raw->width, .height = raw->height};
	ctx->coded_size = adjust_coded(ctx->codec, ctx->coded_size, raw->width, raw->height);
}

void venc_format_init(struct venc_ctx *ctx)
{
	struct venc_raw_format raw = {
		.width = 640,
		.height = 360,
		.colorspace = V4L2_COLORSPACE_REC709,
	};

	ctx->codec = venc_codec_at(0);
	if (ctx->codec->fourcc == V4L2_PIX_FMT_JPEG)
		raw.colorspace = V4L2_COLORSPACE_SRGB;
	adjust_raw(&raw);
	ctx->coded_size = 0;
	set_raw(ctx, &raw);
	ctx->stream.interval = (struct v4l2_fract){1, 30};
}

unsigned int venc_format_sizes(const struct m2m_ctx *base, u32 type, u32 ret[M2M_PLANES_MAX])
{
	const struct venc_ctx *ctx = container_of(base, struct venc_ctx, base);

	ret[0] = ctx->coded_size;
	if (V4L2_TYPE_IS_CAPTURE(type))
		return 1;
	memcpy(ret, ctx->raw.size, sizeof(ctx->raw.size));
	return ctx->raw.n_planes;
}

void venc_format_picture(struct venc_ctx *ctx, struct vb2_buffer *buffer, struct venc_picture *ret)
{
	const struct venc_raw_format *raw = &ctx->raw;
	const struct kind *kind = kind_of(raw->fourcc);
	u32 luma = raw->stride * raw->height;

	*ret = (struct venc_picture){
		.y = vb2_plane_vaddr(buffer, 0),
		.y_stride = raw->stride,
		.c_stride = kind->planar ? raw->stride / 2 : raw->stride,
		.c_step = kind->planar ? 1 : 2,
		.width = ctx->crop.width,
		.height = ctx->crop.height,
	};
	ret->cb = kind->multi ? vb2_plane_vaddr(buffer, 1) : ret->y + luma;
	if (!kind->planar)
		ret->cr = ret->cb + 1;
	else
		ret->cr = kind->multi ? vb2_plane_vaddr(buffer, 2) : ret->cb + luma / 4;
}

int venc_enum_fmt(struct file *file, void *fh, struct v4l2_fmtdesc *f)
{
	const struct kind *kind;

	if (V4L2_TYPE_IS_CAPTURE(f->type)) {
		const struct venc_codec *codec = venc_codec_at(f->index);

		f->pixelformat = codec ? codec->fourcc : 0;
		return codec ? 0 : -EINVAL;
	}
	kind = kind_at(f->index);
	if (!kind)
		return -EINVAL;
	f->pixelformat = kind->fourcc;
	return 0;
}

static void write_single(struct v4l2_pix_format *pix, const struct venc_raw_format *raw, u32 codec,
			 u32 coded_size)
{
	bool coded = codec;

	pix->width = raw->width;
	pix->height = raw->height;
	pix->pixelformat = coded ? codec : raw->fourcc;
	pix->field = V4L2_FIELD_NONE;
	pix->bytesperline = coded ? 0 : raw->stride;
	pix->sizeimage = coded ? coded_size : raw->size[0];
	pix->colorspace = raw->colorspace;
	pix->ycbcr_enc = raw->ycbcr_enc;
	pix->xfer_func = raw->xfer_func;
	pix->quantization = raw->quantization;
	pix->flags = 0;
}

static void write_planar(struct v4l2_pix_format_mplane *pix, const struct venc_raw_format *raw,
			 u32 codec, u32 coded_size)
{
	bool coded = codec;
	const struct kind *kind = kind_of(raw->fourcc);
	unsigned int i;

	*pix = (struct v4l2_pix_format_mplane){
		.width = raw->width,
		.height = raw->height,
		.pixelformat = coded ? codec : raw->fourcc,
		.field = V4L2_FIELD_NONE,
		.colorspace = raw->colorspace,
		.ycbcr_enc = raw->ycbcr_enc,
		.xfer_func = raw->xfer_func,
		.quantization = raw->quantization,
		.num_planes = coded ? 1 : raw->n_planes,
	};
	for (i = 0; i < pix->num_planes; i++) {
		u32 stride = i && kind->planar ? raw->stride / 2 : raw->stride;

		pix->plane_fmt[i].bytesperline = coded ? 0 : stride;
		pix->plane_fmt[i].sizeimage = coded ? coded_size : raw->size[i];
	}
}

/* codec: fourcc, or 0 for the raw format. */
static void write_format(struct v4l2_format *f, const struct venc_raw_format *raw, u32 codec,
			 u32 coded_size)
{
	struct venc_raw_format as = *raw;

	/* JPEG has colours of its own. */
	if (codec == V4L2_PIX_FMT_JPEG) {
		as.colorspace = V4L2_COLORSPACE_SRGB;
		as.ycbcr_enc = V4L2_YCBCR_ENC_601;
		as.xfer_func = V4L2_XFER_FUNC_SRGB;
		as.quantization = V4L2_QUANTIZATION_FULL_RANGE;
	}
	if (V4L2_TYPE_IS_MULTIPLANAR(f->type))
		write_planar(&f->fmt.pix_mp, &as, codec, coded_size);
	else
		write_single(&f->fmt.pix, &as, codec, coded_size);
}

static void read_format(const struct v4l2_format *f, struct venc_raw_format *ret)
{
	const struct v4l2_pix_format *pix = &f->fmt.pix;
	const struct v4l2_pix_format_mplane *mp = &f->fmt.pix_mp;

	if (V4L2_TYPE_IS_MULTIPLANAR(f->type))
		*ret = (struct venc_raw_format){
			.fourcc = mp->pixelformat,
			.width = mp->width,
			.height = mp->height,
			.stride = mp->plane_fmt[0].bytesperline,
			.size = {mp->plane_fmt[0].sizeimage},
			.colorspace = mp->colorspace,
			.ycbcr_enc = mp->ycbcr_enc,
			.xfer_func = mp->xfer_func,
			.quantization = mp->quantization,
		};
	else
		*ret = (struct venc_raw_format){
			.fourcc = pix->pixelformat,
			.width = pix->width,
			.height = pix->height,
			.stride = pix->bytesperline,
			.size = {pix->sizeimage},
			.colorspace = pix->colorspace,
			.ycbcr_enc = pix->ycbcr_enc,
			.xfer_func = pix->xfer_func,
			.quantization = pix->quantization,
		};
}

int venc_g_fmt(struct file *file, void *fh, struct v4l2_format *f)
{
	struct venc_ctx *ctx = venc_ctx_of(file);

	write_format(f, &ctx->raw, V4L2_TYPE_IS_CAPTURE(f->type) ? ctx->codec->fourcc : 0,
		     ctx->coded_size);
	return 0;
}

int venc_try_fmt(struct file *file, void *fh, struct v4l2_format *f)
{
	struct venc_ctx *ctx = venc_ctx_of(file);
	struct venc_raw_format asked;

	read_format(f, &asked);
	if (V4L2_TYPE_IS_CAPTURE(f->type)) {
		const struct venc_codec *codec = venc_codec_of(asked.fourcc);
		u32 size = adjust_coded(codec, asked.size[0], ctx->raw.width, ctx->raw.height);

		write_format(f, &ctx->raw, codec->fourcc, size);
		return 0;
	}
	adjust_raw(&asked);
	write_format(f, &asked, 0, 0);
	return 0;
}

int venc_s_fmt(struct file *file, void *fh, struct v4l2_format *f)
{
	struct venc_ctx *ctx = venc_ctx_of(file);
	struct v4l2_m2m_ctx *m2m = ctx->base.fh.m2m_ctx;
	struct venc_raw_format asked;

	if (vb2_is_busy(v4l2_m2m_get_vq(m2m, f->type)))
		return -EBUSY;
	venc_try_fmt(file, fh, f);
	read_format(f, &asked);
	if (V4L2_TYPE_IS_CAPTURE(f->type)) {
		ctx->codec = venc_codec_of(asked.fourcc);
		ctx->coded_size = asked.size[0];
		return 0;
	}
	/* Coded buffers that are there must not become too small. */
	if (vb2_is_busy(&m2m->cap_q_ctx.q) &&
	    adjust_coded(ctx->codec, 0, asked.width, asked.height) > ctx->coded_size)
		return -EBUSY;
	adjust_raw(&asked);
	set_raw(ctx, &asked);
	return 0;
}

int venc_enum_framesizes(struct file *file, void *fh, struct v4l2_frmsizeenum *e)
{
	const struct kind *kind = kind_of(e->pixel_format);
	u32 x = max(venc_quirks.width_align, 2u), y = max(venc_quirks.height_align, 2u);

	if (e->index || (e->pixel_format != kind->fourcc &&
			 e->pixel_format != venc_codec_of(e->pixel_format)->fourcc))
		return -EINVAL;
	e->type = V4L2_FRMSIZE_TYPE_STEPWISE;
	e->stepwise = (struct v4l2_frmsize_stepwise){
		.min_width = WIDTH_MIN,
		.max_width = WIDTH_MAX,
		.step_width = x,
		.min_height = HEIGHT_MIN,
		.max_height = HEIGHT_MAX,
		.step_height = y,
	};
	return 0;
}

int venc_g_selection(struct file *file, void *fh, struct v4l2_selection *s)
{
	struct venc_ctx *ctx = venc_ctx_of(file);

	if (s->type != V4L2_BUF_TYPE_VIDEO_OUTPUT)
		return -EINVAL;
	switch (s->target) {
	case V4L2_SEL_TGT_CROP:
		s->r = ctx->crop;
		return 0;
	case V4L2_SEL_TGT_CROP_DEFAULT:
	case V4L2_SEL_TGT_CROP_BOUNDS:
		s->r = (struct v4l2_rect){.width = ctx->raw.width, .height = ctx->raw.height};
		return 0;
	default:
		return -EINVAL;
	}
}

int venc_s_selection(struct file *file, void *fh, struct v4l2_selection *s)
{
	struct venc_ctx *ctx = venc_ctx_of(file);

	if (s->type != V4L2_BUF_TYPE_VIDEO_OUTPUT || s->target != V4L2_SEL_TGT_CROP)
		return -EINVAL;
	if (vb2_is_busy(&ctx->base.fh.m2m_ctx->out_q_ctx.q))
		return -EBUSY;
	s->r.left = s->r.top = 0;
	s->r.width = clamp(ALIGN(s->r.width, 2), WIDTH_MIN, ctx->raw.width);
	s->r.height = clamp(ALIGN(s->r.height, 2), HEIGHT_MIN, ctx->raw.height);
	ctx->crop = s->r;
	return 0;
}

int venc_g_parm(struct file *file, void *fh, struct v4l2_streamparm *p)
{
	if (!V4L2_TYPE_IS_OUTPUT(p->type))
		return -EINVAL;
	p->parm.output.capability = V4L2_CAP_TIMEPERFRAME;
	p->parm.output.timeperframe = venc_ctx_of(file)->stream.interval;
	return 0;
}

int venc_s_parm(struct file *file, void *fh, struct v4l2_streamparm *p)
{
	const struct v4l2_fract *asked = &p->parm.output.timeperframe;

	if (!V4L2_TYPE_IS_OUTPUT(p->type))
		return -EINVAL;
	if (asked->numerator && asked->denominator)
		venc_ctx_of(file)->stream.interval = *asked;
	return venc_g_parm(file, fh, p);
}
