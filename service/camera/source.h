// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Where pictures come from: a V4L2 device, the test pattern or a clip; raw I420 or access units
 * that the camera encoded itself, H.264 or JPEG.
 *
 *	new -> { open -> start -> { poll; next, release } -> close } -> free
 *
 * open and close bracket an epoch: nothing of a device is held outside. Nothing here blocks but
 * open and close of a device, for as long as its driver takes. Several frames may be held at once,
 * and go back in any order: an encoder may still read one while the next comes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/ring.h"
#include "proto/camera-msg.h"
#include "v4l2/colours.h"
#include "v4l2/convert.h"
#include "wire/slice.h"

/* What is asked for; 0 leaves it to the source. */
struct source_want {
	uint32_t width, height;
	uint32_t fps;
	uint8_t uuid[UUID_SIZE]; /* the camera's, for pictures that say whose they are */
};

struct source_format {
	bool undecided;              /* the first frame decides, and brings the format */
	bool encoded;                /* access units instead of raw pictures */
	enum ring_codec codec;       /* of access units */
	uint32_t width, height;      /* even if raw */
	uint32_t fps_num, fps_den;   /* frames a second, neither 0 */
	uint32_t fourcc;             /* V4L2 pixel format of the source */
	struct v4l2_colours colours; /* of y, u and v, if raw */
	/* What the camera gives, for people: "JPEG pictures"; NULL: raw pictures. */
	const char *pictures;
};

#define SOURCE_FRAMES_MAX 32 /* held at once; their numbers are below */

struct source_frame {
	uint32_t id; /* for release */
	/* raw; NULL before source_read() if the source is shared or direct */
	const uint8_t *y, *u, *v;
	uint32_t y_stride, c_stride;
	/* raw, as the camera lays it out, where it wrote it; fourcc 0: not to be had */
	struct v4l2_image image;
	/* encoded */
	struct slice au;

	/* In place of what open said, if that was undecided; the source's. */
	const struct source_format *format;
	uint64_t captured_monotonic; /* us, CLOCK_MONOTONIC */
	uint64_t captured_realtime;  /* us, CLOCK_REALTIME of the same moment */
	uint64_t captured_boottime;  /* us, CLOCK_BOOTTIME of it */
	uint32_t dropped;            /* frames lost in the source since the one before */
	uint32_t damaged;            /* and frames that came, but were no picture */
};

#define SOURCE_OBSTACLE_SIZE 80

struct choices;
struct source;
struct v4l2_capture;

struct source_ops {
	int (*open)(struct source *s, const struct source_want *want, struct source_format *ret);
	/* NULL: it runs once open. */
	int (*start)(struct source *s, struct source_format *format);
	void (*close)(struct source *s);
	int (*fd)(const struct source *s);
	/* Whether all frames are held; NULL: never. */
	bool (*exhausted)(const struct source *s);
	int (*next)(struct source *s, struct source_frame *ret);
	int (*release)(struct source *s, uint32_t id);
	/* NULL: frames are readable as they come, and there is no device to share memory with. */
	int (*read)(struct source *s, struct source_frame *frame);
	struct v4l2_capture *(*capture)(struct source *s);
	/* The next five: NULL where there is nothing to ask. */
	int (*probe)(struct source *s);
	bool (*replaced)(const struct source *s);
	int (*force_keyframe)(struct source *s);
	int (*next_control)(struct source *s, uint32_t *cursor, struct camera_control *ret);
	int (*set_control)(struct source *s, const char *control, int32_t *value, bool exact);
	void (*free)(struct source *s);
};

