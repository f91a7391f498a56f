// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Hardware that comes when the process has been confined to what there was: an encoder whose driver
 * is loaded late, or one that is plugged in anew. Its node is another one then than this process
 * may open, which only a new process can.
 *
 *	begin -> confine -> { poll; look } -> end
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#define ARRIVAL_NODES_MAX 4

struct arrival_node {
	const char *path;
	dev_t device;
	ino_t inode;
};

struct arrival {
	int fd; /* to be polled for EPOLLIN */
	struct arrival_node nodes[ARRIVAL_NODES_MAX];
	unsigned int n;
};

/*
 * Notes which nodes there are, through symbolic links, before it is looked which of them can be
 * used. The first path is that of the encoder, without which the others are of no use; NULL among
 * these: none. They outlive the arrival. Errors: those of inotify; nothing is
 * to be ended then.
 */
int arrival_begin(struct arrival *a, const char *const paths[], unsigned int n);

/*
 * A node that is there may not be opened (error: -EPERM of that, others are passed over): if it
 * came just now, systemd had decided before what this process may open, and it counts as one that
 * comes later.
 */
void arrival_forbidden(struct arrival *a, const char *path, int error);

/* At an event, and once after begin: whether there is an encoder, and one of the paths leads to a
 * node that was not there. */
bool arrival_look(struct arrival *a);

void arrival_end(struct arrival *a);
