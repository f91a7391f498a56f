// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session/gate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fdpass.h"
#include "base/log.h"
#include "proto/meeting-place.h"
#include "session/carry.h"

enum state {
	STATE_WAITING = 1 << 0, /* for SERVER */
	STATE_SERVING = 1 << 1,
};

#define ACCEPT_BURST 16
/* A burst of viewers must not overrun the link: the broker is given time to catch up. */
#define LINK_BACKLOG_MAX 65536
#define PAUSE_USEC       (50 * USEC_PER_MSEC)
/* Beside one pidfd a child: listening sockets, link, event loop, what is being passed on. */
#define DESCRIPTORS_OWN 64

/* --- events --- */

static int fail_loudly(int r, sd_event_source *source)
{
	return r < 0 ? r : sd_event_source_set_exit_on_failure(source, true);
}

int gate_watch(struct gate *g, int fd, sd_event_io_handler_t handler, sd_event_source **ret)
{
	int r = sd_event_add_io(g->event, ret, fd, EPOLLIN, handler, g);

	return fail_loudly(r, *ret);
}

int gate_add_timer(struct gate *g, sd_event_time_handler_t handler, sd_event_source **ret)
{
	int r = sd_event_add_time(g->event, ret, CLOCK_MONOTONIC, UINT64_MAX, 0, handler, g);

	return fail_loudly(r, *ret);
}

/* --- viewers --- */

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

static int start_accepting(struct gate *g)
{
	for (int i = 0; i < g->n_listeners; i++) {
		int r = gate_watch(g, g->listeners[i].fd, on_viewer, &g->accepting[i]);

		if (r < 0)
			return r;
	}
	sd_notify(0, "READY=1");
	return 0;
}

/* --- the broker --- */

static int load_server(struct gate *g)
{
	struct tls_certificate chain[GATE_CHAIN_MAX];
	int r;

	for (uint32_t i = 0; i < g->server.n_certificates; i++)
		chain[i] = (struct tls_certificate){g->server.certificates[i], g->server.sizes[i]};
	r = tls_server_init(&g->tls, chain, g->server.n_certificates);
	if (r < 0)
		log_error("the server's certificate is of no use: %s", strerror(-r));
	return r;
}

static int start_serving(struct gate *g)
{
	int r = load_server(g);

	if (r < 0)
		return r;
	g->link.state = STATE_SERVING;
	return start_accepting(g);
}

/* One that was issued anew is for the connections to come. */
static int handle_server(void *userdata, const void *message, int *fds)
{
	struct gate *g = userdata;

	memcpy(&g->server, message, sizeof(g->server));
	if (g->link.state != STATE_SERVING)
		return start_serving(g);
	tls_server_release(&g->tls);
	return load_server(g);
}

static int handle_admitted(void *userdata, const void *message, int *fds)
{
	const struct gate_admitted *m = message;
	struct gate *g = userdata;
	struct roster_entry *e = roster_find(&g->roster, m->connection);

	if (!e)
		return 0;
	e->admitted = 1;
	return gate_children_arm(g);
}

static int handle_credential(void *userdata, const void *message, int *fds)
{
	const struct gate_credential *m = message;
	struct gate *g = userdata;
	struct roster_entry *e = roster_find(&g->roster, m->connection);

	if (!e)
		return 0;
	e->credential = 1;
	if (m->verdict == GATE_CREDENTIAL_REFUSED)
		gate_penalty_add(g, e, PENALTY_CREDENTIAL);
	return 0;
}

static int handle_kill(void *userdata, const void *message, int *fds)
{
	const struct gate_kill *m = message;
	struct gate *g = userdata;
	struct roster_entry *e = roster_find(&g->roster, m->connection);

	if (e)
		gate_children_kill(g, e);
	return 0;
}

static const struct chan_rule rules[] = {
	{
		.type = GATE_SERVER,
		.size = sizeof(struct gate_server),
		.states = STATE_WAITING | STATE_SERVING,
		.valid = gate_server_valid,
		.handler = handle_server,
	},
	{
		.type = GATE_ADMITTED,
		.size = sizeof(struct gate_admitted),
		.states = STATE_SERVING,
		.handler = handle_admitted,
	},
	{
		.type = GATE_KILL,
		.size = sizeof(struct gate_kill),
		.states = STATE_SERVING,
		.handler = handle_kill,
	},
	{
		.type = GATE_CREDENTIAL,
		.size = sizeof(struct gate_credential),
		.states = STATE_SERVING,
		.valid = gate_credential_valid,
		.handler = handle_credential,
	},
};

