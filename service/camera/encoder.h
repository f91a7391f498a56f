// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From frames to access units: `software` (OpenH264, constrained baseline, one slice a picture, no
 * picture ever left out), `zero-copy`, `converter` or `copy` (a hardware encoder, which reads the
 * camera's memory, what a hardware converter makes of that, or pictures copied into its own), or
 * `passthrough` (the camera encodes itself, H.264 or JPEG).
 *
 *	new -> { submit | poll; next until -EAGAIN } -> free
 *
 * What comes of a frame comes later: an encoder has descriptors to poll, a deadline, and frames
 * that it still reads. Software is done at once, and has neither. Nothing here blocks.
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
	struct v4l2_colours colours;
	enum camera_encoder encoder;
};

/* One access unit, Annex B or a JPEG picture. */
struct encoder_unit {
	struct slice bytes; /* valid until the next call of encoder_next() */
	uint64_t key;       /* of the frame, as given to encoder_submit() */
};

struct encoder;

/* What of an encoder has a descriptor of its own. */
enum encoder_part {
	ENCODER_ITSELF,
	ENCODER_CONVERTER,
	ENCODER_N_PARTS,
};

struct encoder_ops {
	int (*submit)(struct encoder *e, const struct source_frame *frame, uint64_t key,
		      bool keyframe);
	int (*next)(struct encoder *e, struct encoder_unit *ret);
	/* The next four: NULL where all is done at once. */
	bool (*holds)(struct encoder *e, uint32_t frame);
	int (*fd)(const struct encoder *e, enum encoder_part part);
	uint32_t (*events)(const struct encoder *e, enum encoder_part part);
	uint64_t (*deadline)(const struct encoder *e);
	int (*adjust)(struct encoder *e, uint32_t bitrate, uint32_t gop);
	void (*free)(struct encoder *e);
};

/* The base of each kind of encoder. */
struct encoder {
	const struct encoder_ops *ops;
	enum camera_path path;
	bool reads;       /* wants y, u and v of raw frames */
	bool takes_image; /* or image instead, where a frame has it */
	bool scales;      /* takes frames of the source's size; both may change while it runs */
	bool forces_keyframes;               /* can make one on demand */
	unsigned int opened;                 /* which ones its descriptors are: rises with each */
	char description[PROTO_REASON_SIZE]; /* "OpenH264 2.3.1" */
	char reason[PROTO_REASON_SIZE];      /* why this one */
};

/* Bitrate and GOP as configured (0: the default), kept within the bounds above. */
struct encoder_config encoder_config_of(const struct source_format *format,
					const struct camera_configuration *configured);

/*
 * The encoder for what the source gives: passthrough, zero-copy, converter, copy, software, the
 * first of them that can be; `reason` says why not a better one. source, if not NULL, is open; its
 * memory may come to be shared. Errors: -EINVAL (a size it cannot do), -EOPNOTSUPP (raw pictures,
 * and no encoder), -ENOMEM.
 */
int encoder_new(struct source *source, const struct source_format *format,
		const struct encoder_config *config, struct encoder **ret);
struct encoder *encoder_free(struct encoder *e);

/*
 * Gives it a frame. key: comes back with the access unit, and rises from frame to frame. keyframe:
 * make it an IDR, where the encoder can. Errors: -ENODATA (it gives nothing for this frame, nor
 * holds it; the next may succeed), -EIO and others (it is broken).
 */
int encoder_submit(struct encoder *e, const struct source_frame *frame, uint64_t key,
		   bool keyframe);

/*
 * What it has made, in the order of the frames; a frame that is passed over gave nothing. To be
 * called until -EAGAIN after each submit, at each event and at the deadline. Other errors: it is
 * broken.
 */
int encoder_next(struct encoder *e, struct encoder_unit *ret);

/* Whether it still reads the frame with this id (source.h), which must not go back before. */
bool encoder_holds(struct encoder *e, uint32_t frame);

/* To be polled for encoder_events(), EPOLL*, and not at all while they are 0; -EBADF: none. */
int encoder_fd(const struct encoder *e, enum encoder_part part);
uint32_t encoder_events(const struct encoder *e, enum encoder_part part);
/* When encoder_next() must be called even without an event (us, CLOCK_MONOTONIC); UINT64_MAX:
 * never. */
uint64_t encoder_deadline(const struct encoder *e);

/* While it runs. Errors: -EOPNOTSUPP (not its to choose), -EIO. */
int encoder_adjust(struct encoder *e, uint32_t bitrate, uint32_t gop);

int encoder_software_new(const struct encoder_config *config, struct encoder **ret);
/*
 * A stateful hardware encoder at this node. Errors, after which obstacle says why, for people:
 * those of v4l2/m2m.h.
 */
int encoder_v4l2m2m_new(const char *node, struct source *source,
			const struct encoder_config *config, struct encoder **ret,
			char obstacle[PROTO_REASON_SIZE]);
int encoder_passthrough_new(enum ring_codec codec, struct encoder **ret);

static inline void encoder_freep(struct encoder **e)
{
	encoder_free(*e);
}
