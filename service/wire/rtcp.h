// SPDX-License-Identifier: LGPL-2.1-or-later
/* RTCP (RFC 3550 section 6) as interleaved frames on the channel after that of the RTP. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wire/rtp.h"

#define RTCP_CNAME_MAX 64
#define RTCP_SIZE_MAX  128 /* of any frame that is written here */

/*
 * SR and SDES CNAME. realtime_ns (since 1970) and timestamp are the same instant. cname: random
 * for each session (RFC 7022 section 4.2), never a host's name; 1 to RTCP_CNAME_MAX characters.
 */
void rtcp_write_report(struct writer *w, const struct rtp_stream *s, uint64_t realtime_ns,
		       uint32_t timestamp, const char *cname);

/* An empty RR (section 6.4.2) and SDES CNAME: a viewer's sign of life. */
void rtcp_write_sign_of_life(struct writer *w, const struct rtp_stream *s, const char *cname);

/* An empty RR (a compound has to start with a report), SDES CNAME and BYE. */
void rtcp_write_bye(struct writer *w, const struct rtp_stream *s, const char *cname);

struct rtcp_summary {
	unsigned packets;
	bool report; /* SR or RR among them */
	bool bye;
	/* Of the first SR, for a viewer; valid when has_sender_report. */
	bool has_sender_report;
	uint32_t ssrc;
	uint64_t realtime_ns;
	uint32_t timestamp;
};

/* A compound packet, its unknown parts passed over. Errors: -EBADMSG (not RTCP). */
int rtcp_parse(struct rtcp_summary *r, struct slice packet);
