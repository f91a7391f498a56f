// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How pictures come to a hardware encoder. Where camera and encoder can work on the same memory,
 * they stay where the camera wrote them (v4l2/share.h); where a converter can stand between, it
 * reads them there (v4l2/relay.h); otherwise they are copied into the encoder's.
 *
 *	open -> { put; next until -EAGAIN | reopen | leave_converter } -> release
 *
 * Both last ones lose what was in the encoder.
 */
#pragma once

#include "camera/source.h"
#include "proto/camera-msg.h"
#include "v4l2/m2m.h"
#include "v4l2/relay.h"
#include "v4l2/share.h"

struct m2m_path {
	enum camera_path kind; /* zero-copy, converter or copy */
	const char *node;      /* of the encoder; borrowed */
	struct source *source; /* borrowed; NULL: pictures are copied */
	struct v4l2_m2m_want want;
	bool takes_image; /* of a source_frame, to copy that, where there is one */
	bool scales;      /* takes pictures of the source's size */
	char reason[PROTO_REASON_SIZE];
	struct v4l2_share share; /* of copies, only m2m is used */
	struct v4l2_relay relay; /* m2m NULL: not by that */
};

/* The first of the three that can be; node, source and want are the caller's to fill in. Errors: of
 * v4l2_m2m_open() and v4l2_m2m_start(). There is something to release in any case. */
int m2m_path_open(struct m2m_path *p);
void m2m_path_release(struct m2m_path *p);

/* The same once more, with an encoder that has failed. Errors: as of open, -EOPNOTSUPP if it has
 * changed. */
int m2m_path_reopen(struct m2m_path *p);

/* Whether it was the converter that the last error is about. */
bool m2m_path_converter_failed(const struct m2m_path *p);
/* Pictures are copied from now on. error: how it failed. It is not tried again for a while: it
 * might stall each time anew. */
int m2m_path_leave_converter(struct m2m_path *p, int error);

/* The camera's; NULL, the kernel, for pictures that come from elsewhere. */
const struct v4l2_sys *m2m_path_sys(const struct m2m_path *p);

struct v4l2_m2m *m2m_path_encoder(const struct m2m_path *p);
/* NULL: there is none. */
const struct v4l2_converter *m2m_path_converter(const struct m2m_path *p);

/* -EAGAIN: no room, or the encoder ends in order to begin anew; others: it is broken. */
int m2m_path_put(struct m2m_path *p, const struct source_frame *frame, uint64_t key);
/* As v4l2_m2m_next(). */
int m2m_path_next(struct m2m_path *p, struct v4l2_m2m_coded *ret);
/* Whether the frame with this id is still read. */
bool m2m_path_holds(struct m2m_path *p, uint32_t frame);
/* us, CLOCK_MONOTONIC. */
uint64_t m2m_path_deadline(const struct m2m_path *p);
/* Also for those that come after. Errors: of v4l2_m2m_adjust(). */
int m2m_path_adjust(struct m2m_path *p, int32_t bitrate, int32_t gop);
