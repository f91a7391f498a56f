// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/pacer.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

static uint64_t due_at(const struct pacer *p, uint64_t n)
{
	return p->start + n * USEC_PER_SEC * p->fps_den / p->fps_num;
}

/* Rounds up, so that a frame is never found not yet due when the timer fires. */
static int arm(const struct pacer *p)
{
	uint64_t at = due_at(p, p->next) + 1;
	struct itimerspec spec = {
		.it_value = {.tv_sec = (time_t)(at / USEC_PER_SEC),
			     .tv_nsec = (long)(at % USEC_PER_SEC * NSEC_PER_USEC)},
	};

	return timerfd_settime(p->fd, TFD_TIMER_ABSTIME, &spec, NULL) < 0 ? -errno : 0;
}

int pacer_start(struct pacer *p, uint32_t fps_num, uint32_t fps_den)
{
	int r;

	*p = (struct pacer){
		.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
		.start = clock_monotonic(),
		.fps_num = fps_num,
		.fps_den = fps_den,
	};
	if (p->fd < 0)
		return -errno;
	r = arm(p);
	if (r < 0)
		pacer_stop(p);
	return r;
}

void pacer_stop(struct pacer *p)
{
	close_fd(steal_fd(&p->fd));
}

int pacer_next(struct pacer *p, uint64_t *ret_due, uint32_t *ret_missed)
{
	uint64_t now = clock_monotonic(), newest;

	if (now < due_at(p, p->next))
		return -EAGAIN;
	newest = (now - p->start) * p->fps_num / (USEC_PER_SEC * p->fps_den);
	/* due_at() and this round down each for itself. */
	if (newest < p->next)
		newest = p->next;
	*ret_due = due_at(p, newest);
	*ret_missed = (uint32_t)(newest - p->next);
	p->next = newest + 1;
	/* Setting the timer also clears its readiness. */
	return arm(p);
}
