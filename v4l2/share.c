// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/share.h"

#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "v4l2/device.h"
#include "v4l2/dumb.h"
#include "v4l2/pool.h"

/* What the encoder keeps: two with the camera, unless that keeps more, and one between. */
#define BEYOND_LEAST 3

const char *const v4l2_share_heaps[V4L2_SHARE_HEAPS] = {
	"/dev/dma_heap/linux,cma",
	"/dev/dma_heap/reserved",
};

#define UNREACHABLE "camera and encoder cannot reach the same memory"

/* Errors that other memory may not have; all else is the encoder's end. */
static bool other_memory_may_do(int r)
{
	return r == -EINVAL || r == -EFAULT || r == -ENOTTY || r == -ENOSPC || r == -EOPNOTSUPP ||
	       r == -ENOMEM || r == -EIO || r == -ENOBUFS;
}

/* Buffers, for an encoder of which that much is known. */
static unsigned int needed(const struct v4l2_share *s)
{
	unsigned int least = v4l2_m2m_controls(s->m2m)->least_raw;
	unsigned int camera = v4l2_capture_least(s->camera);
	unsigned int beyond = camera < BEYOND_LEAST ? BEYOND_LEAST : camera + 1;

	if (beyond >= V4L2_QUEUE_BUFFERS_MAX || least >= V4L2_QUEUE_BUFFERS_MAX - beyond)
		return V4L2_QUEUE_BUFFERS_MAX;
	return least + beyond > V4L2_SHARE_BUFFERS ? least + beyond : V4L2_SHARE_BUFFERS;
}

/* It would keep them all, and wait for one more; so would a camera that has to have several. count:
 * those that go round. */
static int check_enough(const struct v4l2_share *s, unsigned int count)
{
	unsigned int encoder = v4l2_m2m_controls(s->m2m)->least_raw;

	return count > encoder && count - encoder >= v4l2_capture_least(s->camera) ? 0 : -ENOBUFS;
}

/* The encoder for the memory that the camera has, in the format that it has. */
static int open_importing(struct v4l2_share *s)
{
	const struct v4l2_capture_format *f = v4l2_capture_format(s->camera);
	const struct v4l2_pool *pool = v4l2_capture_pool(s->camera);
	int r;

	s->want.raw = f->fourcc;
	s->want.stride = f->stride[0];
	s->want.width = f->width;
	s->want.height = f->height;
	s->want.colorspace = f->colorspace;
	s->want.ycbcr_enc = f->ycbcr_enc;
	s->want.quantization = f->quantization;
	s->want.xfer_func = f->xfer_func;
	s->want.import = true;
	s->want.buffers = pool->count;
	r = v4l2_m2m_open(v4l2_capture_device(s->camera)->sys, s->path, &s->want, &s->m2m);
	if (r < 0)
		return r;
	if (!v4l2_layout_same(f, &v4l2_m2m_format(s->m2m)->raw))
		return -EOPNOTSUPP;
	r = check_enough(s, v4l2_capture_count(s->camera));
	if (r >= 0)
		r = v4l2_m2m_start(s->m2m);
	/* Buffer i of the one is buffer i of the other: each has to have one. */
	if (r >= 0 && v4l2_m2m_raw_queue(s->m2m)->count < pool->count)
		r = -ENOBUFS;
	for (uint32_t i = 0; i < pool->count && r >= 0; i++)
		r = v4l2_m2m_import(s->m2m, i, pool->fds[i]);
	return r < 0 ? r : v4l2_m2m_try_import(s->m2m);
}

/* The encoder that was agreed with has no more to say: it is opened anew, to import. */
static int importing(struct v4l2_share *s)
{
	s->m2m = v4l2_m2m_close(s->m2m);
	return open_importing(s);
}

static int encoders_memory(struct v4l2_share *s)
{
	struct v4l2_pool pool = {};
	int r = v4l2_m2m_start(s->m2m);

	if (r >= 0)
		r = check_enough(s, v4l2_m2m_raw_queue(s->m2m)->count);
	if (r >= 0)
		r = v4l2_pool_export(&pool, v4l2_m2m_raw_queue(s->m2m));
	if (r >= 0)
		r = v4l2_capture_import(s->camera, &pool);
	v4l2_pool_release(&pool);
	return r < 0 ? r : check_enough(s, v4l2_capture_count(s->camera));
}

static int cameras_memory(struct v4l2_share *s)
{
	int r = v4l2_capture_allocate(s->camera, needed(s));

	if (r >= 0)
		r = v4l2_capture_export(s->camera);
	return r < 0 ? r : importing(s);
}

/* Buffers that will do for both. */
static struct v4l2_pool_need need_of_both(const struct v4l2_share *s)
{
	const struct v4l2_raw *encoder = &v4l2_m2m_format(s->m2m)->raw;
	const struct v4l2_capture_format *camera = v4l2_capture_format(s->camera);
	struct v4l2_pool_need need = {
		.count = needed(s),
		.n_planes = encoder->n_planes,
	};

	for (unsigned int i = 0; i < need.n_planes; i++)
		need.size[i] =
			encoder->size[i] > camera->size[i] ? encoder->size[i] : camera->size[i];
	return need;
}

