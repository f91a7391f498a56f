// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/cleanup.h"

/* Whether the host is a name, which a server has to be asked for, and not an address. */
static bool is_name(const struct connection *c)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST}, *found;

	if (getaddrinfo(c->url->host, NULL, &hints, &found) != 0)
		return true;
	freeaddrinfo(found);
	return false;
}

static int connect_to(struct connection *c, const struct addrinfo *a)
{
	int one = 1;

	c->sock = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->sock < 0)
		return -errno;
	setsockopt(c->sock, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(c->sock, a->ai_addr, a->ai_addrlen) < 0 && errno != EINPROGRESS)
		return -errno;
	return 0;
}

static int try_next(struct connection *c)
{
	int r = -EHOSTUNREACH;

	while (c->next) {
		const struct addrinfo *a = c->next;

		c->next = a->ai_next;
		close_fd(steal_fd(&c->sock));
		r = connect_to(c, a);
		if (r == 0)
			return 0;
		snprintf(c->why, sizeof(c->why), "cannot connect: %s", strerror(-r));
	}
	return -EHOSTUNREACH;
}

int connection_begin(struct connection *c, const struct url *url, const struct tls_trust *trust)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	char port[8];
	int e;

	*c = (struct connection){.sock = -EBADF, .url = url, .trust = trust};
	snprintf(port, sizeof(port), "%u", url->port);
	e = getaddrinfo(url->host, port, &hints, &c->addresses);
	if (e != 0) {
		snprintf(c->why, sizeof(c->why), "cannot find the host: %s", gai_strerror(e));
		c->addresses = NULL;
		return -EHOSTUNREACH;
	}
	c->next = c->addresses;
	return try_next(c);
}

void connection_end(struct connection *c)
{
	tls_client_release(&c->tls);
	close_fd(steal_fd(&c->sock));
	if (c->addresses)
		freeaddrinfo(c->addresses);
	c->addresses = c->next = NULL;
}

short connection_events(const struct connection *c)
{
	return c->connected ? tls_client_events(&c->tls) : POLLOUT;
}

/* 1: TCP is up; 0: still waiting, maybe for the next address. */
static int finish_connect(struct connection *c)
{
	struct pollfd p = {.fd = c->sock, .events = POLLOUT};
	socklen_t size = sizeof(int);
	int error = 0;

	if (poll(&p, 1, 0) == 0)
		return 0;
	if (getsockopt(c->sock, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	if (error == 0)
		return 1;
	snprintf(c->why, sizeof(c->why), "cannot connect: %s", strerror(error));
	return try_next(c);
}

static int begin_tls(struct connection *c)
{
	int r = tls_client_init(&c->tls, c->trust, c->url->host, is_name(c), c->sock);

	if (r == -ENOENT)
		snprintf(c->why, sizeof(c->why), "the CA's file holds no certificate");
	else if (r < 0)
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
		r = finish_connect(c);
		if (r == 1)
			r = begin_tls(c);
		if (r < 0 || !c->connected)
			return r;
	}
	r = tls_client_handshake(&c->tls);
	if (r == 1)
		return 1;
	return r == -EAGAIN ? 0 : explain(c, r);
}
