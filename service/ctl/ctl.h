// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * camwardctl: what one run of it knows.
 *
 * Functions of this room that return `int` without saying otherwise return 0, or the exit status
 * of the program (enum ctl_exit) after having said on standard error what is wrong. Standard output
 * carries only what was asked for: a text for people, or with --json one JSON document.
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

enum ctl_exit {
	CTL_OK = 0,
	CTL_FAILED = 1,
	CTL_USAGE = 2,
};

struct verb;

struct ctl {
	sd_bus *bus; /* NULL until bus_open() */
	bool json;
	const struct verb *verb;
};

/* Says "camwardctl: ..." on standard error. Returns CTL_FAILED. */
int ctl_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, followed by the usage line of the verb (or of the program). Returns CTL_USAGE. */
int ctl_misused(const struct verb *verb, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int ctl_out_of_memory(void);
