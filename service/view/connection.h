// SPDX-License-Identifier: LGPL-2.1-or-later
/* TCP and TLS to the server: each of its addresses in turn, then the handshake. */
#pragma once

#include <netdb.h>
#include <stdbool.h>

#include "view/tls-client.h"
#include "view/url.h"

struct connection {
	int sock;
	struct addrinfo *addresses, *next; /* next: to try */
	bool connected;                    /* TCP is up, TLS was begun */
	struct tls_client tls;
	const struct tls_trust *trust;
	const struct url *url;
	char why[160]; /* it failed, for people */
};

/*
 * Looks the host up, which may block, and begins with its first address. url and trust outlive it.
 * Errors: -EHOSTUNREACH; those of connection_advance(). `why` says more.
 */
int connection_begin(struct connection *c, const struct url *url, const struct tls_trust *trust);
void connection_end(struct connection *c);

/* What to poll sock for. */
short connection_events(const struct connection *c);
/* Goes on. 1: TLS is up; 0: poll again. Errors: -EHOSTUNREACH (no address works), -EKEYREJECTED
 * (another server), -EPROTO (no TLS as it has to be), -EINVAL, -ENOENT, -ENOMEM. */
int connection_advance(struct connection *c);
