// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/event.h"
#include "base/log.h"
#include "session/gate.h"
#include "session/session.h"

/* The session ends itself politely when its grace is over; this much later it is killed. */
#define POLITENESS_USEC (2 * USEC_PER_SEC)

static uint64_t grace(const struct gate *g)
{
	return g->options.grace * USEC_PER_SEC;
}

/* --- the end of a child --- */

/* Not what is sent to end a process on purpose, but what a process brings upon itself. */
static bool is_crash(const siginfo_t *info)
{
	return (info->si_code == CLD_KILLED || info->si_code == CLD_DUMPED) &&
	       info->si_status != SIGKILL && info->si_status != SIGTERM &&
	       info->si_status != SIGINT && info->si_status != SIGHUP;
}

static void fill_exited(struct gate_exited *m, const siginfo_t *info)
{
	m->value = (uint32_t)info->si_status;
	if (info->si_code != CLD_EXITED)
		m->how = GATE_EXIT_SIGNAL;
	else
		m->how = info->si_status ? GATE_EXIT_FAILED : GATE_EXIT_ORDERLY;
}

static void log_exit(const struct roster_entry *e, const siginfo_t *info)
{
	if (is_crash(info))
		event_log(LOG_ERR, EVENT_SESSION_CRASHED,
			  &(struct event_about){.connection = e->connection},
			  "connection %llu: its process crashed: %s",
			  (unsigned long long)e->connection, strsignal(info->si_status));
	else if (info->si_code == CLD_EXITED && info->si_status == SESSION_EXIT_TRIPWIRE)
		event_log(LOG_CRIT, EVENT_TRIPWIRE,
			  &(struct event_about){.connection = e->connection,
						.reason = "the ring of another camera"},
			  "connection %llu: it was given the ring of another camera, and ended",
			  (unsigned long long)e->connection);
	else if (info->si_code == CLD_EXITED && info->si_status == SESSION_EXIT_CONFINE)
		log_error("connection %llu: its process could not be confined",
			  (unsigned long long)e->connection);
	else
		log_debug("connection %llu: ended, status %d", (unsigned long long)e->connection,
			  info->si_status);
}

static int on_child(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct gate *g = userdata;
	struct gate_exited m = {};
	struct roster_entry *e;
	siginfo_t info = {};

	if (waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG) < 0)
		return -errno;
	if (!info.si_pid)
		return 0;
	e = roster_find_pid(&g->roster, info.si_pid);
	if (!e)
		return -ECHILD;
	log_exit(e, &info);
	if (is_crash(&info)) {
		g->stale = true;
		gate_penalty_add(g, e, PENALTY_CRASH);
	} else {
		gate_penalty_end(g, e, &info);
	}
	fill_exited(&m, &info);
	m.connection = e->connection;
	roster_remove(&g->roster, e);
	/* The loop's reference was the last; the pidfd goes with it. */
	sd_event_source_set_floating(source, 0);
	return chan_send_message(&g->link, GATE_EXITED, &m);
}

static int watch(struct gate *g, int pidfd)
{
	sd_event_source *source;
	int r = gate_watch(g, pidfd, on_child, &source);

	if (r < 0)
		return r;
	sd_event_source_set_io_fd_own(source, 1);
	sd_event_source_set_floating(source, 1);
	sd_event_source_unref(source);
	return 0;
}

int gate_children_resume(struct gate *g)
{
	for (uint32_t i = 0; i < g->roster.n; i++) {
		int r = watch(g, g->roster.entries[i].pidfd);

		if (r < 0)
			return r;
	}
	return 0;
}

void gate_children_kill(struct gate *g, struct roster_entry *e)
{
	e->ending = 1;
	pidfd_send_signal(e->pidfd, SIGKILL, NULL, 0);
}

