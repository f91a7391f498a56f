// SPDX-License-Identifier: LGPL-2.1-or-later
/* TCP and TLS to the server: the dialer connects, then comes the handshake. */
#pragma once

#include <stdbool.h>

#include "view/dialer.h"
#include "view/tls-client.h"
#include "view/url.h"

struct connection {
	struct dialer *dialer;
	int sock;       /* -EBADF: still being dialled */
	bool connected; /* TLS was begun */
	struct tls_client tls;
	const struct tls_trust *trust;
	const struct url *url;
	char why[DIALER_WHY_SIZE]; /* it failed, for people */
};

/* All that is pointed to outlives it, the dialer for the next one. Errors: -EPIPE; `why` says it.
 */
int connection_begin(struct connection *c, struct dialer *dialer, const struct url *url,
		     const struct tls_trust *trust);
void connection_end(struct connection *c);

int connection_fd(const struct connection *c);
/* What to poll it for. */
short connection_events(const struct connection *c);
/* Goes on. 1: TLS is up; 0: poll again. Errors: -EHOSTUNREACH (no address works), -EKEYREJECTED
 * (another server), -EPROTO (no TLS as it has to be), -EPIPE (no dialer), -EINVAL, -ENOMEM. */
int connection_advance(struct connection *c);
