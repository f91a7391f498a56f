// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The RTSP 1.0 server of one connection (RFC 2326), RTP interleaved on it (section 10.12): one
 * session of one track of one camera. The lease is asked for at DESCRIBE, or at SETUP without one.
 *
 * What is not granted, suspended, another camera than the one of this connection, or not a camera
 * at all is refused with the same bytes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "session/delivery.h"
#include "session/pace.h"
#include "session/rtp-sender.h"
#include "wire/headers.h"
#include "wire/rtsp-field.h"

struct session;
struct session_ops;

enum rtsp_state {
	RTSP_STATE_INIT,
	RTSP_STATE_READY,
	RTSP_STATE_PLAYING,
};

#define RTSP_REPORT_USEC (UINT64_C(5) * 1000 * 1000) /* between sender reports */

struct rtsp_session {
	enum rtsp_state state;
	char id[RTSP_SESSION_DIGITS + 1];
	struct transport transport;
	char track[HEADERS_LINE_MAX + 1]; /* the URI of SETUP, as sent */
	struct rtp_sender sender;
	struct delivery delivery;
	struct pace pace;  /* of a lease that may switch */
	uint64_t switched; /* when it asked for that last: CLOCK_MONOTONIC, us */
	uint64_t report;   /* when the next one is due: CLOCK_MONOTONIC, us */
};

extern const struct session_ops rtsp_session_ops;

/* Requests, in rtsp-requests.c; deliveries, in rtsp-session.c. */
struct rtsp_request;

/* Answers one well-formed request. 1: done with it; 0: it waits for the broker's answer and is to
 * be handed in again; negative: the session ends by force. */
int rtsp_requests_handle(struct session *s, const struct rtsp_request *r);
/* An answer of nothing but its status. */
int rtsp_requests_refuse(struct session *s, const struct rtsp_request *r, unsigned status);
