// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A hardware decoder whose pictures a plane shows where they are: their buffers are the decoder's,
 * exported as DMA-bufs, and go back to it once the screen has let go of them. No picture passes
 * through the CPU. One for each size of pictures; whatever it cannot do is for software.
 */
#pragma once

#include "v4l2/m2m-decode.h"
#include "view/screen.h"
#include "wire/slice.h"

#define SCANOUT_BUFFERS_MAX 32

struct scanout {
	struct v4l2_m2m_decode *decode;
	uint32_t width, height;                          /* of the stream */
	bool adopted;                                    /* the screen is prepared */
	struct framebuffer buffers[SCANOUT_BUFFERS_MAX]; /* by the decoder's index; id 0: not yet */
	bool out[SCANOUT_BUFFERS_MAX];                   /* not the decoder's now */
};

#define SCANOUT_PATH_SIZE 24

/* The first /dev/videoN that decodes H.264 into what a plane of the screen shows. Errors: -ENOENT.
 */
int scanout_find(const struct screen *s, char ret[SCANOUT_PATH_SIZE]);

/* width, height: of the stream. Errors: those of v4l2_m2m_decode_open(). */
int scanout_open(struct scanout *o, const struct screen *s, const char *device, uint32_t width,
		 uint32_t height);
/* The screen must be dark, or show something else. May be called twice. */
void scanout_close(struct scanout *o, const struct screen *s);

int scanout_put(struct scanout *o, struct slice prefix, struct slice unit, uint64_t arrived);
/*
 * The next picture, in a framebuffer; *ret_arrived: as put with it. Whether or not the screen is
 * ours now. Errors: -EAGAIN (none yet), those of v4l2_m2m_decode_next() and framebuffer_import().
 */
int scanout_next(struct scanout *o, struct screen *s, const struct framebuffer **ret,
		 uint64_t *ret_arrived);
/* Before a picture is laid: the screen takes such ones from now on. Errors: those of
 * screen_adopt(), -EACCES (not master now) among them: try again later. */
int scanout_prepare(struct scanout *o, struct screen *s, const struct framebuffer *f);
/* Gives back what the screen no longer holds. Errors: -errno. */
int scanout_return(struct scanout *o, const struct screen *s);
