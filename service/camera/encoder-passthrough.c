// SPDX-License-Identifier: LGPL-2.1-or-later
/* The camera encodes itself: its access units as they are. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "camera/encoder.h"

struct encoder_passthrough {
	struct encoder encoder;
	struct encoder_unit unit; /* bytes NULL: none waits */
	uint32_t frame;           /* where its bytes are */
	bool holds;
};

static int passthrough_submit(struct encoder *e, const struct source_frame *frame, uint64_t key,
			      bool keyframe)
{
	struct encoder_passthrough *p = (struct encoder_passthrough *)e;

	if (!frame->au.len)
		return -ENODATA;
	p->unit = (struct encoder_unit){.bytes = frame->au, .key = key};
	p->frame = frame->id;
	p->holds = true;
	return 0;
}

/* The frame is held until the call after the one that gave it. */
static int passthrough_next(struct encoder *e, struct encoder_unit *ret)
{
	struct encoder_passthrough *p = (struct encoder_passthrough *)e;

	p->holds = p->unit.bytes.data;
	if (!p->holds)
		return -EAGAIN;
	*ret = p->unit;
	p->unit = (struct encoder_unit){};
	return 0;
}

static bool passthrough_holds(struct encoder *e, uint32_t frame)
{
	const struct encoder_passthrough *p = (struct encoder_passthrough *)e;

	return p->holds && p->frame == frame;
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
	.submit = passthrough_submit,
	.next = passthrough_next,
	.holds = passthrough_holds,
	.adjust = passthrough_adjust,
	.free = passthrough_free,
};

int encoder_passthrough_new(enum ring_codec codec, struct encoder **ret)
{
	struct encoder_passthrough *p = calloc(1, sizeof(*p));
	struct encoder *e;

	if (!p)
		return -ENOMEM;
	e = &p->encoder;
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
