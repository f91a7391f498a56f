// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/share.h"

#include <errno.h>
#include <stdio.h>

#include "v4l2/device.h"

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

/* The encoder anew, for these buffers and the format that was agreed on. */
static int open_importing(struct v4l2_share *s, const struct v4l2_sys *sys,
			  const struct v4l2_raw *agreed)
{
	const struct v4l2_raw *raw;
	int r;

	s->want.import = true;
	r = v4l2_m2m_open(sys, s->path, &s->want, &s->m2m);
	if (r < 0)
		return r;
	raw = &v4l2_m2m_format(s->m2m)->raw;
	if (raw->components[0].stride != agreed->components[0].stride ||
	    raw->height != agreed->height)
		return -EOPNOTSUPP;
	r = v4l2_m2m_start(s->m2m);
	for (uint32_t i = 0; i < s->pool.count && r >= 0; i++)
		r = v4l2_m2m_import(s->m2m, i, s->pool.fds[i]);
	return r < 0 ? r : v4l2_m2m_try_import(s->m2m);
}

static int encoders_memory(struct v4l2_share *s, struct v4l2_capture *camera)
{
	int r = v4l2_m2m_start(s->m2m);

	if (r >= 0)
		r = v4l2_pool_export(&s->pool, v4l2_m2m_raw_queue(s->m2m));
	return r < 0 ? r : v4l2_capture_import(camera, &s->pool);
}

static int importers(struct v4l2_share *s, struct v4l2_capture *camera)
{
	struct v4l2_raw agreed = v4l2_m2m_format(s->m2m)->raw;

	s->want.buffers = s->pool.count;
	s->m2m = v4l2_m2m_close(s->m2m);
	return open_importing(s, v4l2_capture_device(camera)->sys, &agreed);
}

static int cameras_memory(struct v4l2_share *s, struct v4l2_capture *camera)
{
	int r = v4l2_capture_allocate(camera, V4L2_SHARE_BUFFERS);

	if (r >= 0)
		r = v4l2_pool_export(&s->pool, v4l2_capture_queue(camera));
	return r < 0 ? r : importers(s, camera);
}

static int heaps_memory(struct v4l2_share *s, struct v4l2_capture *camera)
{
	const struct v4l2_sys *sys = v4l2_capture_device(camera)->sys;
	size_t size = v4l2_m2m_format(s->m2m)->raw.size[0];
	int r = -EOPNOTSUPP;

	if (size < v4l2_capture_format(camera)->size)
		size = v4l2_capture_format(camera)->size;
	for (unsigned int i = 0; i < V4L2_SHARE_HEAPS && r < 0; i++)
		r = v4l2_pool_allocate(&s->pool, sys, v4l2_share_heaps[i], V4L2_SHARE_BUFFERS,
				       size);
	if (r < 0)
		return -EOPNOTSUPP;
	r = v4l2_capture_import(camera, &s->pool);
	return r < 0 ? r : importers(s, camera);
}

static int (*const ways[])(struct v4l2_share *s, struct v4l2_capture *camera) = {
	[V4L2_SHARE_ENCODER] = encoders_memory,
	[V4L2_SHARE_CAMERA] = cameras_memory,
	[V4L2_SHARE_HEAP] = heaps_memory,
};

static int try_way(struct v4l2_share *s, struct v4l2_capture *camera, enum v4l2_share_owner owner)
{
	int r = v4l2_layout_agree(camera, s->path, &s->want, &s->m2m, s->obstacle);

	if (r < 0)
		return r;
	/* As it was agreed on: an import opens the encoder anew. */
	s->want.raw = v4l2_m2m_format(s->m2m)->raw.fourcc;
	s->want.stride = v4l2_m2m_format(s->m2m)->raw.components[0].stride;
	s->want.width = v4l2_capture_format(camera)->width;
	s->want.height = v4l2_capture_format(camera)->height;
	s->owner = owner;
	r = ways[owner](s, camera);
	if (r < 0) {
		v4l2_capture_free(camera);
		v4l2_share_release(s);
		snprintf(s->obstacle, sizeof(s->obstacle),
			 "camera and encoder cannot reach the same memory");
	}
	return r < 0 && other_memory_may_do(r) ? -EAGAIN : r;
}

int v4l2_share_new(struct v4l2_capture *camera, const char *path, const struct v4l2_m2m_want *want,
		   struct v4l2_share *ret)
{
	struct v4l2_capture_format former = *v4l2_capture_format(camera);
	int r = -EAGAIN;

	for (unsigned int i = 0; i < sizeof(ways) / sizeof(ways[0]) && r == -EAGAIN; i++) {
		*ret = (struct v4l2_share){.want = *want, .path = path};
		ret->want.buffers = V4L2_SHARE_BUFFERS;
		ret->want.import = false;
		r = try_way(ret, camera, i);
	}
	if (r < 0)
		v4l2_capture_reformat(camera, former.fourcc, former.stride);
	return r == -EAGAIN ? -EOPNOTSUPP : r;
}

int v4l2_share_reopen(struct v4l2_share *share)
{
	const struct v4l2_sys *sys = share->pool.sys;
	struct v4l2_raw agreed = v4l2_m2m_format(share->m2m)->raw;
	int r;

	share->m2m = v4l2_m2m_close(share->m2m);
	/* What was its own is imported like any other memory now. */
	r = open_importing(share, sys, &agreed);
	if (r < 0)
		share->m2m = v4l2_m2m_close(share->m2m);
	return r;
}

void v4l2_share_release(struct v4l2_share *share)
{
	share->m2m = v4l2_m2m_close(share->m2m);
	v4l2_pool_release(&share->pool);
}
