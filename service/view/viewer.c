// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/viewer.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "view/confine.h"
#include "view/exit.h"

#define NEVER UINT64_MAX

static void sink_is_lost(struct viewer *v, const char *why)
{
	if (!v->sink_failed)
		fprintf(stderr, "camward-view: the frames cannot be written: %s\n", why);
	v->sink_failed = v->over = true;
}

/* --- the screen --- */

static void judge_display(struct viewer *v, int r)
{
	if (r >= 0 || v->display_failed)
		return;
	fprintf(stderr, "camward-view: the frames cannot be shown: %s\n", strerror(-r));
	v->display_failed = v->over = true;
}

static void show(struct viewer *v, const struct stream_unit *unit, uint64_t now)
{
	int r = v->display ? display_show(v->display, unit, now) : 0;

	if (r == -EBADMSG)
		complaint_say(
			&v->complaint, COMPLAINT_DECODER, now,
			"a frame cannot be decoded: nothing is shown up to the next keyframe");
	else
		judge_display(v, r);
}

/* Nothing is live without a connection; and the next one may take its time to be looked up. */
static void blank(struct viewer *v, uint64_t now)
{
	if (v->display)
		judge_display(v, display_forget(v->display, now));
}

/* --- what a visit brings --- */

/* Whether to go on with this connection. */
static bool count_refusal(struct viewer *v, uint64_t now)
{
	if (v->last_refusal == 0 || now - v->last_refusal > VIEWER_FORGET_USEC)
		v->refusals = 0;
	v->last_refusal = now;
	v->refusals++;
	if (v->options->on_refusal == OPTIONS_EXIT ||
	    (v->options->on_refusal == OPTIONS_RECONNECT && v->refusals >= v->options->refusals))
		v->over = true;
	return v->options->on_refusal == OPTIONS_SKIP;
}

static bool refuse(struct viewer *v, const struct stream_unit *unit, uint64_t now)
{
	report_refused(&v->report, unit->verdict);
	v->report.refused++;
	complaint_say(&v->complaint, unit->verdict, now,
		      "frame refused after %" PRIu64 " valid: %s", v->report.valid,
		      verdict_text(unit->verdict));
	return count_refusal(v, now);
}

/* Who looks at a terminal where nothing else happens shall know that it works. */
static void reassure(const struct viewer *v)
{
	const struct options *o = v->options;

	if (v->report.valid != 1 || v->display || o->command || o->output || o->json ||
	    !isatty(STDERR_FILENO))
		return;
	fprintf(stderr,
		"camward-view: checking %s: frames come, and they are valid; to end it: Ctrl-C\n",
		v->options->url.camera);
}

static bool accept_unit(struct viewer *v, const struct stream_unit *unit,
			struct verifier_time arrived, uint64_t now)
{
	const struct verifier *verifier = v->visit.stream.verifier;
	uint64_t age;
	int r;

	if (verifier) {
		report_valid(&v->report, &unit->result, unit->bytes.len, now);
		snprintf(v->report.camera_name, sizeof(v->report.camera_name), "%s",
			 verifier->certificate.camera_name);
		v->report.lease = verifier->has_statement ? verifier->statement.lease : 0;
		if (visit_age(&v->visit, &unit->result.seal, arrived, &age))
			report_age(&v->report, age);
		reassure(v);
	} else {
		v->report.unchecked++;
	}
	r = sink_push(&v->sink, unit->prefix, unit->bytes, unit->keyframe, now);
	if (r == 0)
		r = sink_flush(&v->sink);
	v->report.dropped = v->sink.dropped;
	if (r < 0)
		sink_is_lost(v, strerror(-r));
	show(v, unit, now);
	if (v->options->frames > 0 && v->report.valid + v->report.unchecked >= v->options->frames)
		v->over = true;
	return !v->over;
}

static bool take_unit(void *userdata, const struct stream_unit *unit, struct verifier_time arrived,
		      uint64_t now)
{
	struct viewer *v = userdata;

	if (unit->verdict <= VERDICT_WAITING)
		report_gap(&v->report, unit->result.gap);
	if (unit->verdict == VERDICT_VALID)
		return accept_unit(v, unit, arrived, now);
	if (unit->verdict == VERDICT_WAITING) {
		v->report.waiting++;
		return true;
	}
	return refuse(v, unit, now);
}

static void take_denial(struct viewer *v)
{
	unsigned status = v->visit.status;

	v->report.denied++;
	if (status != 401 && status != 403 && status != 404)
		return;
	/* A suspension looks like no camera, and it may end; a wrong token never becomes right. */
	if (status == 404 && v->report.valid > 0)
		return;
	v->denied = v->over = true;
}

static void take_end(struct viewer *v, enum visit_end how, uint64_t now)
{
	unsigned kind = COMPLAINT_CONNECTION;

	blank(v, now);
	switch (how) {
	case VISIT_STATEMENT:
		kind = v->visit.verdict;
		report_refused(&v->report, v->visit.verdict);
		v->report.refused_statements++;
		count_refusal(v, now);
		break;
	case VISIT_DISTRUSTED:
		v->report.refused_servers++;
		count_refusal(v, now);
		break;
	case VISIT_SILENT:
		v->report.silent++;
		break;
	case VISIT_DENIED:
		take_denial(v);
		break;
	case VISIT_FAILED:
		v->failed = v->over = true;
		break;
	case VISIT_STOPPED:
		break;
	default:
		v->report.lost += v->visit.secure;
	}
	if (how != VISIT_STOPPED)
		complaint_say(&v->complaint, kind, now, "%s%s",
			      how == VISIT_STATEMENT ? "lease refused: " : "", v->visit.why);
	v->report.established += v->visit.secure;
	visit_finish(&v->visit);
	v->visiting = false;
	v->retry = now + VIEWER_RETRY_USEC;
	v->over |= v->options->once;
}

