// SPDX-License-Identifier: LGPL-2.1-or-later
/* The load client's command line. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define LOAD_VIEWERS_MAX 1000
#define LOAD_CAMERAS_MAX 64

struct load_options {
	const char *host; /* an address */
	const char *port;
	const char *source; /* an own address to come from; NULL: the kernel's choice */
	const char *cameras[LOAD_CAMERAS_MAX]; /* viewer i watches cameras[i % n_cameras] */
	unsigned n_cameras;
	const char *client;
	const char *token;
	const char *pin; /* base64 of the SHA-256 of the server's SPKI; NULL: any server */
	const char *json;
	const char *sizes; /* where the sizes of viewer 0's access units go; NULL: nowhere */
	bool bare;         /* the server is bench/bare-sender: only TLS */
	bool announce;
	unsigned viewers;
	unsigned stalled; /* the first so many viewers stop reading after PLAY */
	unsigned ramp_ms; /* between the connects of two viewers */
	uint64_t seconds; /* from the last connect */
	uint64_t warm_up_us;
	uint32_t rate_limit;     /* bytes/s that a viewer reads; 0: no limit */
	uint32_t receive_buffer; /* SO_RCVBUF; 0: the kernel's choice */
};

/* 0: go on; 1: leave with success (--help); -EINVAL: said why on stderr. */
int load_options_parse(struct load_options *o, int argc, char **argv);
