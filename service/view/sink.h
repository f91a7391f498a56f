// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Where accepted access units go: nowhere, standard output, a file, or a command's standard input,
 * as an Annex B byte stream. A reader that stalls makes nothing stale: what waits for more than
 * SINK_WAIT_USEC, or is too much, is dropped up to the next keyframe and counted. An access unit
 * that was begun is finished, so that the stream stays one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/slice.h"

#define SINK_UNITS_MAX 64
#define SINK_BYTES_MAX (16u << 20)
#define SINK_WAIT_USEC 1000000ULL
#define SINK_END_USEC  2000000ULL /* for what is left, and for a command's end */

struct sink_unit {
	uint8_t *bytes; /* owned */
	size_t len;
	uint64_t at; /* us, CLOCK_MONOTONIC */
};

struct sink {
	int fd; /* -EBADF: nowhere */
	bool owned;
	bool whole;  /* takes any write without blocking for long, or at all */
	pid_t child; /* 0: none */
	struct sink_unit queue[SINK_UNITS_MAX];
	size_t first, n; /* in the queue */
	size_t bytes;
	size_t done;      /* of the first */
	bool skipping;    /* to the next keyframe */
	uint64_t dropped; /* access units */
};

void sink_init(struct sink *s); /* nowhere */
/* Errors: -errno; -EISDIR among them: a terminal shows no video. */
int sink_open_stdout(struct sink *s);
int sink_open_file(struct sink *s, const char *path);
/* By sh -c. The command gets neither our token nor our signal mask. */
int sink_open_command(struct sink *s, const char *command);

/* prefix and unit are copied. Errors: -ENOMEM. */
int sink_push(struct sink *s, struct slice prefix, struct slice unit, bool keyframe, uint64_t now);
/* Writes what can be written now. Errors: -errno; -EPIPE: the reader has gone. */
int sink_flush(struct sink *s);
/* What to poll fd for; 0: nothing waits. */
short sink_events(const struct sink *s);

/* Finishes within SINK_END_USEC, then ends a command. Returns what is wrong: 0, -ETIMEDOUT (not all
 * could be written), -EPIPE, -ECHILD (the command failed), -errno. */
int sink_close(struct sink *s);
