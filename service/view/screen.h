// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is on the screen: the background, or a picture as large as fits before it. A picture goes
 * onto a plane of its own where there is one that takes it, best as it is decoded and scaled by
 * the plane; else it is scaled and converted by the CPU.
 *
 *	open -> { draw on the background } -> dark -> fit -> { canvas, render, present } -> dark ...
 */
#pragma once

#include "view/framebuffer.h"
#include "view/plane.h"

/* One that is shown, one that comes next, one to draw into. */
#define SCREEN_CANVASES 3

/* How pictures get there. */
struct screen_layer {
	const struct plane *plane;      /* NULL: not known yet */
	uint32_t format, width, height; /* of the canvases */
	struct plane_area picture;      /* in a canvas */
	struct plane_area to;           /* where the plane lays a canvas */
};

struct screen {
	struct kms kms;
	struct plane planes[PLANES_MAX]; /* the primary one first */
	int n_planes;
	struct framebuffer background; /* XRGB8888 */
	struct screen_layer layer;
	uint32_t width, height; /* of the pictures that the layer is for */
	struct framebuffer canvases[SCREEN_CANVASES];
	int shown, coming, drawn; /* canvases; -1: none */
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
/* Shows it at the next refresh of the screen, or the one after. Waits for nothing. Errors: -EACCES
 * (not master now), -ENODEV, -errno. */
int screen_present(struct screen *s);
/* Shows the background alone, and returns when no picture can be seen. Errors: as above. */
int screen_dark(struct screen *s);

/* The device is readable: the refresh came. Errors: as above. */
int screen_take_events(struct screen *s);
