// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/dumb.h"

#include <drm.h>
#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "v4l2/pool.h"
#include "v4l2/sys.h"

/* A buffer is a picture to its card: of lines as long as a page, which no driver makes longer, and
 * of 32 bits a pixel, for some take nothing else. */
#define LINE_BYTES     4096u
#define BITS_PER_PIXEL 32u

static const uint32_t requests[] = {
	DRM_IOCTL_DROP_MASTER,        DRM_IOCTL_GET_CAP,           DRM_IOCTL_MODE_CREATE_DUMB,
	DRM_IOCTL_PRIME_HANDLE_TO_FD, DRM_IOCTL_MODE_DESTROY_DUMB,
};

unsigned int v4l2_dumb_requests(const uint32_t **ret)
{
	*ret = requests;
	return ARRAY_SIZE(requests);
}

static bool has(const struct v4l2_sys *sys, int fd, uint64_t capability, uint64_t what)
{
	struct drm_get_cap cap = {.capability = capability};

	return sys->ioctl(sys, fd, DRM_IOCTL_GET_CAP, &cap) >= 0 && (cap.value & what) == what;
}

/* -EOPNOTSUPP: it lends no memory. */
static int open_card(const struct v4l2_sys *sys, const char *card, int *ret)
{
	int fd = sys->open(sys, card, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return fd;
	/* Whoever opens a card that has no master becomes it, and would keep a display's program
	 * from its screen. An error says that there was one already: all the better. */
	sys->ioctl(sys, fd, DRM_IOCTL_DROP_MASTER, NULL);
	if (!has(sys, fd, DRM_CAP_DUMB_BUFFER, 1) ||
	    !has(sys, fd, DRM_CAP_PRIME, DRM_PRIME_CAP_EXPORT)) {
		sys->close(sys, fd);
		return -EOPNOTSUPP;
	}
	*ret = fd;
	return 0;
}

int v4l2_dumb_probe(const struct v4l2_sys *sys, const char *card)
{
	int fd, r;

	sys = sys ? sys : &v4l2_sys_kernel;
	r = open_card(sys, card, &fd);
	if (r < 0)
		return r == -EOPNOTSUPP ? 0 : r;
	sys->close(sys, fd);
	return 1;
}

static int export(const struct v4l2_sys *sys, int fd, uint32_t handle, int *ret)
{
	struct drm_prime_handle prime = {
		.handle = handle,
		.flags = DRM_CLOEXEC | DRM_RDWR,
		.fd = -EBADF,
	};
	int r = sys->ioctl(sys, fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime);

	*ret = prime.fd;
	return r;
}

/* The handle goes at once: the memory lives as long as the DMA-buf. */
static int give(const struct v4l2_sys *sys, int fd, size_t size, int *ret)
{
	struct drm_mode_create_dumb dumb = {
		.width = LINE_BYTES * 8 / BITS_PER_PIXEL,
		.height = (uint32_t)((size + LINE_BYTES - 1) / LINE_BYTES),
		.bpp = BITS_PER_PIXEL,
	};
	struct drm_mode_destroy_dumb destroy = {};
	int r = sys->ioctl(sys, fd, DRM_IOCTL_MODE_CREATE_DUMB, &dumb);

	if (r < 0)
		return r;
	r = dumb.size < size ? -ENOSPC : export(sys, fd, dumb.handle, ret);
	destroy.handle = dumb.handle;
	sys->ioctl(sys, fd, DRM_IOCTL_MODE_DESTROY_DUMB, &destroy);
	return r;
}

int v4l2_dumb_allocate(struct v4l2_pool *pool, const struct v4l2_sys *sys, const char *card,
		       const struct v4l2_pool_need *need)
{
	int fd, r = open_card(sys, card, &fd);

	if (r < 0)
		return r;
	r = v4l2_pool_fill(pool, sys, fd, need, give);
	sys->close(sys, fd);
	return r;
}
