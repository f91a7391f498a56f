// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proto/session-msg.h"

#include "proto/field.h"

static bool credential_valid(const struct session_credential *c)
{
	switch (c->kind) {
	case SESSION_CREDENTIAL_TOKEN:
		return FIELD_NAME(c->client) && FIELD_TEXT(c->token);
	case SESSION_CREDENTIAL_CERTIFICATE:
		return !c->client[0] && !c->token[0];
	default:
		return false;
	}
}

bool session_certificate_valid(const void *message)
{
	const struct session_certificate *m = message;

	return m->size > 0 && m->size <= sizeof(m->handshake);
}

bool session_open_valid(const void *message)
{
	const struct session_open *m = message;

	return credential_valid(&m->credential) && FIELD_NAME(m->camera) &&
	       m->right == RIGHT_LIVE && m->stream < RING_N_STREAMS &&
	       m->protocol >= SESSION_PROTOCOL_RTSP && m->protocol <= SESSION_PROTOCOL_WEBSOCKET &&
	       m->has_nonce <= 1 &&
	       (m->may_switch == 0 || (m->may_switch == 1 && m->stream == RING_STREAM_MAIN));
}

bool session_list_valid(const void *message)
{
	const struct session_list *m = message;

	return credential_valid(&m->credential);
}

bool session_still_valid(const void *message)
{
	const struct session_still *m = message;

	return credential_valid(&m->credential) && FIELD_NAME(m->camera) && m->has_nonce <= 1;
}

bool session_switch_valid(const void *message)
{
	const struct session_switch *m = message;

	return m->stream < RING_N_STREAMS;
}

bool session_done_valid(const void *message)
{
	const struct session_done *m = message;

	return m->how >= SESSION_DONE_VIEWER && m->how <= SESSION_DONE_SERVER;
}

bool session_signature_valid(const void *message)
{
	const struct session_signature *m = message;

	return m->size > 0 && m->size <= sizeof(m->signature);
}

bool session_granted_valid(const void *message)
{
	const struct session_granted *m = message;

	return FIELD_NAME(m->camera) && m->stream < RING_N_STREAMS &&
	       m->ring_size > sizeof(struct ring_header) &&
	       m->seal_certificate_size <= sizeof(m->seal_certificate) &&
	       m->statement_size <= sizeof(m->statement);
}

bool session_ring_valid(const void *message)
{
	const struct session_ring *m = message;

	return m->stream < RING_N_STREAMS && m->ring_size > sizeof(struct ring_header);
}

bool session_cameras_valid(const void *message)
{
	const struct session_cameras *m = message;

	if (m->n_cameras > SESSION_CAMERAS_MAX)
		return false;
	for (uint32_t i = 0; i < m->n_cameras; i++)
		if (!FIELD_NAME(m->cameras[i].name) ||
		    m->cameras[i].rights & ~(uint32_t)RIGHT_ALL ||
		    m->cameras[i].streams >> RING_N_STREAMS)
			return false;
	return true;
}

bool session_still_ready_valid(const void *message)
{
	const struct session_still_ready *m = message;

	return m->size > 0 && m->statement_size <= sizeof(m->statement);
}

bool session_denied_valid(const void *message)
{
	const struct session_denied *m = message;

	return m->reason >= SESSION_DENIED_CREDENTIAL && m->reason <= SESSION_DENIED_LIMIT;
}

bool session_end_valid(const void *message)
{
	const struct session_end *m = message;

	return m->reason == SESSION_END_CAMERA || m->reason == SESSION_END_SHUTDOWN;
}
