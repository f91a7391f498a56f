// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/share.h"

#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "v4l2/device.h"
#include "v4l2/pool.h"

const char *const v4l2_share_heaps[V4L2_SHARE_HEAPS] = {
	"/dev/dma_heap/linux,cma",
	"/dev/dma_heap/reserved",
};

/* Errors that other memory may not have; all else is the encoder's end. */
static bool other_memory_may_do(int r)
{
	return r == -EINVAL || r == -EFAULT || r == -ENOTTY || r == -ENOSPC || r == -EOPNOTSUPP ||
	       r == -ENOMEM || r == -EIO;
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
	/* It would keep them all, and wait for one more. */
	if (pool->count <= v4l2_m2m_controls(s->m2m)->least_raw)
		return -EOPNOTSUPP;
	r = v4l2_m2m_start(s->m2m);
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
		r = v4l2_pool_export(&pool, v4l2_m2m_raw_queue(s->m2m));
	if (r >= 0)
		r = v4l2_capture_import(s->camera, &pool);
	v4l2_pool_release(&pool);
	return r;
}

static int cameras_memory(struct v4l2_share *s)
{
	int r = v4l2_capture_allocate(s->camera, V4L2_SHARE_BUFFERS);

	if (r >= 0)
		r = v4l2_capture_export(s->camera);
	return r < 0 ? r : importing(s);
}

static int heaps_memory(struct v4l2_share *s)
{
	const struct v4l2_sys *sys = v4l2_capture_device(s->camera)->sys;
	size_t size = v4l2_m2m_format(s->m2m)->raw.size[0];
	struct v4l2_pool pool = {};
	int r = -EOPNOTSUPP;

	if (size < v4l2_capture_format(s->camera)->size[0])
		size = v4l2_capture_format(s->camera)->size[0];
	for (unsigned int i = 0; i < V4L2_SHARE_HEAPS && r < 0; i++)
		r = v4l2_pool_allocate(&pool, sys, v4l2_share_heaps[i], V4L2_SHARE_BUFFERS, size);
	if (r < 0)
		return -EOPNOTSUPP;
	r = v4l2_capture_import(s->camera, &pool);
	v4l2_pool_release(&pool);
	return r < 0 ? r : importing(s);
}

static int (*const ways[])(struct v4l2_share *s) = {
	[V4L2_SHARE_ENCODER] = encoders_memory,
	[V4L2_SHARE_CAMERA] = cameras_memory,
	[V4L2_SHARE_HEAP] = heaps_memory,
};

static int fail(struct v4l2_share *s, int error)
{
	v4l2_share_release(s);
	snprintf(s->obstacle, sizeof(s->obstacle),
		 "camera and encoder cannot reach the same memory");
	return error;
}

static int try_way(struct v4l2_share *s, enum v4l2_share_owner owner)
{
	int r = v4l2_layout_agree(s->camera, s->path, &s->want, &s->m2m, s->obstacle);

	if (r < 0)
		return r;
	s->owner = owner;
	r = ways[owner](s);
	if (r >= 0)
		return 0;
	v4l2_capture_free(s->camera);
	return fail(s, other_memory_may_do(r) ? -EAGAIN : r);
}

static void init(struct v4l2_share *s, struct v4l2_capture *camera, const char *path,
		 const struct v4l2_m2m_want *want)
{
	*s = (struct v4l2_share){.want = *want, .path = path, .camera = camera};
	s->want.buffers = V4L2_SHARE_BUFFERS;
	s->want.import = false;
}

int v4l2_share_new(struct v4l2_capture *camera, const char *path, const struct v4l2_m2m_want *want,
		   struct v4l2_share *ret)
{
	struct v4l2_capture_format former = *v4l2_capture_format(camera);
	int r = -EAGAIN;

	for (unsigned int i = 0; i < ARRAY_SIZE(ways) && r == -EAGAIN; i++) {
		init(ret, camera, path, want);
		r = try_way(ret, i);
	}
	if (r < 0)
		v4l2_capture_reformat(camera, former.fourcc, former.stride[0]);
	return r == -EAGAIN ? -EOPNOTSUPP : r;
}

int v4l2_share_join(struct v4l2_capture *camera, const char *path, const struct v4l2_m2m_want *want,
		    struct v4l2_share *ret)
{
	int r;

	init(ret, camera, path, want);
	ret->owner = V4L2_SHARE_CAMERA;
	r = v4l2_capture_export(camera);
	if (r >= 0)
		r = open_importing(ret);
	return r < 0 ? fail(ret, other_memory_may_do(r) || r == -ERANGE ? -EOPNOTSUPP : r) : 0;
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
