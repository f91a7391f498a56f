// SPDX-License-Identifier: GPL-2.0-only
/*
 * venc: a stateful encoder in software, with the habits of real ones: H.264, by option HEVC or
 * JPEG. The first two are lossless: a picture that comes out of a decoder is the one that went in,
 * bit for bit.
 *
 * main.c: module and parameters; control.c, format.c: what their names say; encode.c: what happens
 * to a picture; h264.c, hevc.c, jpeg.c: from a picture to bytes, with what codec.c and writer.c
 * have.
 */
#pragma once

#include "m2m-device.h"

#define VENC_NAME "venc"

/* Habits of real encoders; the module's parameters. */
struct venc_quirks {
	struct m2m_quirks device;
	bool multiplanar; /* speaks the multi-planar API */
	char *codecs;     /* coded formats, by their fourcc, comma between */
	char *formats;    /* raw formats, by their fourcc, comma between */
	unsigned int width_align, height_align, stride_align; /* powers of two */
	bool no_crop;            /* no selections: the whole buffer is encoded */
	bool no_force_keyframe;  /* lacks the control */
	bool busy_controls;      /* settings are refused while it streams */
	unsigned int headers;    /* enum venc_headers */
	unsigned int drop_every; /* each Nth picture never comes out, without a word */
	unsigned int fail_every; /* each Nth comes out as faulty, but later ones refer to it */
	bool stall_hard;         /* a stall lasts until the file is closed */
	unsigned int coded_max;  /* bytes of a coded buffer at most; 0: any picture fits */
};

enum venc_headers {
	VENC_HEADERS_REPEATED, /* before each keyframe */
	VENC_HEADERS_ONCE,     /* before the first */
	VENC_HEADERS_SEPARATE, /* before the first, in a buffer of their own */
};

extern struct venc_quirks venc_quirks;

/* Where the samples of a raw picture are. */
struct venc_picture {
	const u8 *y, *cb, *cr;
	u32 y_stride, c_stride;
	u32 c_step;        /* from a sample of Cb to the next */
	u32 width, height; /* what is seen */
};

/* The state of a stream. */
struct venc_stream {
	u8 *reference; /* the picture before, by macroblocks */
	u32 width, height;
	struct v4l2_fract interval;
	u32 frame_num, idr_pic_id;
	u32 quality; /* of JPEG, 1 to 100 */
};

/* h264.c, hevc.c, jpeg.c. What writes gives the bytes written, or -ENOSPC. */
struct venc_codec {
	u32 fourcc;
	u32 (*size_max)(u32 width, u32 height);
	int (*headers)(const struct venc_stream *stream, u8 *to, u32 size); /* NULL: has none */
	int (*picture)(struct venc_stream *stream, const struct venc_picture *picture,
		       bool keyframe, u8 *to, u32 size);
};

struct venc_raw_format {
	u32 fourcc;
	u32 width, height;
	u32 stride;
	unsigned int n_planes; /* memory planes */
	u32 size[M2M_PLANES_MAX];
	u32 colorspace, ycbcr_enc, xfer_func, quantization;
};

struct venc_ctx {
	struct m2m_ctx base;
	struct venc_raw_format raw;
	struct v4l2_rect crop;
	const struct venc_codec *codec;
	u32 coded_size;
	struct venc_stream stream;
	u32 gop, gop_at;
	bool force_keyframe; /* the next one queued */
	bool headers_due;
};

static inline struct venc_ctx *venc_ctx_of(struct file *file)
{
	return container_of(m2m_ctx_of(file), struct venc_ctx, base);
}

/* control.c */
int venc_controls_init(struct venc_ctx *ctx);

/* format.c */
void venc_format_init(struct venc_ctx *ctx);
void venc_format_picture(struct venc_ctx *ctx, struct vb2_buffer *buffer, struct venc_picture *ret);
unsigned int venc_format_sizes(const struct m2m_ctx *base, u32 type, u32 ret[M2M_PLANES_MAX]);
int venc_enum_fmt(struct file *file, void *fh, struct v4l2_fmtdesc *f);
int venc_g_fmt(struct file *file, void *fh, struct v4l2_format *f);
int venc_try_fmt(struct file *file, void *fh, struct v4l2_format *f);
int venc_s_fmt(struct file *file, void *fh, struct v4l2_format *f);
int venc_enum_framesizes(struct file *file, void *fh, struct v4l2_frmsizeenum *e);
int venc_g_selection(struct file *file, void *fh, struct v4l2_selection *s);
int venc_s_selection(struct file *file, void *fh, struct v4l2_selection *s);
int venc_g_parm(struct file *file, void *fh, struct v4l2_streamparm *p);
int venc_s_parm(struct file *file, void *fh, struct v4l2_streamparm *p);

/* encode.c */
int venc_start(struct m2m_ctx *base, u32 type);
void venc_queued(struct m2m_ctx *base, struct vb2_v4l2_buffer *raw);
void venc_run(struct m2m_ctx *base);

/* codec.c */
int venc_stream_begin(struct venc_stream *stream, u32 width, u32 height);
void venc_stream_end(struct venc_stream *stream);
/* NULL: there is none of this index. */
const struct venc_codec *venc_codec_at(u32 index);
/* The first one for what is not offered. */
const struct venc_codec *venc_codec_of(u32 fourcc);
