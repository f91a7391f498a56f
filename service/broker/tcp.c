// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/tcp.h"

#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int tcp_count(int fd, struct tcp_bytes *ret)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
		return -errno;
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
	int queued = 0;

	return ioctl(fd, SIOCOUTQ, &queued) < 0 || queued == 0;
}
