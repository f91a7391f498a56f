// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One viewer: connect, TLS, DESCRIBE, SETUP, PLAY, and then its stream to the end. Everything is
 * non-blocking and driven by viewer_event(). The TLS records of one readiness come by one recv().
 */
#pragma once

#include <gnutls/gnutls.h>

#include "load/options.h"
#include "load/stream.h"

enum viewer_state {
	VIEWER_CONNECTING,
	VIEWER_HANDSHAKE,
	VIEWER_DESCRIBE, /* its answer is awaited, and so on */
	VIEWER_SETUP,
	VIEWER_PLAY,
	VIEWER_PLAYING,
	VIEWER_ENDED,
};

enum viewer_end {
	VIEWER_RUNNING,
	VIEWER_FINISHED, /* by us, at the end of the time */
	VIEWER_REFUSED,  /* an answer other than 200; see status */
	VIEWER_RST,
	VIEWER_CLOSE_NOTIFY,
	VIEWER_FIN,            /* without close_notify */
	VIEWER_TLS_ERROR,      /* also another key than the pinned one */
	VIEWER_PROTOCOL_ERROR, /* neither answer nor frame where one has to be */
};

struct viewer {
	const struct load_options *options;
	const char *camera;
	int fd;
	enum viewer_state state;
	enum viewer_end end;
	unsigned status; /* of the refusal */
	bool stalled;    /* stops reading once it plays */
	bool paused;     /* its descriptor is not polled for reading now */
	gnutls_session_t tls;
	uint64_t started;       /* CLOCK_MONOTONIC us, as the other times unless they say more */
	uint64_t handshaken;    /* TLS is up */
	uint64_t play_sent;     /* PLAY went out */
	uint64_t played;        /* its answer came */
	uint64_t next_alive;    /* when to send GET_PARAMETER */
	uint64_t end_realtime;  /* CLOCK_REALTIME us when the end was noticed */
	uint64_t last_realtime; /* CLOCK_REALTIME us of the last bytes received */
	uint64_t received;      /* bytes of TCP */
	uint64_t allowance;     /* bytes that the rate limit lets it read now */
	uint64_t allowance_at;
	unsigned cseq;
	char session[256];
	struct stream stream;
	bool drained; /* the last recv() got all there was */
	size_t raw_at, raw_len;
	size_t plain_len;
	uint8_t raw[65536];       /* TLS records not yet taken by GnuTLS */
	uint8_t plain[65536 * 2]; /* an answer or frame that is not complete */
};

/* credentials and epoll are shared and outlive the viewer; epoll's data.ptr is the viewer. */
int viewer_start(struct viewer *v, const struct load_options *o, unsigned index, int epoll,
		 gnutls_certificate_credentials_t credentials);
void viewer_event(struct viewer *v, int epoll, uint32_t events);

/* To be called every few hundredths of a second: rate limit and keepalive. */
void viewer_tick(struct viewer *v, int epoll, uint64_t now);

/* At the end of the time: TEARDOWN and close_notify, if it still runs. */
void viewer_finish(struct viewer *v);
void viewer_done(struct viewer *v);

const char *viewer_end_name(enum viewer_end end);
