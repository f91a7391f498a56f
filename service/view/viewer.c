// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/viewer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "view/exit.h"

static void write_report(struct viewer *v, int status)
{
	if (v->json && report_write_json(&v->report, v->json, clock_monotonic(), status) < 0)
		fputs("camward-view: the report could not be written\n", stderr);
}

/* The command has ended by itself: its window was closed, or it failed, which is told later. */
static void take_child(struct viewer *v)
{
	siginfo_t info = {0};

	if (v->sink.child > 0 &&
	    waitid(P_PID, (id_t)v->sink.child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    info.si_pid == v->sink.child)
		v->over = true;
}

static void take_signals(struct viewer *v)
{
	struct signalfd_siginfo info;

	while (read(v->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGUSR1)
			write_report(v, -1);
		else if (info.ssi_signo == SIGCHLD)
			take_child(v);
		else
			v->over = true;
	}
}

static void take_time(struct viewer *v, uint64_t now)
{
	if (v->display && now >= display_deadline(v->display))
		viewer_judge_display(v, display_advance(v->display, now));
	if (now >= v->end)
		v->over = true;
	if (now >= v->next_report) {
		v->next_report = now + v->options->interval;
		write_report(v, -1);
	}
	if (!v->over && !v->visiting && now >= v->retry)
		viewer_begin_visit(v, now);
}

static int poll_timeout(const struct viewer *v, uint64_t now)
{
	uint64_t at = v->visiting ? visit_deadline(&v->visit) : v->retry;

	at = v->end < at ? v->end : at;
	if (v->display && display_deadline(v->display) < at)
		at = display_deadline(v->display);
	at = v->next_report < at ? v->next_report : at;
	if (at <= now)
		return 0;
	/* Rounded up: not a moment too early, again and again. */
	return at - now > 60 * USEC_PER_SEC ? 60000 : (int)((at - now) / USEC_PER_MSEC) + 1;
}

static void turn(struct viewer *v)
{
	struct pollfd fds[] = {
		{.fd = v->signals, .events = POLLIN},
		{.fd = sink_events(&v->sink) ? v->sink.fd : -1, .events = POLLOUT},
		{.fd = v->visiting ? visit_fd(&v->visit) : -1,
		 .events = v->visiting ? visit_events(&v->visit) : 0},
		{.fd = v->display ? display_fd(v->display) : -1, .events = POLLIN},
	};
	enum visit_end how;
	uint64_t now;
	int r;

	if (poll(fds, ARRAY_SIZE(fds), poll_timeout(v, clock_monotonic())) < 0 && errno != EINTR)
		v->failed = v->over = true;
	if (fds[0].revents)
		take_signals(v);
	if (fds[1].revents) {
		r = sink_flush(&v->sink);
		if (r < 0)
			viewer_lose_sink(v, strerror(-r));
	}
	now = clock_monotonic();
	if (fds[3].revents)
		viewer_judge_display(v, display_advance(v->display, now));
	if (v->visiting && !v->over) {
		how = visit_advance(&v->visit, fds[2].revents != 0, now);
		if (how != VISIT_GOES_ON)
			viewer_end_visit(v, how, now);
	}
	take_time(v, clock_monotonic());
}

static int exit_status(const struct viewer *v)
{
	uint64_t seen = v->report.valid + v->report.unchecked;

	if (v->failed)
		return VIEW_USAGE;
	if (v->sink_failed || v->display_failed)
		return VIEW_SINK;
	if (v->denied)
		return VIEW_DENIED;
	if (report_has_refusals(&v->report))
		return VIEW_REFUSED;
	if (seen == 0 || seen < v->options->frames)
		return VIEW_UNREACHABLE;
	return VIEW_OK;
}

int viewer_run(struct viewer *v)
{
	int r;

	take_time(v, clock_monotonic());
	while (!v->over)
		turn(v);
	if (v->visiting)
		viewer_end_visit(v, VISIT_STOPPED, clock_monotonic());
	v->display = display_close(v->display);
	r = v->sink_failed ? 0 : sink_close(&v->sink);
	if (r == -ECHILD)
		viewer_lose_sink(v, "the command failed");
	else if (r < 0)
		viewer_lose_sink(v, strerror(-r));
	v->report.dropped = v->sink.dropped;
	if (!v->json)
		report_write_text(&v->report, stderr);
	write_report(v, exit_status(v));
	return exit_status(v);
}
