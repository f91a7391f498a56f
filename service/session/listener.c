// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "base/cleanup.h"

static int service_of(const char *name)
{
	if (strcmp(name, "rtsps") == 0)
		return GATE_SERVICE_RTSPS;
	if (strcmp(name, "https") == 0)
		return GATE_SERVICE_HTTPS;
	return -EINVAL;
}

static int adopt(int fd, const char *name, struct listener *ret)
{
	int service = service_of(name), flags = fcntl(fd, F_GETFL);

	if (service < 0 || sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
		return -EINVAL;
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	*ret = (struct listener){.fd = fd, .service = (enum gate_service)service};
	return 0;
}

static void free_names(char ***names)
{
	for (char **n = *names; n && *n; n++)
		free(*n);
	free(*names);
}

int listener_collect(struct listener ret[LISTENERS_MAX])
{
	_cleanup_(free_names) char **names = NULL;
	int n = sd_listen_fds_with_names(0, &names);

	if (n < 0)
		return n;
	if (n == 0)
		return -ENOENT;
	if (n > LISTENERS_MAX)
		return -E2BIG;
	for (int i = 0; i < n; i++) {
		int r = adopt(SD_LISTEN_FDS_START + i, names[i], &ret[i]);

		if (r < 0)
			return r;
	}
	return n;
}

static int fill_peer(const struct sockaddr_storage *address, struct gate_peer *ret)
{
	if (address->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

		memcpy(ret->address, &in6->sin6_addr, sizeof(ret->address));
		ret->port = ntohs(in6->sin6_port);
		return 0;
	}
	if (address->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)address;

		ret->address[10] = ret->address[11] = 0xff;
		memcpy(ret->address + 12, &in->sin_addr, sizeof(in->sin_addr));
		ret->port = ntohs(in->sin_port);
		return 0;
	}
	return -EAFNOSUPPORT;
}

int listener_address(const struct listener *l, struct gate_peer *ret)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);

	*ret = (struct gate_peer){.service = (uint16_t)l->service};
	if (getsockname(l->fd, (struct sockaddr *)&address, &size) < 0)
		return -errno;
	return fill_peer(&address, ret) < 0 ? -EAFNOSUPPORT : 0;
}

static int set_int(int sock, int level, int name, int value)
{
	return setsockopt(sock, level, name, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int prepare(int sock)
{
	const struct linger linger = {.l_onoff = 1, .l_linger = 0};
	int r;

	if (setsockopt(sock, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) < 0)
		return -errno;
	r = set_int(sock, IPPROTO_TCP, TCP_NODELAY, 1);
	if (r == 0)
		r = set_int(sock, IPPROTO_TCP, TCP_QUICKACK, 1);
	if (r == 0)
		r = set_int(sock, IPPROTO_TCP, TCP_NOTSENT_LOWAT, LISTENER_NOTSENT_LOWAT);
	return r;
}

int listener_accept(const struct listener *l, struct gate_peer *ret)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	_cleanup_close_ int sock = -EBADF;
	int r;

	sock = accept4(l->fd, (struct sockaddr *)&address, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (sock < 0)
		return -errno;
	*ret = (struct gate_peer){.service = (uint16_t)l->service};
	r = fill_peer(&address, ret);
	if (r == 0)
		r = prepare(sock);
	return r < 0 ? r : steal_fd(&sock);
}
