// SPDX-License-Identifier: LGPL-2.1-or-later
/* load-client: many viewers on one loop; --help says how. */
#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "load/report.h"
#include "load/viewer.h"

#define TICK_MS    20
#define EVENTS_MAX 64

struct load {
	struct load_options options;
	gnutls_certificate_credentials_t credentials;
	int epoll;
	struct viewer *viewers[LOAD_VIEWERS_MAX];
	unsigned n;
	FILE *sizes;
	uint64_t next_tick;
};

static int start_next(struct load *l)
{
	struct viewer *v = malloc(sizeof(*v));
	int r;

	if (!v)
		return -ENOMEM;
	r = viewer_start(v, &l->options, l->n, l->epoll, l->credentials);
	if (r < 0) {
		fprintf(stderr, "load-client: %s\n", strerror(-r));
		return r;
	}
	v->stream.sizes = l->n == 0 ? l->sizes : NULL;
	l->viewers[l->n++] = v;
	return 0;
}

static bool all_ended(const struct load *l)
{
	for (unsigned i = 0; i < l->n; i++)
		if (l->viewers[i]->state != VIEWER_ENDED)
			return false;
	return l->n == l->options.viewers;
}

static void announce(const struct load *l, const char *what)
{
	uint64_t received = 0;

	if (!l->options.announce)
		return;
	for (unsigned i = 0; i < l->n; i++)
		received += l->viewers[i]->received;
	printf("%s %llu\n", what, (unsigned long long)received);
	fflush(stdout);
}

static void dispatch(struct load *l, int timeout_ms)
{
	struct epoll_event events[EVENTS_MAX];
	int n = epoll_wait(l->epoll, events, EVENTS_MAX, timeout_ms);

	for (int i = 0; i < n; i++)
		viewer_event(events[i].data.ptr, l->epoll, events[i].events);
}

static void tick(struct load *l, uint64_t now)
{
	static const uint64_t interval = TICK_MS * USEC_PER_MSEC;

	if (now < l->next_tick)
		return;
	l->next_tick = now + interval;
	for (unsigned i = 0; i < l->n; i++)
		viewer_tick(l->viewers[i], l->epoll, now);
}

static int run(struct load *l)
{
	const struct load_options *o = &l->options;
	uint64_t now = clock_monotonic(), next = now, last = UINT64_MAX;
	bool announced = false;

	while (!all_ended(l) && (last == UINT64_MAX || now < last + o->seconds * USEC_PER_SEC)) {
		while (l->n < o->viewers && now >= next) {
			if (start_next(l) < 0)
				return -EIO;
			next += o->ramp_ms * USEC_PER_MSEC;
			last = l->n == o->viewers ? now : last;
		}
		dispatch(l, o->ramp_ms && l->n < o->viewers ? 1 : TICK_MS);
		now = clock_monotonic();
		tick(l, now);
		if (!announced && last != UINT64_MAX && now >= last + o->warm_up_us) {
			announced = true;
			announce(l, "start");
		}
	}
	announce(l, "end");
	/* Whoever measures the server's processes does so before their viewers leave. */
	if (o->announce)
		getchar();
	return 0;
}

static uint64_t cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * USEC_PER_SEC +
	       (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static int report(struct load *l, uint64_t started)
{
	struct report_run run = {.elapsed_us = clock_monotonic() - started, .cpu_us = cpu_us()};
	int r;

	for (unsigned i = 0; i < l->n; i++)
		viewer_finish(l->viewers[i]);
	r = report_write(l->options.json, l->viewers, l->n, &run);
	if (r < 0)
		fprintf(stderr, "load-client: the report could not be written\n");
	return r;
}

static struct load load;

int main(int argc, char **argv)
{
	uint64_t started;
	int r = load_options_parse(&load.options, argc, argv);

	if (r != 0)
		return r < 0 ? 2 : 0;
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (load.epoll < 0 || gnutls_certificate_allocate_credentials(&load.credentials) < 0) {
		fprintf(stderr, "load-client: cannot start\n");
		return 1;
	}
	if (load.options.sizes && !(load.sizes = fopen(load.options.sizes, "we"))) {
		fprintf(stderr, "load-client: %s: %s\n", load.options.sizes, strerror(errno));
		return 1;
	}
	started = clock_monotonic();
	r = run(&load);
	if (report(&load, started) < 0)
		r = -EIO;
	r = r == 0 && report_success(load.viewers, load.n) ? 0 : 1;
	for (unsigned i = 0; i < load.n; i++) {
		viewer_done(load.viewers[i]);
		free(load.viewers[i]);
	}
	if (load.sizes)
		fclose(load.sizes);
	gnutls_certificate_free_credentials(load.credentials);
	return r;
}
