// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session/gate.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"

/* Beside one pidfd a child: listening sockets, link, event loop, what is being passed on. */
#define DESCRIPTORS_OWN 64

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
	return r < 0 ? r : 0;
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
	r = gate_broker_init(g);
	if (r == 0)
		r = init_event(g);
	return r < 0 ? r : gate_broker_watch(g);
}

int gate_run(struct gate *g)
{
	int r = gate_children_resume(g);

	if (r == 0 && g->server.n_certificates)
		r = gate_broker_serve(g);
	if (r == 0)
		r = gate_children_arm(g);
	if (r >= 0)
		r = sd_event_loop(g->event);
	if (r < 0)
		log_error("ending, with all sessions: %s", strerror(-r));
	gate_children_kill_all(g);
	return r;
}
