// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proto/subscriber-msg.h"

#include "proto/field.h"

bool subscriber_format_valid(const struct subscriber_format *f, uint32_t right)
{
	if (!f->width || !f->height || !f->fps_numerator || !f->fps_denominator)
		return false;
	if (right == RIGHT_LIVE)
		return (f->codec == RING_CODEC_H264 || f->codec == RING_CODEC_JPEG) && !f->fourcc &&
		       !f->n_planes;
	return !f->codec && f->fourcc && f->n_planes && f->n_planes <= SUBSCRIBER_PLANES_MAX;
}

bool subscriber_memory_valid(const void *message)
{
	const struct subscriber_memory *m = message;

	return FIELD_NAME(m->camera) && (m->right == RIGHT_LIVE || m->right == RIGHT_RAW) &&
	       m->stream < RING_N_STREAMS && m->size && m->size <= SUBSCRIBER_MEMORY_MAX &&
	       subscriber_format_valid(&m->format, m->right);
}

bool subscriber_frame_valid(const void *message)
{
	const struct subscriber_frame *m = message;

	return m->length && m->offset < SUBSCRIBER_MEMORY_MAX &&
	       m->length <= SUBSCRIBER_MEMORY_MAX - m->offset;
}
