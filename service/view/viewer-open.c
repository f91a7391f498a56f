// SPDX-License-Identifier: LGPL-2.1-or-later
/* Opens all that a run needs, and confines the process. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "view/confine.h"
#include "view/viewer.h"

#define NEVER UINT64_MAX

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
