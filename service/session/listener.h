// SPDX-License-Identifier: LGPL-2.1-or-later
/* The listening sockets that the gate was started with, and what comes in by them. */
#pragma once

#include <stddef.h>

#include "proto/gate-msg.h"

#define LISTENERS_MAX GATE_LISTENERS_MAX

/* More would only be stale by the time the viewer reads it, and less would cut an ordinary access
 * unit (17 KB at 4 Mbit/s) in two system calls before the connection has found its speed. */
#define LISTENER_NOTSENT_LOWAT 32768

struct listener {
	int fd;
	enum gate_service service;
};

/*
 * Collects what LISTEN_FDS names "rtsps" and "https"; the environment stays as it is, so that it
 * can be read again after an exec. Returns how many. Errors: -ENOENT (none), -EINVAL (a name, or a
 * socket that does not listen), -E2BIG.
 */
int listener_collect(struct listener ret[LISTENERS_MAX]);

/* Fills in what a socket listens on. Errors: -EAFNOSUPPORT, those of getsockname(2). */
int listener_address(const struct listener *l, struct gate_peer *ret);

/*
 * Accepts one connection, non-blocking, with everything set on it that must hold from the first
 * byte on: above all SO_LINGER {1, 0}, by which any death of its process drops what is queued.
 * Errors: -EAGAIN (none waits), -EMFILE, -ENFILE, -ENOMEM, -ENOBUFS (try later); others are of the
 * one connection, which is gone.
 */
int listener_accept(const struct listener *l, struct gate_peer *ret);
