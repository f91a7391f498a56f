// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proto/gate-msg.h"

bool gate_connection_valid(const void *message)
{
	const struct gate_connection *m = message;

	return m->peer.service == GATE_SERVICE_RTSPS || m->peer.service == GATE_SERVICE_HTTPS;
}

bool gate_exited_valid(const void *message)
{
	const struct gate_exited *m = message;

	return m->how >= GATE_EXIT_ORDERLY && m->how <= GATE_EXIT_SIGNAL;
}

bool gate_server_valid(const void *message)
{
	const struct gate_server *m = message;

	if (m->n_certificates < 1 || m->n_certificates > GATE_CHAIN_MAX)
		return false;
	for (uint32_t i = 0; i < m->n_certificates; i++)
		if (!m->sizes[i] || m->sizes[i] > PROTO_CERTIFICATE_SIZE)
			return false;
	return true;
}

bool gate_credential_valid(const void *message)
{
	const struct gate_credential *m = message;

	return m->verdict == GATE_CREDENTIAL_ACCEPTED || m->verdict == GATE_CREDENTIAL_REFUSED;
}
