// SPDX-License-Identifier: LGPL-2.1-or-later
/* How a session ends. Its status reaches the broker by way of the gate (EXITED). */
#pragma once

#include <unistd.h>

#include "proto/gate-msg.h"

enum session_exit {
	SESSION_EXIT_ORDERLY = 0,
	SESSION_EXIT_FAILED = 1,  /* an error of its own: memory, a ring that is not sound */
	SESSION_EXIT_LINK = 2,    /* the broker is gone, silent, or not to be understood */
	SESSION_EXIT_CONFINE = 3, /* it could not be confined, and read nothing */
	/* a ring of another camera than was asked for and granted */
	SESSION_EXIT_TRIPWIRE = GATE_STATUS_TRIPWIRE,
};

/*
 * At once: the kernel closes the socket, and as its linger is {1, 0} unless the end is an orderly
 * one, that resets the connection and drops what is queued. No atexit(), no flushing.
 */
static inline _Noreturn void exit_now(enum session_exit status)
{
	_exit(status);
}
