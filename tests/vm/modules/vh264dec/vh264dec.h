/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vh264dec: a stateful H.264 decoder in software, for what venc makes: macroblocks that are I_PCM
 * or P_Skip, a slice a picture. Pictures come out as NV12, or as XR24 for displays that know RGB
 * only.
 *
 * main.c: module and parameters; format.c: what its name says; decode.c: what happens to an access
 * unit; bitstream.c: from NAL units to a picture.
 */
#pragma once

#include "m2m-device.h"

#define VH264DEC_NAME "vh264dec"

/* Habits of real decoders; the module's parameters. */
struct vh264dec_quirks {
	struct m2m_quirks device;
	char *formats; /* of pictures, by their fourcc, comma between */
};

extern struct vh264dec_quirks vh264dec_quirks;

/* What the sequence parameter set says. */
struct vh264dec_size {
	u32 width, height;                 /* of whole macroblocks */
	u32 visible_width, visible_height; /* from the upper left corner */
};

struct vh264dec_ctx {
	struct m2m_ctx base;
	u32 fourcc, coded_size;
	struct v4l2_pix_format
		colors; /* of the coded format, passed on; nothing else of it counts */
	struct vh264dec_size size;
	u8 *reference;    /* I420 of that size: the picture before */
	bool known;       /* the size comes from a stream */
	bool has_picture; /* a keyframe was decoded */
};

static inline struct vh264dec_ctx *vh264dec_ctx_of(struct file *file)
{
	return container_of(m2m_ctx_of(file), struct vh264dec_ctx, base);
}

/* format.c */
void vh264dec_format_init(struct vh264dec_ctx *ctx);
u32 vh264dec_picture_bytes(const struct vh264dec_ctx *ctx);
unsigned int vh264dec_format_sizes(const struct m2m_ctx *base, u32 type, u32 ret[M2M_PLANES_MAX]);
/* The reference, as a picture of the format. */
void vh264dec_write_picture(const struct vh264dec_ctx *ctx, u8 *to);
int vh264dec_enum_fmt(struct file *file, void *fh, struct v4l2_fmtdesc *f);
int vh264dec_g_fmt(struct file *file, void *fh, struct v4l2_format *f);
int vh264dec_try_fmt(struct file *file, void *fh, struct v4l2_format *f);
int vh264dec_s_fmt(struct file *file, void *fh, struct v4l2_format *f);
int vh264dec_g_selection(struct file *file, void *fh, struct v4l2_selection *s);

/* decode.c */
int vh264dec_start(struct m2m_ctx *base, u32 type);
void vh264dec_queued(struct m2m_ctx *base, struct vb2_v4l2_buffer *coded);
void vh264dec_run(struct m2m_ctx *base);

/* bitstream.c; -EBADMSG: not what venc makes. */
/* 1: it has a sequence parameter set; 0: none. */
int vh264dec_read_size(const u8 *data, u32 len, struct vh264dec_size *ret);
/* Into the reference. 1: a picture, *keyframe says of which kind; 0: there is none in it. */
int vh264dec_decode(struct vh264dec_ctx *ctx, const u8 *data, u32 len, bool *keyframe);
