// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Who makes the viewer's connections: a process of its own that looks the host up and connects, so
 * that the one that reads what comes from there needs neither. It is forked before the token is
 * known, is told nothing but "now", and knows one host and one port; whoever has taken the viewer
 * over reaches no other. It ends with the viewer.
 *
 *	start -> { ask -> answer ... }
 */
#pragma once

#include <stdbool.h>

#include "view/url.h"

#define DIALER_WHY_SIZE 160

/* For each of the host's addresses. */
#define DIALER_CONNECT_MSEC 3000

struct dialer {
	int link;   /* to poll for reading once asked */
	bool asked; /* and not answered yet */
};

/* Before there are threads. The child forgets the token that the URL or the environment may hold,
 * its own copy of *url included. Errors: -errno. */
int dialer_start(struct dialer *d, struct url *url);
void dialer_stop(struct dialer *d);

/* One that was asked already will do. Errors: -EPIPE (it has died). */
int dialer_ask(struct dialer *d);
/*
 * *ret: a connected TCP socket, non-blocking, the caller's. Errors: -EAGAIN (not yet),
 * -EHOSTUNREACH (why says more), -EPIPE.
 */
int dialer_answer(struct dialer *d, int *ret, char why[DIALER_WHY_SIZE]);
