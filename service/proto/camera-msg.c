// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proto/camera-msg.h"

#include "proto/field.h"
#include "proto/rights.h"

#define STREAMS_ALL ((1U << RING_N_STREAMS) - 1)

bool camera_hello_valid(const void *message)
{
	const struct camera_hello *m = message;

	return FIELD_NAME(m->name);
}

bool camera_ring_valid(const void *message)
{
	const struct camera_ring *m = message;

	return m->stream < RING_N_STREAMS && m->ring_size > sizeof(struct ring_header);
}

bool camera_sequence_valid(const void *message)
{
	const struct camera_sequence *m = message;

	return m->stream < RING_N_STREAMS && m->added <= 1;
}

bool camera_state_valid(const void *message)
{
	const struct camera_state *m = message;

	return m->condition >= CAMERA_IDLE && m->condition <= CAMERA_LOST &&
	       m->path <= CAMERA_PATH_SOFTWARE && FIELD_TEXT(m->source) && FIELD_TEXT(m->encoder) &&
	       FIELD_TEXT(m->reason);
}

bool camera_still_done_valid(const void *message)
{
	const struct camera_still_done *m = message;

	return m->size > 0;
}

bool camera_still_failed_valid(const void *message)
{
	const struct camera_still_failed *m = message;

	return FIELD_TEXT(m->reason);
}

bool camera_welcome_valid(const void *message)
{
	const struct camera_welcome *m = message;

	return FIELD_NAME(m->name) && !uuid_is_null(m->uuid);
}

bool camera_certificate_valid(const void *message)
{
	const struct camera_certificate *m = message;

	return m->size > 0 && m->size <= sizeof(m->certificate);
}

bool camera_start_valid(const void *message)
{
	const struct camera_start *m = message;

	return m->streams && !(m->streams & ~STREAMS_ALL);
}

bool camera_add_wake_valid(const void *message)
{
	const struct camera_add_wake *m = message;

	return m->stream < RING_N_STREAMS;
}

bool camera_keyframe_valid(const void *message)
{
	const struct camera_keyframe *m = message;

	return m->stream < RING_N_STREAMS;
}

bool camera_set_valid(const void *message)
{
	const struct camera_set *m = message;

	return m->control != 0 || m->configuration.fps <= 240;
}

bool camera_subscriber_valid(const void *message)
{
	const struct camera_subscriber *m = message;

	return (m->right == RIGHT_LIVE || m->right == RIGHT_RAW) && m->stream < RING_N_STREAMS;
}
