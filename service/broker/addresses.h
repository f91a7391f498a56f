// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The addresses of this machine, asked over rtnetlink(7). The socket is the one that systemd handed
 * over (camward.socket, ListenNetlink=), which is of the machine's network while this process has
 * none (PrivateNetwork=); without systemd it is one of our own.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct address {
	int family; /* AF_INET, AF_INET6 */
	size_t size;
	uint8_t bytes[16];
};

/* A socket that becomes readable when addresses come or go; the caller's. addresses_forget() reads
 * away what is in it, and so may addresses_read(). */
int addresses_watch(void);
void addresses_forget(int fd);

/* Writes up to max of them; returns how many. Errors: -ETIMEDOUT, those of the socket. */
int addresses_read(struct address *ret, size_t max);
