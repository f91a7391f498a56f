// SPDX-License-Identifier: LGPL-2.1-or-later
/* Takes in viewers, as far as the limits and the broker's pace allow. */
#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <systemd/sd-daemon.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "session/carry.h"
#include "session/gate.h"

#define ACCEPT_BURST 16
/* A burst of viewers must not overrun the link: the broker is given time to catch up. */
#define LINK_BACKLOG_MAX 65536
#define PAUSE_USEC       (50 * USEC_PER_MSEC)

static int set_accepting(struct gate *g, bool on)
{
	for (int i = 0; i < g->n_listeners; i++) {
		int r = sd_event_source_set_enabled(g->accepting[i],
						    on ? SD_EVENT_ON : SD_EVENT_OFF);

		if (r < 0)
			return r;
	}
	return 0;
}

static int on_pause_over(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct gate *g = userdata;

	return set_accepting(g, true);
}

static int pause_accepting(struct gate *g)
{
	uint64_t until = clock_monotonic() + PAUSE_USEC;
	int r = set_accepting(g, false);

	if (r < 0)
		return r;
	if (!g->pause_timer)
		r = gate_add_timer(g, on_pause_over, &g->pause_timer);
	if (r == 0)
		r = sd_event_source_set_time(g->pause_timer, until);
	return r < 0 ? r : sd_event_source_set_enabled(g->pause_timer, SD_EVENT_ONESHOT);
}

static bool link_is_behind(const struct gate *g)
{
	int queued = 0;

	return ioctl(g->link.fd, SIOCOUTQ, &queued) == 0 && queued > LINK_BACKLOG_MAX;
}

/* Every child is a copy of this process. One that crashed may have told somebody where everything
 * is; the next ones are to be elsewhere. */
static int refresh(struct gate *g)
{
	struct carry c = {
		.link = g->link.fd,
		.next_connection = g->next_connection,
		.server = g->server,
	};
	int keep[LISTENERS_MAX], r;

	for (int i = 0; i < g->n_listeners; i++)
		keep[i] = g->listeners[i].fd;
	log_notice("executing again, for a fresh memory layout");
	r = carry_exec(&c, &g->roster, &g->penalties, keep, (size_t)g->n_listeners, g->argv);
	log_error("cannot execute again: %s", strerror(-r));
	return r;
}

static int admit(struct gate *g, int sock, const struct gate_peer *peer)
{
	struct roster_entry *victim;
	uint8_t source[16];

	if (gate_penalty_refuses(g, peer)) {
		close_fd(sock);
		return 0;
	}
	roster_source(peer->address, source);
	switch (roster_judge(&g->roster, source, clock_monotonic(), &victim)) {
	case ROSTER_REFUSE:
		close_fd(sock);
		return 0;
	case ROSTER_REPLACE:
		gate_children_kill(g, victim);
		break;
	case ROSTER_ADMIT:
		break;
	}
	return gate_children_start(g, sock, peer);
}

static const struct listener *listener_of(const struct gate *g, int fd)
{
	for (int i = 0; i < g->n_listeners; i++)
		if (g->listeners[i].fd == fd)
			return &g->listeners[i];
	return NULL;
}

static bool is_shortage(int e)
{
	return e == -EMFILE || e == -ENFILE || e == -ENOMEM || e == -ENOBUFS;
}

static int on_viewer(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct gate *g = userdata;
	const struct listener *l = listener_of(g, fd);

	for (int i = 0; i < ACCEPT_BURST; i++) {
		struct gate_peer peer;
		int sock, r;

		if (g->stale)
			return refresh(g);
		if (link_is_behind(g))
			return pause_accepting(g);
		sock = listener_accept(l, &peer);
		if (sock == -EAGAIN)
			return 0;
		if (is_shortage(sock)) {
			log_warning("cannot accept: %s", strerror(-sock));
			return pause_accepting(g);
		}
		r = sock < 0 ? 0 : admit(g, sock, &peer);
		if (r < 0)
			return r;
	}
	return 0;
}

int gate_accept_start(struct gate *g)
{
	for (int i = 0; i < g->n_listeners; i++) {
		int r = gate_watch(g, g->listeners[i].fd, on_viewer, &g->accepting[i]);

		if (r < 0)
			return r;
	}
	sd_notify(0, "READY=1");
	return 0;
}
