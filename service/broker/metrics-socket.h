// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The numbers (metrics.h) for whoever collects them, over a UNIX socket that speaks just enough
 * HTTP: any request gets them, and the connection is closed.
 *
 *	curl --unix-socket /run/camward/metrics/socket http://localhost/metrics
 *
 * A few at a time, none for longer than METRICS_SOCKET_TIMEOUT.
 */
#pragma once

#include "base/clock.h"

#define METRICS_SOCKET_READERS_MAX 8
#define METRICS_SOCKET_TIMEOUT     (5 * USEC_PER_SEC)

struct broker;
struct metrics_socket;

/* path: made anew, for user and group. Errors: as bind(). */
int metrics_socket_open(struct broker *broker, const char *path, struct metrics_socket **ret);
void metrics_socket_close(struct metrics_socket *socket);
