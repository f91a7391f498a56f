// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The virtual terminal that this program was started on, if it was: while another is in front, the
 * display is that one's (console_ioctl(4), VT_PROCESS). Signals tell of it, by a descriptor.
 */
#pragma once

#include <stdbool.h>

struct terminal {
	int fd;      /* standard input; -EBADF: no virtual terminal */
	int signals; /* to poll for */
};

enum terminal_event {
	TERMINAL_QUIET,
	TERMINAL_LEAVE, /* drop the display, then call terminal_left() */
	TERMINAL_RETURN,
};

/* Text and the kernel's own drawing stop. No terminal is no error. Errors: -errno. */
int terminal_take(struct terminal *t);
void terminal_release(struct terminal *t);
enum terminal_event terminal_next(const struct terminal *t);
void terminal_left(const struct terminal *t);
