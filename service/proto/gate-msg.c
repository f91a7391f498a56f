// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proto/gate-msg.h"

#include <netinet/in.h>
#include <string.h>

bool gate_is_loopback(const struct gate_peer *listener)
{
	struct in6_addr address;

	memcpy(&address, listener->address, sizeof(address));
	return IN6_IS_ADDR_LOOPBACK(&address) ||
	       (IN6_IS_ADDR_V4MAPPED(&address) && listener->address[12] == IN_LOOPBACKNET);
}

static bool service_valid(const struct gate_peer *peer)
{
	return peer->service == GATE_SERVICE_RTSPS || peer->service == GATE_SERVICE_HTTPS;
}

bool gate_connection_valid(const void *message)
{
	const struct gate_connection *m = message;

	return service_valid(&m->peer);
}

bool gate_listening_valid(const void *message)
{
	const struct gate_listening *m = message;

	if (m->n_listeners < 1 || m->n_listeners > GATE_LISTENERS_MAX)
		return false;
	for (uint32_t i = 0; i < m->n_listeners; i++)
		if (!service_valid(&m->listeners[i]) || !m->listeners[i].port)
			return false;
	return true;
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
