/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vh264dec: a stateful H.264 decoder in software, for what vh264 makes: macroblocks that are I_PCM
 * or P_Skip, a slice a picture. Pictures come out as NV12, or as XR24 for displays that know RGB
 * only.
 *
 * main.c: module, device, open files; format.c, queue.c: what their names say; bitstream.c: from
 * NAL units to a picture.
 */
#pragma once

#include <linux/mutex.h>
#include <linux/workqueue.h>
#include <media/v4l2-ctrls.h>
#include <media/v4l2-device.h>
#include <media/v4l2-ioctl.h>
#include <media/v4l2-mem2mem.h>

#define VH264DEC_NAME "vh264dec"

/* Habits of real decoders; the module's parameters. */
struct vh264dec_quirks {
	char *formats;            /* of pictures, by their fourcc, comma between */
	unsigned int stall_after; /* after N pictures nothing happens any more, until streamoff */
	unsigned int min_buffers; /* for capture */
};

extern struct vh264dec_quirks vh264dec_quirks;

struct vh264dec_device {
	struct v4l2_device v4l2;
	struct video_device video;
	struct media_device media;
	struct v4l2_m2m_dev *m2m;
	struct workqueue_struct *queue;
	struct mutex lock;     /* ioctls */
	spinlock_t state_lock; /* stalling */
};

/* What the sequence parameter set says. */
struct vh264dec_size {
	u32 width, height;                 /* of whole macroblocks */
	u32 visible_width, visible_height; /* from the upper left corner */
};

struct vh264dec_ctx {
	struct v4l2_fh fh;
	struct v4l2_ctrl_handler controls;
	struct vh264dec_device *device;
	struct work_struct work;
	u32 fourcc, coded_size;
	struct vh264dec_size size;
	u8 *reference;    /* I420 of that size: the picture before */
	bool known;       /* the size comes from a stream */
	bool has_picture; /* a keyframe was decoded */
	u32 sequence_coded, sequence_raw, pictures;
	bool stalled, aborted; /* under state_lock */
};

static inline struct vh264dec_ctx *vh264dec_ctx_of(struct file *file)
{
	return container_of(file->private_data, struct vh264dec_ctx, fh);
}

/* format.c */
void vh264dec_format_init(struct vh264dec_ctx *ctx);
u32 vh264dec_picture_bytes(const struct vh264dec_ctx *ctx);
/* The reference, as a picture of the format. */
void vh264dec_write_picture(const struct vh264dec_ctx *ctx, u8 *to);
int vh264dec_enum_fmt(struct file *file, void *fh, struct v4l2_fmtdesc *f);
int vh264dec_g_fmt(struct file *file, void *fh, struct v4l2_format *f);
int vh264dec_try_fmt(struct file *file, void *fh, struct v4l2_format *f);
int vh264dec_s_fmt(struct file *file, void *fh, struct v4l2_format *f);
int vh264dec_g_selection(struct file *file, void *fh, struct v4l2_selection *s);

/* queue.c */
extern const struct v4l2_m2m_ops vh264dec_m2m_ops;
int vh264dec_queue_init(void *priv, struct vb2_queue *coded, struct vb2_queue *raw);
void vh264dec_work(struct work_struct *work);

/* bitstream.c; -EBADMSG: not what vh264 makes. */
/* 1: it has a sequence parameter set; 0: none. */
int vh264dec_read_size(const u8 *data, u32 len, struct vh264dec_size *ret);
/* Into the reference. 1: a picture, *keyframe says of which kind; 0: there is none in it. */
int vh264dec_decode(struct vh264dec_ctx *ctx, const u8 *data, u32 len, bool *keyframe);
