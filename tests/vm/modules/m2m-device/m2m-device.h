/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What virtual memory-to-memory devices have in common: a video node in a media graph, open files,
 * two vmalloc queues that import and export DMA-bufs, a job at a time, draining, and habits that
 * any of them may have. A module describes itself in a struct m2m_kind.
 *
 * device.c: from module to node; file.c: open files, ioctls; queue.c: buffers and jobs.
 */
#pragma once

#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <media/media-device.h>
#include <media/v4l2-ctrls.h>
#include <media/v4l2-device.h>
#include <media/v4l2-ioctl.h>
#include <media/v4l2-mem2mem.h>

#define M2M_PLANES_MAX 3

struct m2m_kind;

struct m2m_device {
	const struct m2m_kind *kind;
	struct v4l2_device v4l2;
	struct video_device video;
	struct media_device media;
	struct v4l2_m2m_dev *m2m;
	struct workqueue_struct *queue;
	struct mutex lock;     /* ioctls */
	spinlock_t state_lock; /* draining, stalling */
	atomic_t instances;
};

/* An open file; the first member of the module's own. */
struct m2m_ctx {
	struct v4l2_fh fh;
	struct v4l2_ctrl_handler controls;
	struct m2m_device *device;
	struct delayed_work work;
	u32 sequence[2];       /* of OUTPUT, of CAPTURE; from streamon on */
	u32 pictures;          /* the module counts them; see stall_after */
	bool stalled, aborted; /* under state_lock */
};

/* Habits of real devices that any may have; fields of the module's parameters. */
struct m2m_quirks {
	bool no_import;           /* what comes in, from memory of its own only */
	bool no_commands;         /* neither drains nor says when a stream ends */
	unsigned int instances;   /* open files at most; 0: any number */
	unsigned int min_capture; /* CAPTURE buffers at least */
	unsigned int min_output;  /* it keeps that many of OUTPUT before it works; 0: one */
	unsigned int stall_after; /* after N pictures nothing happens any more, until streamoff */
	unsigned int delay_ms;    /* for each job */
};

struct m2m_kind {
	const char *name, *node; /* of driver and card; of the video node */
	u32 function;            /* MEDIA_ENT_F_PROC_VIDEO_*; en- and decoders can be drained */
	bool multiplanar;        /* speaks that API, instead of the single-planar one */
	size_t ctx_size;
	const struct m2m_quirks *quirks;

	/* With formats, selections and the like; the rest is filled in, the other API's taken out.
	 */
	struct v4l2_ioctl_ops ioctl_ops;

	/* Controls and formats. 0 or -errno; controls are freed either way. */
	int (*open)(struct m2m_ctx *ctx);
	void (*close)(struct m2m_ctx *ctx); /* optional */
	/* Bytes of each memory plane as the format of a queue has it. Returns how many planes. */
	unsigned int (*sizes)(const struct m2m_ctx *ctx, u32 type, u32 ret[M2M_PLANES_MAX]);
	int (*start)(struct m2m_ctx *ctx, u32 type);                        /* optional */
	void (*queued)(struct m2m_ctx *ctx, struct vb2_v4l2_buffer *input); /* optional */
	/* One job, which has a buffer of each queue; see m2m_done(). */
	void (*run)(struct m2m_ctx *ctx);

	/* Ours. */
	struct platform_driver driver;
	struct platform_device *platform;
	struct v4l2_file_operations file_ops;
};

static inline struct m2m_ctx *m2m_ctx_of(struct file *file)
{
	return container_of(file->private_data, struct m2m_ctx, fh);
}

/* device.c */
#define m2m_register(kind) m2m_register_of(kind, THIS_MODULE)
int m2m_register_of(struct m2m_kind *kind, struct module *owner);
void m2m_unregister(struct m2m_kind *kind);

/* file.c */
void m2m_file_init(struct m2m_kind *kind, struct module *owner);

/* queue.c */
extern const struct v4l2_m2m_ops m2m_device_ops;
int m2m_queue_init(void *ctx, struct vb2_queue *output, struct vb2_queue *capture);
void m2m_work(struct work_struct *work);
/* Whether all planes can be reached by the CPU. */
bool m2m_maps(struct vb2_buffer *buffer);

/*
 * Ends a job with its input. given: with a CAPTURE buffer too; n: the bytes in it, 0, or -errno;
 * flags: V4L2_BUF_FLAG_*, if there are any bytes. The last of a drain always gives one.
 */
void m2m_done(struct m2m_ctx *ctx, bool given, int n, u32 flags);
int m2m_encoder_cmd(struct file *file, void *fh, struct v4l2_encoder_cmd *cmd);
int m2m_decoder_cmd(struct file *file, void *fh, struct v4l2_decoder_cmd *cmd);