static void begin_visit(struct viewer *v, uint64_t now)
{
	enum visit_end how;

	v->report.attempts++;
	v->visiting = true;
	how = visit_begin(&v->visit, &v->config, take_unit, v, now);
	if (how != VISIT_GOES_ON)
		take_end(v, how, now);
}

/* --- signals and time --- */

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
		judge_display(v, display_advance(v->display, now));
	if (now >= v->end)
		v->over = true;
	if (now >= v->next_report) {
		v->next_report = now + v->options->interval;
		write_report(v, -1);
	}
	if (!v->over && !v->visiting && now >= v->retry)
		begin_visit(v, now);
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
			sink_is_lost(v, strerror(-r));
	}
	now = clock_monotonic();
	if (fds[3].revents)
		judge_display(v, display_advance(v->display, now));
	if (v->visiting && !v->over) {
		how = visit_advance(&v->visit, fds[2].revents != 0, now);
		if (how != VISIT_GOES_ON)
			take_end(v, how, now);
	}
	take_time(v, clock_monotonic());
}

/* --- the whole --- */

static int open_sink(struct viewer *v)
{
	const struct options *o = v->options;
	int r = 0;

	sink_init(&v->sink);
	if (o->command)
		r = sink_open_command(&v->sink, o->command);
	else if (o->output && strcmp(o->output, "-") == 0)
		r = sink_open_stdout(&v->sink);
	else if (o->output)
		r = sink_open_file(&v->sink, o->output);
	if (r == -EISDIR && o->output && strcmp(o->output, "-") == 0)
		fputs("camward-view: a terminal shows no video: redirect standard output\n",
		      stderr);
	else if (r < 0)
		fprintf(stderr, "camward-view: %s: %s\n", o->command ? o->command : o->output,
			strerror(-r));
	return r;
}

static int open_display(struct viewer *v)
{
	const struct display_config config = {.device = v->options->device,
					      .connector = v->options->connector,
					      .camera = v->options->url.camera,
					      .decoder = v->options->decoder,
					      .by_software = v->options->by_software};

	return v->options->display ? display_open(&config, &v->display) : 0;
}

static int open_signals(struct viewer *v)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	v->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return v->signals < 0 ? -errno : 0;
}

static int open_json(struct viewer *v)
{
	const struct options *o = v->options;

	if (!o->json)
		return 0;
	v->json = o->json_file ? fopen(o->json_file, "we") : stdout;
	if (v->json)
		return 0;
	fprintf(stderr, "camward-view: %s: %s\n", o->json_file, strerror(errno));
	return -EINVAL;
}

static int confine(struct viewer *v)
{
	const struct confine_needs needs = {
		.command = v->sink.child,
		.display = v->display,
		.decoder = v->display ? display_decoder(v->display) : NULL,
	};
	int r = view_confine(&needs);

	if (r == -EOPNOTSUPP)
		fputs("camward-view: this kernel has no Landlock, without which a hardware decoder"
		      " is not used: say --decoder software\n",
		      stderr);
	else if (r < 0)
		fprintf(stderr, "camward-view: cannot confine itself: %s\n", strerror(-r));
	return r;
}

int viewer_init(struct viewer *v, const struct options *o, struct dialer *dialer)
{
	uint64_t now = clock_monotonic();
	int r;

	*v = (struct viewer){.options = o,
			     .config = {.dialer = dialer,
					.url = &o->url,
					.trust = &o->trust,
					.token = o->url.token,
					.verifier = o->unsealed ? NULL : &v->verifier,
					.silence = o->silence},
			     .complaint = {.camera = o->url.camera},
			     .signals = -EBADF,
			     .retry = now,
			     .end = o->duration ? now + o->duration : NEVER,
			     .next_report = o->interval ? now + o->interval : NEVER};
	report_init(&v->report, now);
	sink_init(&v->sink);
	r = o->unsealed ? 0 : verifier_init(&v->verifier, &o->verifier);
	if (r == 0)
		r = open_json(v);
	if (r == 0)
		r = open_signals(v);
	if (r == 0)
		r = open_sink(v);
	if (r == 0)
		r = open_display(v);
	return r < 0 ? r : confine(v);
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
		take_end(v, VISIT_STOPPED, clock_monotonic());
	v->display = display_close(v->display);
	r = v->sink_failed ? 0 : sink_close(&v->sink);
	if (r == -ECHILD)
		sink_is_lost(v, "the command failed");
	else if (r < 0)
		sink_is_lost(v, strerror(-r));
	v->report.dropped = v->sink.dropped;
	if (!v->json)
		report_write_text(&v->report, stderr);
	write_report(v, exit_status(v));
	return exit_status(v);
}

void viewer_release(struct viewer *v)
{
	v->display = display_close(v->display);
	if (v->sink.fd >= 0 || v->sink.child > 0)
		sink_close(&v->sink);
	if (v->json && v->json != stdout)
		fclose(v->json);
	close_fd(steal_fd(&v->signals));
	verifier_release(&v->verifier);
}
