// SPDX-License-Identifier: LGPL-2.1-or-later
/* The camera encodes itself: its access units as they are. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "camera/encoder.h"

static int passthrough_encode(struct encoder *e, const struct source_frame *frame, bool keyframe,
			      struct slice *ret)
{
	*ret = frame->au;
	return ret->len ? 0 : -ENODATA;
}

static int passthrough_adjust(struct encoder *e, uint32_t bitrate, uint32_t gop)
{
	return -EOPNOTSUPP;
}

static void passthrough_free(struct encoder *e)
{
	free(e);
}

static const struct encoder_ops ops = {
	.encode = passthrough_encode,
	.adjust = passthrough_adjust,
	.free = passthrough_free,
};

int encoder_passthrough_new(enum ring_codec codec, struct encoder **ret)
{
	struct encoder *e = calloc(1, sizeof(*e));

	if (!e)
		return -ENOMEM;
	e->ops = &ops;
	e->path = CAMERA_PATH_PASSTHROUGH;
	/* Each JPEG picture is one. */
	e->forces_keyframes = codec == RING_CODEC_JPEG;
	snprintf(e->description, sizeof(e->description), "none");
	snprintf(e->reason, sizeof(e->reason), "the camera encodes %s itself",
		 codec == RING_CODEC_JPEG ? "JPEG" : "H.264");
	*ret = e;
	return 0;
}
