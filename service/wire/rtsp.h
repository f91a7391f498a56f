// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Requests of RTSP 1.0 (RFC 2326 section 6); see request.h for the results. Statuses of a refusal:
 * 400, 413, 414, 431, 505 (framing lost) and 400 (bad URI, CSeq missing), 501 (unknown method)
 * with size > 0. Left to the caller, as they need its state: 404, 406, 454, 455, 551 (Require).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wire/request.h"
#include "wire/rtsp-uri.h"

enum rtsp_method {
	RTSP_UNKNOWN,
	RTSP_OPTIONS,
	RTSP_DESCRIBE,
	RTSP_SETUP,
	RTSP_PLAY,
	RTSP_PAUSE,
	RTSP_TEARDOWN,
	RTSP_GET_PARAMETER,
	RTSP_SET_PARAMETER,
};

#define RTSP_CSEQ_MAX 9999999999ULL /* ten digits */

struct rtsp_request {
	enum rtsp_method method;
	struct rtsp_uri uri;
	struct slice target; /* the URI as sent, for Content-Base and RTP-Info */
	struct headers headers;
	struct slice body;
	size_t size;   /* bytes of the buffer that it fills */
	bool has_cseq; /* false: could not be read; the answer then carries none */
	uint64_t cseq;
	unsigned status; /* of a refusal */
};

enum request_result rtsp_request_parse(struct rtsp_request *r, const void *data, size_t len);

/* RTSP_UNKNOWN: none of the above. */
enum rtsp_method rtsp_method_parse(struct slice name);