static int on_link(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct gate *g = userdata;
	int r = chan_receive(&g->link);

	if (r == 1 || r == -EAGAIN)
		return 0;
	if (r < 0 && r != -ECONNRESET)
		log_error("the link to camwardd has failed: %s", strerror(-r));
	else
		log_notice("camwardd has gone");
	return r < 0 ? r : -EPIPE;
}

/* --- life --- */

static int allow_descriptors(const struct gate *g)
{
	struct rlimit l;
	rlim_t wanted = g->options.limits.connections + ROSTER_SPARE + DESCRIPTORS_OWN;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return -errno;
	if (l.rlim_cur >= wanted)
		return 0;
	if (l.rlim_max < wanted)
		return -EMFILE;
	l.rlim_cur = wanted;
	return setrlimit(RLIMIT_NOFILE, &l) < 0 ? -errno : 0;
}

static int init_event(struct gate *g)
{
	sigset_t signals;
	int r;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return -errno;
	r = sd_event_new(&g->event);
	if (r == 0)
		r = sd_event_set_watchdog(g->event, true);
	if (r >= 0)
		r = sd_event_add_signal(g->event, NULL, SIGTERM, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(g->event, NULL, SIGINT, NULL, NULL);
	if (r >= 0)
		r = gate_watch(g, g->link.fd, on_link, &g->on_link);
	/* What it says of a connection counts before the connection's end and the next accept. */
	if (r >= 0)
		r = sd_event_source_set_priority(g->on_link, SD_EVENT_PRIORITY_IMPORTANT);
	return r < 0 ? r : 0;
}

static int reach_broker(struct gate *g, int *ret)
{
	int r = 0;

	*ret = g->options.broker_fd;
	if (*ret < 0)
		r = fdpass_connect(MEETING_PLACE_GATE, ret);
	if (r < 0)
		log_error("cannot reach camwardd at %s: %s", MEETING_PLACE_GATE, strerror(-r));
	return r;
}

/* From the broker, or from a former execution. */
static int init_link(struct gate *g)
{
	struct carry c;
	int r = carry_resume(&c, &g->roster, &g->penalties);

	if (r < 0) {
		log_error("cannot go on where a former execution was: %s", strerror(-r));
		return r;
	}
	if (r == 0) {
		int error = reach_broker(g, &c.link);

		if (error < 0)
			return error;
	}
	chan_init(&g->link, c.link, GATE_MSG_VERSION, rules, ARRAY_SIZE(rules), STATE_WAITING, g);
	g->next_connection = r ? c.next_connection : 1;
	if (r)
		g->server = c.server;
	return fdpass_set_backlog(g->link.fd);
}

int gate_init(struct gate *g, const struct options *options, char **argv)
{
	int r;

	*g = (struct gate){.options = *options, .argv = argv, .link.fd = -EBADF};
	g->n_listeners = listener_collect(g->listeners);
	if (g->n_listeners < 0) {
		log_error("no usable sockets from LISTEN_FDS (rtsps, https): %s",
			  strerror(-g->n_listeners));
		return g->n_listeners;
	}
	r = roster_init(&g->roster, &options->limits);
	if (r == 0)
		r = penalties_init(&g->penalties);
	if (r == 0)
		r = allow_descriptors(g);
	if (r == 0)
		r = confinement_init(&g->confinement);
	if (r < 0) {
		log_error("cannot start: %s", strerror(-r));
		return r;
	}
	if (g->confinement.ruleset < 0)
		log_notice("this kernel has no Landlock; the system call filter is on alone");
	r = init_link(g);
	return r < 0 ? r : init_event(g);
}

int gate_run(struct gate *g)
{
	int r = gate_children_resume(g);

	if (r == 0 && g->server.n_certificates)
		r = start_serving(g);
	if (r == 0)
		r = gate_children_arm(g);
	if (r >= 0)
		r = sd_event_loop(g->event);
	if (r < 0)
		log_error("ending, with all sessions: %s", strerror(-r));
	gate_children_kill_all(g);
	return r;
}
