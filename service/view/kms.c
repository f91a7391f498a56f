// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/kms.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "view/kms-output.h"

#define CARDS_MAX 64 /* minors of primary nodes */
#define PATH_SIZE 32

static int say(char why[KMS_WHY_SIZE], int error, const char *device, const char *what)
{
	snprintf(why, KMS_WHY_SIZE, "%s: %s", device, what);
	return error;
}

/* --- the device --- */

static int open_node(struct kms *k, const char *device, char why[KMS_WHY_SIZE])
{
	k->fd = open(device, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (k->fd >= 0)
		return 0;
	switch (errno) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return say(why, -ENOENT, device, "there is no such device");
	case EACCES:
	case EPERM:
		return say(why, -EACCES, device, "no permission: be in its group (video), or root");
	default:
		return say(why, -errno, device, strerror(errno));
	}
}

static int become_atomic(struct kms *k, const char *device, char why[KMS_WHY_SIZE])
{
	drmModeRes *resources = drmModeGetResources(k->fd);

	if (!resources)
		return say(why, -ENODEV, device, "it is no display");
	drmModeFreeResources(resources);
	if (drmSetClientCap(k->fd, DRM_CLIENT_CAP_UNIVERSAL_PLANES, 1) == 0 &&
	    drmSetClientCap(k->fd, DRM_CLIENT_CAP_ATOMIC, 1) == 0)
		return 0;
	return say(why, -ENOTSUP, device, "its driver cannot set modes atomically");
}

static int become_master(struct kms *k, const char *device, char why[KMS_WHY_SIZE])
{
	if (drmIsMaster(k->fd) || drmSetMaster(k->fd) == 0)
		return 0;
	return say(why, -EBUSY, device,
		   "another program has the display (a desktop?): end it, or go to a console"
		   " of its own");
}

static int take_output(struct kms *k, const char *device, const char *connector,
		       char why[KMS_WHY_SIZE])
{
	char what[KMS_WHY_SIZE / 2] = "";
	int r = kms_output_find(k, connector, what);

	return r < 0 ? say(why, r, device, what) : 0;
}

static int open_device(struct kms *k, const char *device, const char *connector,
		       char why[KMS_WHY_SIZE])
{
	int r;

	*k = (struct kms){.fd = -EBADF};
	r = open_node(k, device, why);
	if (r == 0)
		r = become_atomic(k, device, why);
	if (r == 0)
		r = take_output(k, device, connector, why);
	if (r == 0)
		r = become_master(k, device, why);
	if (r == 0 && drmModeCreatePropertyBlob(k->fd, &k->output.mode, sizeof(k->output.mode),
						&k->mode_blob) != 0)
		r = say(why, -errno, device, strerror(errno));
	if (r < 0) {
		close_fd(steal_fd(&k->fd));
		return r;
	}
	k->before = drmModeGetCrtc(k->fd, k->output.crtc);
	return 0;
}

/* The first that works; else the first that could have. */
static int open_any(struct kms *k, const char *connector, char why[KMS_WHY_SIZE])
{
	int first = -ENOENT;

	say(why, first, "/dev/dri", "there is no display here");
	for (unsigned i = 0; i < CARDS_MAX; i++) {
		char device[PATH_SIZE], what[KMS_WHY_SIZE];
		int r;

		snprintf(device, sizeof(device), "/dev/dri/card%u", i);
		r = open_device(k, device, connector, what);
		if (r == 0)
			return 0;
		if (first == -ENOENT && r != -ENODEV && r != -ENOENT) {
			first = r;
			memcpy(why, what, sizeof(what));
		}
	}
	return first;
}

int kms_open(struct kms *k, const char *device, const char *connector, char why[KMS_WHY_SIZE])
{
	return device ? open_device(k, device, connector, why) : open_any(k, connector, why);
}

void kms_restore(struct kms *k)
{
	const drmModeCrtc *b = k->before;

	if (b && b->mode_valid && b->buffer_id)
		drmModeSetCrtc(k->fd, b->crtc_id, b->buffer_id, b->x, b->y, &k->output.connector, 1,
			       &k->before->mode);
	else
		drmModeSetCrtc(k->fd, k->output.crtc, 0, 0, 0, NULL, 0, NULL);
}

void kms_close(struct kms *k)
{
	if (k->fd < 0)
		return;
	if (k->before)
		drmModeFreeCrtc(k->before);
	drmModeDestroyPropertyBlob(k->fd, k->mode_blob);
	drmDropMaster(k->fd);
	close_fd(k->fd);
	*k = (struct kms){.fd = -EBADF};
}

/* --- properties --- */

uint32_t kms_property(const struct kms *k, uint32_t object, uint32_t type, const char *name,
		      uint64_t *ret)
{
	drmModeObjectProperties *all = drmModeObjectGetProperties(k->fd, object, type);
	uint32_t id = 0;

	for (uint32_t i = 0; all && id == 0 && i < all->count_props; i++) {
		drmModePropertyRes *one = drmModeGetProperty(k->fd, all->props[i]);

		if (one && strcmp(one->name, name) == 0) {
			id = one->prop_id;
			if (ret)
				*ret = all->prop_values[i];
		}
		drmModeFreeProperty(one);
	}
	drmModeFreeObjectProperties(all);
	return id;
}

bool kms_enum_value(const struct kms *k, uint32_t property, const char *name, uint64_t *ret)
{
	drmModePropertyRes *p = drmModeGetProperty(k->fd, property);
	bool found = false;

	for (int i = 0; p && !found && i < p->count_enums; i++)
		if (strcmp(p->enums[i].name, name) == 0) {
			*ret = p->enums[i].value;
			found = true;
		}
	drmModeFreeProperty(p);
	return found;
}

int kms_add_output(const struct kms *k, drmModeAtomicReq *request)
{
	const struct kms_output *o = &k->output;

	if (drmModeAtomicAddProperty(request, o->connector, o->connector_crtc, o->crtc) < 0 ||
	    drmModeAtomicAddProperty(request, o->crtc, o->crtc_mode, k->mode_blob) < 0 ||
	    drmModeAtomicAddProperty(request, o->crtc, o->crtc_active, 1) < 0)
		return -ENOMEM;
	return 0;
}
