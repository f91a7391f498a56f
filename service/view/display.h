// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A screen of its own for accepted frames. There is nothing on it but them and, while none is live,
 * a sign that says so: a picture that stands still is never left there.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "view/stream.h"

/* How old the frame shown last may get, at most. */
#define DISPLAY_SILENCE_USEC 2000000ULL

struct display;

/* The texts outlive the display. */
struct display_config {
	const char *device;    /* NULL: the first with a screen */
	const char *connector; /* NULL: its first with a screen */
	const char *camera;    /* for the sign */
	const char *decoder;   /* a hardware decoder's node; NULL: the first there is, if any */
	bool by_software;      /* no hardware decoder */
};

/* Shows the sign. Errors: -ENOSYS (this build has none), -EINVAL (one that is told on standard
 * error). */
int display_open(const struct display_config *config, struct display **ret);
/* What was there before is shown again. NULL is allowed. Returns NULL. */
struct display *display_close(struct display *d);

/*
 * A frame that was accepted, in its order. Errors: -EBADMSG (it cannot be decoded, nor what comes
 * before the next keyframe), -errno (the display is of no more use).
 */
int display_show(struct display *d, const struct stream_unit *unit, uint64_t now);
/* Nothing is live: the sign, at once; and nothing that arrived before now is shown any more.
 * Errors: -errno. */
int display_forget(struct display *d, uint64_t now);

/* The hardware decoder's node, which will be opened for each size of pictures; NULL: none is used.
 */
const char *display_decoder(const struct display *d);

/* To poll for reading. */
int display_fd(const struct display *d);
/* When to be called although nothing came: us, CLOCK_MONOTONIC; UINT64_MAX: never. */
uint64_t display_deadline(const struct display *d);
/* Errors: -errno. */
int display_advance(struct display *d, uint64_t now);
