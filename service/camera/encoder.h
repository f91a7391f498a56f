// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From frames to access units: `software` (OpenH264, constrained baseline, one slice a picture, no
 * picture ever left out) or `passthrough` (the camera encodes itself, H.264 or JPEG).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "camera/source.h"
#include "proto/camera-msg.h"
#include "wire/slice.h"

#define ENCODER_BITRATE_MIN 64000U
#define ENCODER_BITRATE_MAX 50000000U
#define ENCODER_GOP_MAX     3600U
#define ENCODER_GOP_SECONDS 2 /* by default */

struct encoder_config {
	uint32_t width, height;
	uint32_t fps_num, fps_den;
	uint32_t bitrate; /* bit/s */
	uint32_t gop;     /* frames between keyframes */
};

struct encoder;

struct encoder_ops {
	int (*encode)(struct encoder *e, const struct source_frame *frame, bool keyframe,
		      struct slice *ret);
	int (*adjust)(struct encoder *e, uint32_t bitrate, uint32_t gop);
	void (*free)(struct encoder *e);
};

/* The base of each kind of encoder. */
struct encoder {
	const struct encoder_ops *ops;
	enum camera_path path;
	bool forces_keyframes;               /* can make one on demand */
	char description[PROTO_REASON_SIZE]; /* "OpenH264 2.3.1" */
	char reason[PROTO_REASON_SIZE];      /* why this one */
};

/* Bitrate and GOP as configured (0: the default), kept within the bounds above. */
struct encoder_config encoder_config_of(const struct source_format *format,
					const struct camera_configuration *configured);

/*
 * The encoder for what the source gives. Errors: -EINVAL (a size it cannot do), -EOPNOTSUPP (raw
 * pictures, and no encoder in this build), -ENOMEM.
 */
int encoder_new(const struct source_format *format, const struct encoder_config *config,
		struct encoder **ret);
struct encoder *encoder_free(struct encoder *e);

/*
 * One access unit, Annex B or a JPEG picture, valid until the next call (passthrough: until the
 * frame's release). keyframe: make it an IDR, where the encoder can. Errors: -ENODATA (it gave
 * nothing for this frame; the next may succeed), -EIO (it is broken).
 */
int encoder_encode(struct encoder *e, const struct source_frame *frame, bool keyframe,
		   struct slice *ret);

/* While it runs. Errors: -EOPNOTSUPP (not its to choose), -EIO. */
int encoder_adjust(struct encoder *e, uint32_t bitrate, uint32_t gop);

int encoder_software_new(const struct encoder_config *config, struct encoder **ret);
int encoder_passthrough_new(enum ring_codec codec, struct encoder **ret);

static inline void encoder_freep(struct encoder **e)
{
	encoder_free(*e);
}