/* Takes the pool over, in any case. */
static int others_memory(struct v4l2_share *s, struct v4l2_pool *pool)
{
	int r = v4l2_capture_import(s->camera, pool);

	v4l2_pool_release(pool);
	return r < 0 ? r : importing(s);
}

static int heaps_memory(struct v4l2_share *s)
{
	const struct v4l2_sys *sys = v4l2_capture_device(s->camera)->sys;
	const struct v4l2_pool_need need = need_of_both(s);
	struct v4l2_pool pool = {};
	int r = -EOPNOTSUPP;

	for (unsigned int i = 0; i < V4L2_SHARE_HEAPS && r < 0; i++)
		r = v4l2_pool_allocate(&pool, sys, v4l2_share_heaps[i], &need);
	return r < 0 ? -EOPNOTSUPP : others_memory(s, &pool);
}

static const char *explain(int error)
{
	switch (error) {
	case -ENOENT:
	case -ENODEV:
	case -ENXIO:
		return "is not there";
	case -EACCES:
	case -EPERM:
		return "is not permitted";
	case -EOPNOTSUPP:
		return "lends no memory";
	default:
		return "has too little memory";
	}
}

static int cards_memory(struct v4l2_share *s)
{
	const struct v4l2_pool_need need = need_of_both(s);
	struct v4l2_pool pool = {};
	int r = v4l2_dumb_allocate(&pool, v4l2_capture_device(s->camera)->sys, s->card, &need);

	if (r < 0) {
		snprintf(s->obstacle, sizeof(s->obstacle), UNREACHABLE ", and %s %s", s->card,
			 explain(r));
		return -EOPNOTSUPP;
	}
	snprintf(s->obstacle, sizeof(s->obstacle), UNREACHABLE ", nor that of %s", s->card);
	return others_memory(s, &pool);
}

static int (*const ways[])(struct v4l2_share *s) = {
	[V4L2_SHARE_ENCODER] = encoders_memory,
	[V4L2_SHARE_CAMERA] = cameras_memory,
	[V4L2_SHARE_HEAP] = heaps_memory,
	[V4L2_SHARE_DUMB] = cards_memory,
};

static void say_obstacle(struct v4l2_share *s, bool too_few)
{
	if (too_few)
		snprintf(s->obstacle, sizeof(s->obstacle),
			 "camera and encoder keep more buffers than they can share");
	else if (!*s->obstacle)
		snprintf(s->obstacle, sizeof(s->obstacle), UNREACHABLE);
}

/* -EAGAIN, -ENOBUFS: another way may do. */
static int try_way(struct v4l2_share *s, enum v4l2_share_owner owner)
{
	int r = v4l2_layout_agree(s->camera, s->path, &s->want, &s->m2m, s->obstacle);

	if (r < 0)
		return r;
	s->owner = owner;
	s->obstacle[0] = '\0'; /* of a format that was not agreed on */
	r = ways[owner](s);
	if (r >= 0)
		return 0;
	v4l2_capture_free(s->camera);
	v4l2_share_release(s);
	return r != -ENOBUFS && other_memory_may_do(r) ? -EAGAIN : r;
}

static void init(struct v4l2_share *s, struct v4l2_capture *camera, const char *path,
		 const char *card, const struct v4l2_m2m_want *want)
{
	*s = (struct v4l2_share){.want = *want, .path = path, .card = card, .camera = camera};
	s->want.buffers = V4L2_SHARE_BUFFERS;
	s->want.import = false;
}

int v4l2_share_new(struct v4l2_capture *camera, const char *path, const char *card,
		   const struct v4l2_m2m_want *want, struct v4l2_share *ret)
{
	struct v4l2_capture_format former = *v4l2_capture_format(camera);
	unsigned int n = card ? ARRAY_SIZE(ways) : V4L2_SHARE_DUMB;
	bool too_few = false;
	int r = -EAGAIN;

	for (unsigned int i = 0; i < n && (r == -EAGAIN || r == -ENOBUFS); i++) {
		init(ret, camera, path, card, want);
		r = try_way(ret, i);
		too_few |= r == -ENOBUFS;
	}
	if (r < 0)
		v4l2_capture_reformat(camera, former.fourcc, former.stride[0]);
	if (r != -EAGAIN && r != -ENOBUFS)
		return r;
	say_obstacle(ret, too_few);
	return -EOPNOTSUPP;
}

int v4l2_share_join(struct v4l2_capture *camera, const char *path, const struct v4l2_m2m_want *want,
		    struct v4l2_share *ret)
{
	int r;

	init(ret, camera, path, NULL, want);
	ret->owner = V4L2_SHARE_CAMERA;
	r = v4l2_capture_export(camera);
	if (r >= 0)
		r = open_importing(ret);
	if (r >= 0)
		return 0;
	v4l2_share_release(ret);
	say_obstacle(ret, r == -ENOBUFS);
	return other_memory_may_do(r) || r == -ERANGE ? -EOPNOTSUPP : r;
}

int v4l2_share_reopen(struct v4l2_share *share)
{
	/* What was its own is imported like any other memory now. */
	int r = importing(share);

	if (r < 0)
		v4l2_share_release(share);
	return r;
}

void v4l2_share_release(struct v4l2_share *share)
{
	share->m2m = v4l2_m2m_close(share->m2m);
}
