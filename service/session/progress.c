// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session/progress.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

bool progress_stalled(struct progress *p, int sock, uint64_t now)
{
	struct tcp_info info = {};
	socklen_t size = sizeof(info);
	bool is_open;

	if (now < p->look)
		return false;
	p->look = now + PROGRESS_LOOK_USEC;
	/* One that cannot be looked at is a viewer that takes nothing. */
	if (getsockopt(sock, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
		info = (struct tcp_info){
			.tcpi_unacked = 1, .tcpi_snd_wnd = 1, .tcpi_bytes_acked = p->acknowledged};
	if (!p->owed || info.tcpi_bytes_acked != p->acknowledged)
		p->at = now;
	p->owed = info.tcpi_unacked > 0 || info.tcpi_notsent_bytes > 0;
	p->acknowledged = info.tcpi_bytes_acked;
	/* What was sent into a window that closed meanwhile is not acknowledged, either. */
	is_open = info.tcpi_unacked && info.tcpi_snd_wnd;
	if (is_open && !p->open)
		p->opened = now;
	p->open = is_open;
	if (!is_open)
		return now - p->at >= PROGRESS_CLOSED_USEC;
	/* The time that it took the viewer to open its window is not one in which it was silent. */
	return now - (p->opened > p->at ? p->opened : p->at) >= PROGRESS_SILENT_USEC ||
	       now - p->at >= PROGRESS_CLOSED_USEC + PROGRESS_SILENT_USEC;
}