/* The base of each kind of source. */
struct source {
	const struct source_ops *ops;
	uint32_t events;  /* EPOLL* to poll its descriptor for */
	bool polled_anew; /* its descriptor has to join the epoll set anew after each frame */
	enum camera_drop_reason dropped_as;  /* what source_frame.dropped counts */
	char description[PROTO_REASON_SIZE]; /* "pattern", "clip FILE", "v4l2 DEVICE" */
	const struct choices *choices;       /* borrowed; set at each open. NULL: none */
	/* Borrowed: the node of a hardware encoder that raw pictures may go to; NULL: none. */
	const char *encoder;
	uint64_t encoder_lost; /* when that failed an epoch (us, CLOCK_MONOTONIC); 0: it did not */
	/* Borrowed: the node of a hardware converter that may stand before it; NULL: none. */
	const char *converter;
	/* Borrowed: the node of a graphics card that may lend the two memory; NULL: none. */
	const char *card;
	uint64_t converter_lost; /* when that failed (us, CLOCK_MONOTONIC); 0: it did not */
	char converter_obstacle[SOURCE_OBSTACLE_SIZE]; /* how it failed */
	char offers[SOURCE_OBSTACLE_SIZE]; /* the formats that it has, if none of them will do */
	/* Until close: an encoder works on its memory. What is raw is not converted before read. */
	bool shared;
	/* Until close: an encoder takes raw pictures as the camera lays them out. Frames whose
	 * memory the CPU sees bring that, and are not converted before read. */
	bool direct;
};

/* name: the camera's, drawn into the picture; it outlives the source. */
int source_pattern_new(const char *name, struct source **ret);
/* Reads the whole clip. Errors: those of clip_load(). */
int source_clip_new(const char *path, struct source **ret);
/* Opens nothing, but notes which node there is now; path is the caller's and outlives the source.
 */
int source_v4l2_new(const char *path, struct source **ret);

/* Errors: see source_explain(). On failure nothing stays open. */
int source_open(struct source *s, const struct source_want *want, struct source_format *ret);
/* What it gives begins to come. *format: what open said; it may have changed by what was agreed on
 * with an encoder. Errors as of open; close is the caller's. */
int source_start(struct source *s, struct source_format *format);
/* Of a device that is open; NULL: there is none. */
struct v4l2_capture *source_capture(struct source *s);
/* Whether a source that was lost could be opened now, without starting it. Errors: of open. */
int source_probe(struct source *s);
/* Whether there is another device now in the place of the one that it was made for. */
bool source_replaced(const struct source *s);
/* Closes the device, if it is open. */
void source_close(struct source *s);
/* To be polled between open and close. */
int source_fd(const struct source *s);
/* What to poll for, EPOLL*; 0: no frame can come until one is released, and polling would spin. */
uint32_t source_events(const struct source *s);

/*
 * The next frame, valid until its release. -EAGAIN: none yet. Any other error: the source is lost
 * and must be closed.
 */
int source_next(struct source *s, struct source_frame *ret);
/* Has y, u and v of a raw frame there for the CPU to read, if they are not, until release.
 * -EBADMSG: it is no picture. */
int source_read(struct source *s, struct source_frame *frame);
/* Of a frame that is held. */
int source_release(struct source *s, uint32_t id);

/* Of a source that is open. -ENOTTY: it cannot; others: the device's. */
int source_force_keyframe(struct source *s);
/* Sets *value, and says what it is then. exact: only if the control takes just this value; else
 * -ERANGE, and *value is the nearest that it takes. */
int source_set_control(struct source *s, const char *control, int32_t *value, bool exact);
/* Whether there can be controls at all. */
bool source_has_controls(const struct source *s);
/* One control after the other of an open source, from *cursor 0 on; 0: no more. index and count are
 * left to the caller. */
int source_next_control(struct source *s, uint32_t *cursor, struct camera_control *ret);

struct source *source_free(struct source *s);

/* What an error of open, next and release means, for people. */
const char *source_explain(int error);
/* Whether that can pass by itself: plugged in again, no longer busy. */
bool source_may_return(int error);

/* The other clocks of a moment that CLOCK_MONOTONIC knows. For the sources. */
void source_stamp(struct source_frame *f, uint64_t captured_monotonic);

static inline void source_freep(struct source **s)
{
	source_free(*s);
}
