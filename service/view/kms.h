// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A display by kernel mode setting (KMS), atomic: its device, the connector that a screen is
 * plugged into, its mode, and the CRTC that feeds it. The device is held as its master: nobody else
 * draws meanwhile.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#define KMS_WHY_SIZE  256
#define KMS_NAME_SIZE 32

struct kms_output {
	char name[KMS_NAME_SIZE]; /* "HDMI-A-1" */
	uint32_t connector, crtc; /* ids */
	uint32_t crtc_bit;        /* in a plane's possible_crtcs */
	drmModeModeInfo mode;
	uint32_t connector_crtc, crtc_mode, crtc_active; /* ids of properties */
};

struct kms {
	int fd;
	struct kms_output output;
	uint32_t mode_blob;
	drmModeCrtc *before; /* what was there; owned */
};

/*
 * Opens a display and becomes its master; nothing is shown yet. device NULL: the first that has a
 * screen; connector NULL: likewise. Errors: -ENOENT, -ENODEV (no display, or no such one),
 * -EACCES, -ENOTSUP (not atomic), -ENXIO (no screen there), -EBUSY (another is master), -errno; why
 * says it in words.
 */
int kms_open(struct kms *k, const char *device, const char *connector, char why[KMS_WHY_SIZE]);
/* What was shown before is shown again; before the framebuffers of ours go. */
void kms_restore(struct kms *k);
void kms_close(struct kms *k);

/* The id of an object's property, and its value if ret is not NULL; 0: it has none of that name. */
uint32_t kms_property(const struct kms *k, uint32_t object, uint32_t type, const char *name,
		      uint64_t *ret);
/* The value that an enumeration's name stands for. */
bool kms_enum_value(const struct kms *k, uint32_t property, const char *name, uint64_t *ret);

/* Puts output, mode and CRTC into a request. Errors: -ENOMEM. */
int kms_add_output(const struct kms *k, drmModeAtomicReq *request);
