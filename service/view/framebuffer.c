// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/framebuffer.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <sys/mman.h>

#include "base/cleanup.h"

/* YUV formats are allocated as bytes, half as many lines again for the colours. */
static int allocate(struct framebuffer *f, const struct kms *k)
{
	bool packed = f->format == DRM_FORMAT_XRGB8888;
	uint32_t lines = packed ? f->height : f->height * 3 / 2;
	uint64_t size, offset;
	void *bytes;

	if (drmModeCreateDumbBuffer(k->fd, f->width, lines, packed ? 32 : 8, 0, &f->handle,
				    &f->strides[0], &size) != 0)
		return -errno;
	if (drmModeMapDumbBuffer(k->fd, f->handle, &offset) != 0)
		return -errno;
	bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, k->fd, (off_t)offset);
	if (bytes == MAP_FAILED)
		return -errno;
	f->bytes = bytes;
	f->size = size;
	return 0;
}

static int lay_out(struct framebuffer *f)
{
	uint32_t luma = f->strides[0] * f->height;

	switch (f->format) {
	case DRM_FORMAT_XRGB8888:
		return 0;
	case DRM_FORMAT_NV12:
		f->strides[1] = f->strides[0];
		f->offsets[1] = luma;
		return 0;
	case DRM_FORMAT_YUV420:
		f->strides[1] = f->strides[2] = f->strides[0] / 2;
		f->offsets[1] = luma;
		f->offsets[2] = luma + luma / 4;
		return 0;
	default:
		return -EINVAL;
	}
}

static void blacken(struct framebuffer *f)
{
	size_t luma = (size_t)f->strides[0] * f->height;

	if (f->format == DRM_FORMAT_XRGB8888) {
		memset(f->bytes, 0, f->size);
		return;
	}
	memset(f->bytes, 16, luma);
	memset(f->bytes + luma, 128, f->size - luma);
}

/* modifier NULL: the driver's own way. */
static int add(struct framebuffer *f, const struct kms *k, const uint64_t *modifier)
{
	uint32_t handles[4] = {f->handle}, pitches[4] = {f->strides[0]}, offsets[4] = {};
	uint64_t modifiers[4] = {};
	int r;

	for (unsigned i = 1; i < ARRAY_SIZE(f->strides) && f->strides[i] > 0; i++) {
		handles[i] = f->handle;
		pitches[i] = f->strides[i];
		offsets[i] = f->offsets[i];
	}
	for (unsigned i = 0; modifier && i < ARRAY_SIZE(modifiers); i++)
		modifiers[i] = handles[i] ? *modifier : 0;
	r = drmModeAddFB2WithModifiers(k->fd, f->width, f->height, f->format, handles, pitches,
				       offsets, modifier ? modifiers : NULL, &f->id,
				       modifier ? DRM_MODE_FB_MODIFIERS : 0);
	return r != 0 ? -errno : 0;
}

int framebuffer_create(struct framebuffer *f, const struct kms *k, uint32_t format, uint32_t width,
		       uint32_t height)
{
	int r;

	*f = (struct framebuffer){.format = format, .width = width, .height = height};
	r = allocate(f, k);
	if (r == 0)
		r = lay_out(f);
	if (r == 0) {
		blacken(f);
		r = add(f, k, NULL);
	}
	if (r < 0)
		framebuffer_destroy(f, k);
	return r;
}

int framebuffer_import(struct framebuffer *f, const struct kms *k, int dmabuf, uint32_t format,
		       uint32_t width, uint32_t height, uint32_t stride)
{
	static const uint64_t linear = DRM_FORMAT_MOD_LINEAR;
	uint64_t can = 0;
	int r;

	*f = (struct framebuffer){
		.format = format, .width = width, .height = height, .strides = {stride}};
	r = drmPrimeFDToHandle(k->fd, dmabuf, &f->handle) != 0 ? -errno : lay_out(f);
	/* Where it can be said that it is linear, it is. */
	drmGetCap(k->fd, DRM_CAP_ADDFB2_MODIFIERS, &can);
	if (r == 0)
		r = add(f, k, can ? &linear : NULL);
	if (r < 0)
		framebuffer_destroy(f, k);
	return r;
}

void framebuffer_destroy(struct framebuffer *f, const struct kms *k)
{
	if (f->id)
		drmModeRmFB(k->fd, f->id);
	if (f->bytes)
		munmap(f->bytes, f->size);
	if (f->handle)
		drmCloseBufferHandle(k->fd, f->handle);
	*f = (struct framebuffer){};
}
