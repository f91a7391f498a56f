// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The viewer's side of RTSP 1.0 (RFC 2326), without a socket: it writes requests, and takes what
 * the server sends off the front of a buffer.
 *
 *	rtsp_client_init; then rtsp_client_request: DESCRIBE
 *	rtsp_client_take -> RTSP_DESCRIBED: check the statement; request: SETUP
 *	rtsp_client_take -> RTSP_SET_UP; request: PLAY
 *	rtsp_client_take -> RTSP_STARTED, then RTSP_MEDIA and RTSP_REPORT
 *
 * Strict: an answer without our CSeq, a request of the server's, a frame on another channel or
 * before PLAY end it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wire/sdp-reader.h"
#include "wire/slice.h"
#include "wire/writer.h"

#define RTSP_CLIENT_URL_SIZE     1024
#define RTSP_CLIENT_SESSION_SIZE 256
#define RTSP_CLIENT_REQUEST_MAX  4096
#define RTSP_CLIENT_NONCE_SIZE   32
/* Room for the largest thing that rtsp_client_take() can wait for. */
#define RTSP_CLIENT_BUFFER_SIZE (4 + 65535)

enum rtsp_client_state {
	RTSP_CLIENT_IDLE,
	RTSP_CLIENT_DESCRIBE, /* its answer is awaited, and so on */
	RTSP_CLIENT_DESCRIBED,
	RTSP_CLIENT_SETUP,
	RTSP_CLIENT_SET_UP,
	RTSP_CLIENT_PLAY,
	RTSP_CLIENT_PLAYING,
};

struct rtsp_client {
	enum rtsp_client_state state;
	char url[RTSP_CLIENT_URL_SIZE];
	char base[RTSP_CLIENT_URL_SIZE];  /* of the presentation */
	char track[RTSP_CLIENT_URL_SIZE]; /* what SETUP names */
	char session[RTSP_CLIENT_SESSION_SIZE];
	const char *client, *token; /* the caller's; client "": no credentials */
	uint8_t nonce[RTSP_CLIENT_NONCE_SIZE];
	uint64_t cseq; /* of the last request */
	bool awaiting; /* its answer */
	uint8_t payload_type;
};

enum rtsp_event {
	RTSP_MORE, /* not complete */
	RTSP_DESCRIBED,
	RTSP_SET_UP,
	RTSP_STARTED,
	RTSP_MEDIA,   /* an RTP packet */
	RTSP_REPORT,  /* RTCP */
	RTSP_NOTHING, /* the answer to a keepalive */
	RTSP_DENIED,  /* another status than 200 */
	RTSP_BROKEN,  /* the server broke the protocol */
};

/* Slices point into the bytes that were given. */
struct rtsp_taken {
	size_t size;         /* bytes to take off the front */
	struct slice packet; /* of MEDIA and REPORT */
	unsigned status;     /* of DENIED */
	const char *broken;  /* of BROKEN: what was wrong */
	/* Of DESCRIBED: */
	struct sdp_track track;
	struct slice certificate; /* base 64; data NULL: none */
	struct slice statement;
};

/* url: without client and token. */
void rtsp_client_init(struct rtsp_client *c, const char *url, const char *client, const char *token,
		      const uint8_t nonce[RTSP_CLIENT_NONCE_SIZE]);

/* Writes the request that comes next by the state; when playing, a keepalive. */
void rtsp_client_request(struct rtsp_client *c, struct writer *w);
void rtsp_client_teardown(struct rtsp_client *c, struct writer *w);

enum rtsp_event rtsp_client_take(struct rtsp_client *c, const void *data, size_t len,
				 struct rtsp_taken *ret);
