// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

/* Whether the host is a name, which a server has to be asked for, and not an address. */
static bool is_name(const struct url *url)
{
	struct in_addr address;

	return !url->ipv6 && inet_aton(url->host, &address) == 0;
}

static int miss_dialer(struct connection *c)
{
	snprintf(c->why, sizeof(c->why), "the process that makes the connections has died");
	return -EPIPE;
}

int connection_begin(struct connection *c, struct dialer *dialer, const struct url *url,
		     const struct tls_trust *trust)
{
	*c = (struct connection){.dialer = dialer, .sock = -EBADF, .url = url, .trust = trust};
	return dialer_ask(dialer) < 0 ? miss_dialer(c) : 0;
}

void connection_end(struct connection *c)
{
	tls_client_release(&c->tls);
	close_fd(steal_fd(&c->sock));
}

int connection_fd(const struct connection *c)
{
	return c->sock >= 0 ? c->sock : c->dialer->link;
}

short connection_events(const struct connection *c)
{
	return c->connected ? tls_client_events(&c->tls) : POLLIN;
}

static int begin_tls(struct connection *c)
{
	int r = tls_client_init(&c->tls, c->trust, c->url->host, is_name(c->url), c->sock);

	if (r < 0)
		snprintf(c->why, sizeof(c->why), "cannot begin with TLS: %s", strerror(-r));
	c->connected = r == 0;
	return r;
}

static int explain(struct connection *c, int r)
{
	if (r == -EKEYREJECTED)
		snprintf(c->why, sizeof(c->why), "the server is another one: %s",
			 c->trust->has_pin ? "it does not hold the pinned key"
					   : "no certificate of this CA for this host");
	else if (r == -ECONNRESET)
		snprintf(c->why, sizeof(c->why), "the server closed during the handshake");
	else
		snprintf(c->why, sizeof(c->why), "no TLS 1.3: %s", gnutls_strerror(c->tls.error));
	return r == -ECONNRESET ? -EHOSTUNREACH : r;
}

int connection_advance(struct connection *c)
{
	int r;

	if (!c->connected) {
		r = dialer_answer(c->dialer, &c->sock, c->why);
		if (r == -EAGAIN)
			return 0;
		if (r == -EPIPE)
			miss_dialer(c);
		if (r == 0)
			r = begin_tls(c);
		if (r < 0)
			return r;
	}
	r = tls_client_handshake(&c->tls);
	if (r == 1)
		return 1;
	return r == -EAGAIN ? 0 : explain(c, r);
}
