// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * When frames of a fixed rate are due: at start + n / fps, exact and without drift, by a timerfd.
 * Who comes late skips what was missed and is told how much.
 */
#pragma once

#include <stdint.h>

struct pacer {
	int fd;         /* readable when a frame is due; -EBADF when stopped */
	uint64_t start; /* us, CLOCK_MONOTONIC */
	uint64_t next;  /* number of the frame to come */
	uint32_t fps_num, fps_den;
};

/* The first frame is due at once. Errors: those of timerfd_create(). */
int pacer_start(struct pacer *p, uint32_t fps_num, uint32_t fps_den);
void pacer_stop(struct pacer *p);

/*
 * The newest frame that is due: when it was (us, CLOCK_MONOTONIC) and how many due frames were
 * missed before it. Errors: -EAGAIN (none is due), those of timerfd_settime().
 */
int pacer_next(struct pacer *p, uint64_t *ret_due, uint32_t *ret_missed);
