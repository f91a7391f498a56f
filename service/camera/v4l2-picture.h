// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a V4L2 camera's frames are taken for: access units that it encoded itself (H.264 always,
 * JPEG if RTP can carry its first picture), or raw pictures, either where they lie or converted to
 * I420.
 *
 *	begin -> { take, or map or convert if that says so } -> end
 */
#pragma once

#include "camera/source.h"
#include "v4l2/capture.h"

struct v4l2_convert_lib;

struct v4l2_picture {
	const struct v4l2_capture *capture; /* borrowed */
	struct source_format format;        /* undecided until the first sound JPEG picture */
	char pictures[PROTO_REASON_SIZE];   /* of the format */
	uint32_t unsound;                   /* pictures while it is undecided */
	uint8_t *samples;                   /* of i420 */
	struct v4l2_i420 i420;
	struct v4l2_convert_lib *library; /* NULL: v4l2/convert.h does it */
};

/* Of a camera that is open. After an error there is something to end, too. -EOPNOTSUPP: pictures
 * that cannot be used; -ENOMEM. */
int v4l2_picture_begin(struct v4l2_picture *p, const struct v4l2_capture *capture);
/* May be called twice. */
void v4l2_picture_end(struct v4l2_picture *p);

/* Decides by this frame what is undecided. -EBADMSG: it is no picture; the next will. Others: as of
 * begin. */
int v4l2_picture_decide(struct v4l2_picture *p, const struct v4l2_frame *frame);

/* The access unit of a camera that encodes itself. -EBADMSG: a JPEG picture that RTP cannot carry,
 * or of another size. */
int v4l2_picture_encoded(const struct v4l2_picture *p, const struct v4l2_frame *frame,
			 struct slice *ret);

/* Whether raw pictures can be copied from where they are: not those that go through the library. */
bool v4l2_picture_maps(const struct v4l2_picture *p);

/* A raw picture as it lies in the driver's buffer. Errors: of v4l2_capture_image(). */
int v4l2_picture_map(const struct v4l2_picture *p, const struct v4l2_frame *frame,
		     struct v4l2_image *ret);

/* Fills in y, u and v, which hold until the next. Errors: of map, and of
 * v4l2_convert_lib_to_i420(). */
int v4l2_picture_convert(struct v4l2_picture *p, const struct v4l2_frame *frame,
			 struct source_frame *ret);
