// SPDX-License-Identifier: LGPL-2.1-or-later
/* A clip (camera/clip.h) looped in real time. */
#include <errno.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/cleanup.h"
#include "camera/clip.h"
#include "camera/pacer.h"
#include "camera/source.h"

#define FPS_DEFAULT 30
#define FPS_MAX     240
#define MILLI       1000

struct source_clip {
	struct source source;
	struct clip clip;
	struct pacer pacer;
	size_t next; /* unit to come */
};

/* What the clip says, in thousandths (so that 30000/1001 is 29970/1000), if it can be believed. */
static void rate_of(const struct clip *c, uint32_t wanted, struct source_format *ret)
{
	uint64_t milli = c->fps_den ? (uint64_t)c->fps_num * MILLI / c->fps_den : 0;

	ret->fps_num = wanted ? wanted : FPS_DEFAULT;
	ret->fps_den = 1;
	if (milli < MILLI / 2 || milli > (uint64_t)FPS_MAX * MILLI)
		return;
	ret->fps_num = (uint32_t)(milli % MILLI ? milli : milli / MILLI);
	ret->fps_den = milli % MILLI ? MILLI : 1;
}

static int clip_source_open(struct source *s, const struct source_want *want,
			    struct source_format *ret)
{
	struct source_clip *c = (struct source_clip *)s;

	*ret = (struct source_format){
		.encoded = true,
		.codec = c->clip.codec,
		.width = c->clip.width,
		.height = c->clip.height,
		.fourcc = c->clip.codec == RING_CODEC_JPEG ? V4L2_PIX_FMT_MJPEG : V4L2_PIX_FMT_H264,
	};
	rate_of(&c->clip, want->fps, ret);
	c->next = 0;
	return pacer_start(&c->pacer, ret->fps_num, ret->fps_den);
}

static void clip_source_close(struct source *s)
{
	pacer_stop(&((struct source_clip *)s)->pacer);
}

static int clip_source_fd(const struct source *s)
{
	return ((const struct source_clip *)s)->pacer.fd;
}

/* A late clip does not leave pictures out, which would break those after them: its time stands
 * still instead. */
static int clip_source_next(struct source *s, struct source_frame *ret)
{
	struct source_clip *c = (struct source_clip *)s;
	uint32_t missed;
	uint64_t due;
	int r = pacer_next(&c->pacer, &due, &missed);

	if (r < 0)
		return r;
	source_stamp(ret, due);
	ret->au = c->clip.units[c->next];
	c->next = (c->next + 1) % c->clip.n_units;
	return 0;
}

static int clip_source_release(struct source *s, uint32_t id)
{
	return 0;
}

static void clip_source_free(struct source *s)
{
	clip_release(&((struct source_clip *)s)->clip);
	free(s);
}

static const struct source_ops ops = {
	.open = clip_source_open,
	.close = clip_source_close,
	.fd = clip_source_fd,
	.next = clip_source_next,
	.release = clip_source_release,
	.free = clip_source_free,
};

int source_clip_new(const char *path, struct source **ret)
{
	_cleanup_free_ struct source_clip *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	r = clip_load(path, &c->clip);
	if (r < 0)
		return r;
	c->source.ops = &ops;
	c->source.events = EPOLLIN;
	c->source.dropped_as = CAMERA_DROP_DRIVER;
	snprintf(c->source.description, sizeof(c->source.description), "clip %s", path);
	c->pacer.fd = -EBADF;
	*ret = &c->source;
	steal_pointer(&c);
	return 0;
}
