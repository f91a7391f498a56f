// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is on the screen: the background, or a picture as large as fits before it. A picture goes
 * onto a plane of its own where there is one that takes it, best as it is decoded and scaled by
 * the plane; else it is scaled and converted by the CPU. It is drawn into a canvas, or stands in a
 * framebuffer of somebody else's already.
 *
 *	open -> { draw on the background } -> dark -> fit -> { canvas, render, lay } -> dark ...
 *	                                          -> adopt -> { lay } -> dark ...
 */
#pragma once

#include "view/framebuffer.h"
#include "view/plane.h"

/* One that is shown, one that comes next, one to draw into. */
#define SCREEN_CANVASES 3

/* How pictures get there. */
struct screen_layer {
	const struct plane *plane;      /* NULL: not known yet */
	uint32_t format, width, height; /* of what is laid */
	struct plane_area picture;      /* in a canvas */
	struct plane_area to;           /* where the plane lays it */
};

struct screen {
	struct kms kms;
	struct plane planes[PLANES_MAX]; /* the primary one first */
	int n_planes;
	struct framebuffer background; /* XRGB8888 */
	struct screen_layer layer;
	uint32_t width, height; /* of the pictures that the layer is for; 0: adopted ones */
	struct framebuffer canvases[SCREEN_CANVASES];
	const struct framebuffer *shown, *coming, *drawn; /* NULL: none */
};

/* Errors: those of kms_open() and planes_find(), -errno; why says it in words. */
int screen_open(struct screen *s, const char *device, const char *connector,
		char why[KMS_WHY_SIZE]);
/* What was there before is shown again. */
void screen_close(struct screen *s);

/* Prepares for pictures of this size. Errors: -EACCES (not master now), -ENOMEM, -errno. */
int screen_fit(struct screen *s, uint32_t width, uint32_t height);

/* The canvas to draw in, never one that can be seen; its part that the picture fills. */
struct framebuffer *screen_canvas(struct screen *s, struct plane_area *ret);
/* Shows a canvas, or what was adopted, at the next refresh of the screen or the one after, unless a
 * newer one comes first. Waits for nothing; f is held as long as screen_holds() says. Errors:
 * -EACCES (not master now), -ENODEV, -errno. */
int screen_lay(struct screen *s, const struct framebuffer *f);
bool screen_holds(const struct screen *s, const struct framebuffer *f);
/* Shows the background alone, and returns when no picture can be seen. Errors: as above. */
int screen_dark(struct screen *s);

/* Prepares for pictures in framebuffers like this one, of which this much is seen. Errors: as of
 * fit; -EINVAL and others: no plane takes them. */
int screen_adopt(struct screen *s, const struct framebuffer *like, uint32_t width, uint32_t height);

/* The device is readable: the refresh came. Errors: as above. */
int screen_take_events(struct screen *s);
