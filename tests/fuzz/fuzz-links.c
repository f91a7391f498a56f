// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Every message of every link, as a hostile peer would send it: the first byte chooses the rule,
 * the rest lies over a struct whose header is right (the permit table has judged that before).
 * Whatever a check lets pass must be safe to read as text.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "proto/camera-msg.h"
#include "proto/gate-msg.h"
#include "proto/session-msg.h"

struct target {
	size_t size;
	bool (*valid)(const void *message);
	size_t text; /* offset of a field that must be terminated text; 0: none */
	size_t text_size;
};

#define TEXT(type, field) offsetof(struct type, field), sizeof(((struct type *)0)->field)

static const struct target targets[] = {
	{sizeof(struct gate_connection), gate_connection_valid, 0, 0},
	{sizeof(struct gate_exited), gate_exited_valid, 0, 0},
	{sizeof(struct gate_server), gate_server_valid, 0, 0},
	{sizeof(struct session_open), session_open_valid, TEXT(session_open, camera)},
	{sizeof(struct session_list), session_list_valid, 0, 0},
	{sizeof(struct session_still), session_still_valid, TEXT(session_still, camera)},
	{sizeof(struct session_switch), session_switch_valid, 0, 0},
	{sizeof(struct session_done), session_done_valid, 0, 0},
	{sizeof(struct session_signature), session_signature_valid, 0, 0},
	{sizeof(struct session_granted), session_granted_valid, TEXT(session_granted, camera)},
	{sizeof(struct session_ring), session_ring_valid, 0, 0},
	{sizeof(struct session_cameras), session_cameras_valid, 0, 0},
	{sizeof(struct session_still_ready), session_still_ready_valid, 0, 0},
	{sizeof(struct session_denied), session_denied_valid, 0, 0},
	{sizeof(struct session_end), session_end_valid, 0, 0},
	{sizeof(struct camera_hello), camera_hello_valid, TEXT(camera_hello, name)},
	{sizeof(struct camera_ring), camera_ring_valid, 0, 0},
	{sizeof(struct camera_sequence), camera_sequence_valid, 0, 0},
	{sizeof(struct camera_state), camera_state_valid, TEXT(camera_state, reason)},
	{sizeof(struct camera_still_done), camera_still_done_valid, 0, 0},
	{sizeof(struct camera_still_failed), camera_still_failed_valid,
	 TEXT(camera_still_failed, reason)},
	{sizeof(struct camera_set_done), camera_set_done_valid, 0, 0},
	{sizeof(struct camera_control), camera_control_valid, TEXT(camera_control, control)},
	{sizeof(struct camera_welcome), camera_welcome_valid, TEXT(camera_welcome, name)},
	{sizeof(struct camera_certificate), camera_certificate_valid, 0, 0},
	{sizeof(struct camera_start), camera_start_valid, 0, 0},
	{sizeof(struct camera_add_wake), camera_add_wake_valid, 0, 0},
	{sizeof(struct camera_keyframe), camera_keyframe_valid, 0, 0},
	{sizeof(struct camera_set), camera_set_valid, TEXT(camera_set, control)},
	{sizeof(struct camera_subscriber), camera_subscriber_valid, 0, 0},
	{sizeof(struct camera_subscribed), camera_subscribed_valid, TEXT(camera_subscribed, name)},
	{sizeof(struct camera_unsubscribed), camera_unsubscribed_valid,
	 TEXT(camera_unsubscribed, reason)},
	{sizeof(struct subscriber_memory), subscriber_memory_valid,
	 TEXT(subscriber_memory, camera)},
	{sizeof(struct subscriber_frame), subscriber_frame_valid, 0, 0},
	{sizeof(struct gate_credential), gate_credential_valid, 0, 0},
	{sizeof(struct camera_statement), camera_statement_valid, 0, 0},
	{sizeof(struct camera_lease), camera_lease_valid, 0, 0},
	{sizeof(struct camera_streams), camera_streams_valid, 0, 0},
	{sizeof(struct camera_move_wake), camera_move_wake_valid, 0, 0},
	{sizeof(struct session_certificate), session_certificate_valid, 0, 0},
	{sizeof(struct gate_listening), gate_listening_valid, 0, 0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct target *t;
	uint8_t *message;
	size_t n;

	if (size < 1)
		return 0;
	t = &targets[data[0] % ARRAY_SIZE(targets)];
	/* Exactly as large as the struct, so that a read past it is seen. */
	message = calloc(1, t->size);
	n = size - 1 < t->size - sizeof(struct chan_header) ? size - 1
							    : t->size - sizeof(struct chan_header);
	memcpy(message + sizeof(struct chan_header), data + 1, n);
	if (t->valid(message) && t->text)
		assert(strnlen((char *)message + t->text, t->text_size) < t->text_size);
	free(message);
	return 0;
}
