// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One connection to the server, from the first address to its end: what comes is judged here and
 * handed on access unit by access unit. It never blocks. Times: us, CLOCK_MONOTONIC unless they say
 * more.
 */
#pragma once

#include "view/connection.h"
#include "view/rtsp-client.h"
#include "view/stream.h"

#define VISIT_CONNECT_USEC   4000000ULL  /* look-up, TCP and TLS */
#define VISIT_ANSWER_USEC    11000000ULL /* an answer; a camera may have to start, for 8 s */
#define VISIT_REPORT_USEC    5000000ULL  /* between our RTCP reports */
#define VISIT_KEEPALIVE_USEC 25000000ULL

enum visit_end {
	VISIT_GOES_ON,
	VISIT_UNREACHABLE, /* not connected */
	VISIT_LOST,        /* the server ended it, or broke the protocol */
	VISIT_SILENT,      /* nothing valid for too long */
	VISIT_DENIED,      /* see status */
	VISIT_DISTRUSTED,  /* another server */
	VISIT_STATEMENT,   /* the lease statement was refused: see verdict */
	VISIT_STOPPED,     /* by whoever takes the units */
	VISIT_FAILED,      /* here: see why */
};

struct visit_config {
	struct dialer *dialer;
	const struct url *url;
	const struct tls_trust *trust;
	const char *token;
	struct verifier *verifier; /* of all visits; NULL: nothing is checked */
	uint64_t silence;
};

/* One for each access unit, valid or not. false: end. now: its arrival. Packets that make no access
 * unit come as one of VERDICT_MALFORMED without bytes. */
typedef bool (*visit_unit_t)(void *userdata, const struct stream_unit *unit,
			     struct verifier_time arrived, uint64_t now);

struct visit {
	const struct visit_config *config;
	visit_unit_t unit;
	void *userdata;
	struct connection connection;
	bool secure; /* TLS is up */
	struct rtsp_client rtsp;
	struct stream stream;
	bool has_stream;
	uint64_t asked;    /* DESCRIBE, CLOCK_BOOTTIME */
	uint64_t deadline; /* of what is awaited now */
	uint64_t report, keepalive;
	char cname[17];
	uint32_t ssrc;
	unsigned status;
	enum verdict verdict;
	char why[200]; /* it ended, for people */
	size_t len;
	uint8_t buffer[2 * RTSP_CLIENT_BUFFER_SIZE];
};

enum visit_end visit_begin(struct visit *v, const struct visit_config *config, visit_unit_t unit,
			   void *userdata, uint64_t now);
/* A farewell if there is somebody to take it, then everything is released. */
void visit_finish(struct visit *v);

int visit_fd(const struct visit *v);
short visit_events(const struct visit *v);
/* When to be called although nothing came. */
uint64_t visit_deadline(const struct visit *v);
/* ready: the socket is. */
enum visit_end visit_advance(struct visit *v, bool ready, uint64_t now);

/* How old a unit is: with a statement at least so much, else by the wall clock. false: cannot be
 * told. */
bool visit_age(const struct visit *v, const struct seal *seal, struct verifier_time arrived,
	       uint64_t *ret);
