// SPDX-License-Identifier: LGPL-2.1-or-later
/* The test pattern (camera/pattern.h) at an exact rate. */
#include <errno.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/cleanup.h"
#include "camera/pacer.h"
#include "camera/pattern.h"
#include "camera/source.h"

#define WIDTH_DEFAULT  1280
#define HEIGHT_DEFAULT 720
#define FPS_DEFAULT    30

struct source_pattern {
	struct source source;
	const char *name;
	struct pattern *pattern;
	struct pacer pacer;
	/* Goes on from epoch to epoch: no two pictures of a process carry the same number. */
	uint32_t counter;
};

static int pattern_source_open(struct source *s, const struct source_want *want,
			       struct source_format *ret)
{
	struct source_pattern *p = (struct source_pattern *)s;
	uint32_t width = want->width ? want->width & ~1U : WIDTH_DEFAULT;
	uint32_t height = want->height ? want->height & ~1U : HEIGHT_DEFAULT;
	uint32_t fps = want->fps ? want->fps : FPS_DEFAULT;
	int r = pattern_new(p->name, want->uuid, width, height, &p->pattern);

	if (r < 0)
		return r;
	*ret = (struct source_format){
		.width = width,
		.height = height,
		.fps_num = fps,
		.fps_den = 1,
		.fourcc = V4L2_PIX_FMT_YUV420,
	};
	return pacer_start(&p->pacer, fps, 1);
}

static void pattern_source_close(struct source *s)
{
	struct source_pattern *p = (struct source_pattern *)s;

	p->pattern = pattern_free(p->pattern);
	pacer_stop(&p->pacer);
}

static int pattern_source_fd(const struct source *s)
{
	return ((const struct source_pattern *)s)->pacer.fd;
}

static int pattern_source_next(struct source *s, struct source_frame *ret)
{
	struct source_pattern *p = (struct source_pattern *)s;
	struct pattern_planes planes;
	uint64_t due;
	int r = pacer_next(&p->pacer, &due, &ret->dropped);

	if (r < 0)
		return r;
	source_stamp(ret, due);
	p->counter += ret->dropped;
	pattern_draw(p->pattern, p->counter++, ret->captured_realtime);
	planes = pattern_planes(p->pattern);
	ret->y = planes.y;
	ret->u = planes.u;
	ret->v = planes.v;
	ret->y_stride = planes.y_stride;
	ret->c_stride = planes.c_stride;
	return 0;
}

static int pattern_source_release(struct source *s, uint32_t id)
{
	return 0;
}

static void pattern_source_free(struct source *s)
{
	free(s);
}

static const struct source_ops ops = {
	.open = pattern_source_open,
	.close = pattern_source_close,
	.fd = pattern_source_fd,
	.next = pattern_source_next,
	.release = pattern_source_release,
	.free = pattern_source_free,
};

int source_pattern_new(const char *name, struct source **ret)
{
	struct source_pattern *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->source.ops = &ops;
	p->source.events = EPOLLIN;
	p->source.dropped_as = CAMERA_DROP_DRIVER;
	snprintf(p->source.description, sizeof(p->source.description), "pattern");
	p->name = name;
	p->pacer.fd = -EBADF;
	*ret = &p->source;
	return 0;
}