void gate_children_kill_all(struct gate *g)
{
	for (uint32_t i = 0; i < g->roster.n; i++)
		gate_children_kill(g, &g->roster.entries[i]);
	for (uint32_t i = 0; i < g->roster.n; i++)
		waitid(P_PIDFD, (id_t)g->roster.entries[i].pidfd, &(siginfo_t){}, WEXITED);
}

/* --- the start of a child --- */

static _Noreturn void run_child(struct gate *g, int sock, int link, enum gate_service service,
				pid_t parent)
{
	int r = confine_self(&g->confinement, sock, link, parent);

	if (r < 0) {
		log_error("cannot confine a session: %s", strerror(-r));
		exit_now(SESSION_EXIT_CONFINE);
	}
	session_run(&(struct session_start){
		.sock = CONFINE_SOCK,
		.link = CONFINE_LINK,
		.service = service,
		.server = &g->tls,
		.grace = grace(g),
	});
}

static int announce(struct gate *g, int link, int sock, const struct gate_peer *peer,
		    uint64_t connection)
{
	struct gate_connection m = {.connection = connection, .peer = *peer};

	return chan_send(&g->link, GATE_CONNECTION, &m, sizeof(m), (int[]){link, sock},
			 GATE_CONNECTION_FDS);
}

/* The broker knows of it already: it has to hear of its end. */
static int give_up(struct gate *g, uint64_t connection, int why)
{
	struct gate_exited m = {.connection = connection, .how = GATE_EXIT_FAILED};

	log_error("cannot start a session: %s", strerror(-why));
	return chan_send_message(&g->link, GATE_EXITED, &m);
}

static int enlist(struct gate *g, uint64_t connection, uint64_t accepted, pid_t pid,
		  const struct gate_peer *peer)
{
	struct roster_entry e = {
		.connection = connection,
		.accepted = accepted,
		.pid = pid,
		.pidfd = pidfd_open(pid, 0),
		.exempt = address_list_has(&g->options.exempt, peer->address),
	};
	int r;

	/* Without it the child could never be ended: better not go on. */
	if (e.pidfd < 0)
		return -errno;
	roster_source(peer->address, e.source);
	roster_add(&g->roster, &e);
	r = watch(g, e.pidfd);
	return r < 0 ? r : gate_children_arm(g);
}

int gate_children_start(struct gate *g, int sock, const struct gate_peer *peer)
{
	_cleanup_close_ int viewer = sock, ours = -EBADF, brokers = -EBADF;
	uint64_t connection = g->next_connection++, accepted = clock_monotonic();
	pid_t pid, parent = getpid();
	int pair[2], r = fdpass_pair(pair);

	if (r < 0) {
		log_error("cannot start a session: %s", strerror(-r));
		return 0;
	}
	ours = pair[0];
	brokers = pair[1];
	r = announce(g, brokers, viewer, peer, connection);
	if (r < 0)
		return r;
	pid = fork();
	if (pid == 0)
		run_child(g, viewer, ours, (enum gate_service)peer->service, parent);
	return pid < 0 ? give_up(g, connection, -errno)
		       : enlist(g, connection, accepted, pid, peer);
}

/* --- grace --- */

static int on_grace(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct gate *g = userdata;
	uint64_t now = clock_monotonic();
	struct roster_entry *e;

	while ((e = roster_oldest_pending(&g->roster)) &&
	       now >= e->accepted + grace(g) + POLITENESS_USEC)
		gate_children_kill(g, e);
	return gate_children_arm(g);
}

int gate_children_arm(struct gate *g)
{
	struct roster_entry *e = roster_oldest_pending(&g->roster);
	uint64_t at = e ? e->accepted + grace(g) + POLITENESS_USEC : 0;
	int r;

	r = g->grace_timer ? 0 : gate_add_timer(g, on_grace, &g->grace_timer);
	if (r == 0)
		r = sd_event_source_set_time(g->grace_timer, at);
	return r < 0 ? r
		     : sd_event_source_set_enabled(g->grace_timer,
						   e ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}
