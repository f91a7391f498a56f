// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session/progress.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* 0: not known; then nothing counts but what the kernel takes. */
static uint64_t acknowledged(int sock)
{
	struct tcp_info info = {};
	socklen_t size = sizeof(info);

	return getsockopt(sock, IPPROTO_TCP, TCP_INFO, &info, &size) < 0 ? 0
									 : info.tcpi_bytes_acked;
}

static void look(struct progress *p, int sock, uint64_t now)
{
	uint64_t n = acknowledged(sock);

	if (p->looked && n != p->acknowledged)
		p->at = now;
	p->looked = true;
	p->acknowledged = n;
	p->look = now + PROGRESS_LOOK_USEC;
}

bool progress_stalled(struct progress *p, int sock, uint64_t now)
{
	if (now >= p->look)
		look(p, sock, now);
	return now >= p->at + PROGRESS_STALL_USEC;
}
