/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vconv: a converter and scaler in software, memory to memory: YUYV, UYVY, NV12, YU12 or RGB3 in,
 * NV12 or YU12 out, and NM12 and YM12 on either side. What comes out can be computed beforehand:
 *
 * - The picture that comes in is made 4:2:0: chroma of 4:2:2 is the mean of two lines, rounded up;
 *   RGB by the sums in convert.c, chroma of the mean of 2x2 pixels.
 * - Of that, each plane of width W and height H makes one of width w and height h: the sample at
 *   (x, y) is the one at (x * W / w, y * H / h), without remainders.
 * - It lies where the selection COMPOSE says, the upper left corner; the rest of the buffer is left
 *   as it is.
 *
 * main.c: module and parameters; format.c, convert.c: what their names say.
 */
#pragma once

#include "m2m-device.h"

#define VCONV_NAME     "vconv"
#define VCONV_SIZE_MIN 64u
#define VCONV_SIZE_MAX 1920u

/* Habits of real converters; the module's parameters. */
struct vconv_quirks {
	struct m2m_quirks device;
	bool multiplanar;       /* speaks the multi-planar API */
	char *inputs, *formats; /* of pictures that come in, and out, by their fourcc */
	unsigned int height_align, stride_align; /* of buffers, powers of two */
	bool no_compose;                         /* no selections: a picture fills its buffer */
	unsigned int drop_every; /* each Nth picture never comes out, without a word */
	unsigned int fail_every; /* each Nth comes out as faulty */
};

extern struct vconv_quirks vconv_quirks;

struct vconv_side {
	u32 fourcc;
	u32 width, height, stride, size;
};

struct vconv_colours {
	u32 colorspace, ycbcr_enc, xfer_func, quantization;
};

struct vconv_ctx {
	struct m2m_ctx base;
	struct vconv_side from, to;
	struct v4l2_rect compose;
	struct vconv_colours colours;   /* of what comes in, and so of what comes out */
	u8 *scratch;                    /* 4:2:0 of RGB */
	u32 columns[2][VCONV_SIZE_MAX]; /* of luma and chroma: where in its line a sample is */
};

static inline struct vconv_ctx *vconv_ctx_of(struct file *file)
{
	return container_of(m2m_ctx_of(file), struct vconv_ctx, base);
}

/* Memory planes of a format. */
static inline unsigned int vconv_planes(u32 fourcc)
{
	return fourcc == V4L2_PIX_FMT_YUV420M ? 3 : fourcc == V4L2_PIX_FMT_NV12M ? 2 : 1;
}

/* format.c */
u32 vconv_format_size(const struct vconv_side *side, unsigned int plane);
void vconv_format_init(struct vconv_ctx *ctx);
unsigned int vconv_format_sizes(const struct m2m_ctx *base, u32 type, u32 ret[M2M_PLANES_MAX]);
int vconv_enum_fmt(struct file *file, void *fh, struct v4l2_fmtdesc *f);
int vconv_g_fmt(struct file *file, void *fh, struct v4l2_format *f);
int vconv_try_fmt(struct file *file, void *fh, struct v4l2_format *f);
int vconv_s_fmt(struct file *file, void *fh, struct v4l2_format *f);
int vconv_enum_framesizes(struct file *file, void *fh, struct v4l2_frmsizeenum *e);
int vconv_g_selection(struct file *file, void *fh, struct v4l2_selection *s);
int vconv_s_selection(struct file *file, void *fh, struct v4l2_selection *s);

/* convert.c */
int vconv_start(struct m2m_ctx *base, u32 type);
void vconv_run(struct m2m_ctx *base);
