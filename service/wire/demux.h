// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What stands at the start of the bytes received: RTSP, HTTP and interleaved frames (RFC 2326
 * section 10.12) come over one connection, and a frame may stand wherever a request may.
 *
 *	'$', channel (8 bits), length (16 bits, big endian), payload
 */
#pragma once

#include "wire/slice.h"

#define DEMUX_FRAME_HEADER 4
#define DEMUX_FRAME_MAX    65535 /* payload */
/* From a viewer only RTCP comes; more than this is no RTCP. */
#define DEMUX_FRAME_MAX_INBOUND 4096

enum demux_kind {
	DEMUX_MORE, /* cannot be told yet, or a frame that is not complete */
	DEMUX_RTSP, /* a request or response; its parser says whether it is complete */
	DEMUX_HTTP,
	DEMUX_FRAME,   /* complete; see struct demux_frame */
	DEMUX_GARBAGE, /* neither: close */
};

struct demux_frame {
	uint8_t channel;
	struct slice payload;
	size_t size; /* with its header */
};

/* max_frame: the largest payload to wait for; beyond it, garbage. frame is set on DEMUX_FRAME. */
enum demux_kind demux_peek(const void *data, size_t len, size_t max_frame,
			   struct demux_frame *frame);
