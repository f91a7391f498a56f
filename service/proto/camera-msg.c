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

	return m->stream < RING_N_STREAMS && m->ring_size > sizeof(struct ring_header) &&
	       m->codec <= RING_CODEC_JPEG && m->reserved == 0;
}

bool camera_statement_valid(const void *message)
{
	const struct camera_statement *m = message;

	return m->size > 0 && m->size <= sizeof(m->statement);
}

bool camera_sequence_valid(const void *message)
{
	const struct camera_sequence *m = message;

	return m->stream < RING_N_STREAMS && m->added <= 1 && m->first <= m->next &&
	       m->next <= INT64_MAX;
}

bool camera_state_valid(const void *message)
{
	const struct camera_state *m = message;

	return m->condition >= CAMERA_IDLE && m->condition <= CAMERA_LOST &&
	       m->path <= CAMERA_PATH_SOFTWARE && !(m->streams & ~STREAMS_ALL) &&
	       FIELD_TEXT(m->source) && FIELD_TEXT(m->encoder) && FIELD_TEXT(m->reason);
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

bool camera_control_name_valid(const char *name)
{
	size_t n = strnlen(name, PROTO_CONTROL_SIZE);

	for (size_t i = 0; i < n; i++)
		if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') ||
		      name[i] == '_'))
			return false;
	return n > 0 && n < PROTO_CONTROL_SIZE;
}

bool camera_set_done_valid(const void *message)
{
	const struct camera_set_done *m = message;

	return m->request != 0 && m->error <= 0 && m->error > -4096;
}

bool camera_control_valid(const void *message)
{
	const struct camera_control *m = message;

	if (m->count == 0)
		return m->index == 0 && m->control[0] == '\0';
	if (m->count > CAMERA_CONTROLS_MAX || m->index >= m->count ||
	    m->type < CAMERA_CONTROL_INTEGER || m->type > CAMERA_CONTROL_BITMASK ||
	    m->flags >> CAMERA_CONTROL_N_FLAGS || m->minimum > m->maximum ||
	    m->n_items > CAMERA_MENU_MAX || !camera_control_name_valid(m->control) ||
	    !FIELD_TEXT(m->title))
		return false;
	for (uint32_t i = 0; i < m->n_items; i++)
		if (!FIELD_TEXT(m->items[i].text))
			return false;
	return true;
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

	return m->streams && !(m->streams & ~STREAMS_ALL) && m->turn > 0;
}

bool camera_streams_valid(const void *message)
{
	const struct camera_streams *m = message;

	return m->streams && !(m->streams & ~STREAMS_ALL) && m->turn > 1;
}

bool camera_move_wake_valid(const void *message)
{
	const struct camera_move_wake *m = message;

	return m->stream < RING_N_STREAMS;
}

bool camera_add_wake_valid(const void *message)
{
	const struct camera_add_wake *m = message;

	return m->stream < RING_N_STREAMS;
}

bool camera_lease_valid(const void *message)
{
	const struct camera_lease *m = message;

	return m->stream < RING_N_STREAMS && m->may_switch <= 1;
}

bool camera_keyframe_valid(const void *message)
{
	const struct camera_keyframe *m = message;

	return m->stream < RING_N_STREAMS;
}

bool camera_set_valid(const void *message)
{
	const struct camera_set *m = message;

	return m->control[0] ? camera_control_name_valid(m->control) : m->configuration.fps <= 240;
}

bool camera_subscriber_valid(const void *message)
{
	const struct camera_subscriber *m = message;

	return (m->right == RIGHT_LIVE || m->right == RIGHT_RAW) && m->stream < RING_N_STREAMS;
}

bool camera_subscribed_valid(const void *message)
{
	const struct camera_subscribed *m = message;

	return FIELD_NAME(m->name) && m->size && m->size <= SUBSCRIBER_MEMORY_MAX &&
	       (m->right == RIGHT_LIVE || m->right == RIGHT_RAW) && m->stream < RING_N_STREAMS &&
	       subscriber_format_valid(&m->format, m->right);
}

bool camera_unsubscribed_valid(const void *message)
{
	const struct camera_unsubscribed *m = message;

	return FIELD_TEXT(m->reason);
}
