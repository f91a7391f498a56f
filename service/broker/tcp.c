// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/tcp.h"

#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* TCP_CLOSE of <netinet/tcp.h>, which does not go together with <linux/tcp.h>. */
#define STATE_CLOSE 7

static int get_info(int fd, struct tcp_info *ret)
{
	socklen_t size = sizeof(*ret);

	memset(ret, 0, sizeof(*ret));
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, ret, &size) < 0 ? -errno : 0;
}

int tcp_count(int fd, struct tcp_bytes *ret)
{
	struct tcp_info info;
	int r = get_info(fd, &info);

	if (r < 0)
		return r;
	ret->acked = info.tcpi_bytes_acked;
	ret->sent = info.tcpi_bytes_sent - info.tcpi_bytes_retrans;
	return 0;
}

int tcp_abort(int fd)
{
	struct sockaddr address = {.sa_family = AF_UNSPEC};

	return connect(fd, &address, sizeof(address)) < 0 ? -errno : 0;
}

int tcp_shutdown(int fd)
{
	return shutdown(fd, SHUT_WR) < 0 ? -errno : 0;
}

bool tcp_is_drained(int fd)
{
	struct tcp_info info;
	int queued;

	/* A reset drops the queue, but SIOCOUTQ goes on counting it. */
	if (get_info(fd, &info) < 0 || info.tcpi_state == STATE_CLOSE)
		return true;
	return ioctl(fd, SIOCOUTQ, &queued) < 0 || queued == 0;
}
