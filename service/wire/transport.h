// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The Transport header (RFC 2326 section 12.39): a list of alternatives in the client's order of
 * preference, of which this service takes the first that is RTP/AVP/TCP, unicast, interleaved and
 * to play. It never substitutes another one.
 */
#pragma once

#include <stdint.h>

#include "wire/slice.h"
#include "wire/writer.h"

#define TRANSPORT_ALTERNATIVES_MAX 16

struct transport {
	uint8_t rtp_channel;
	uint8_t rtcp_channel; /* rtp_channel + 1 */
};

/*
 * Channels that the client does not name are 0 and 1. Errors: -EINVAL (malformed: 400),
 * -EPROTONOSUPPORT (well formed, but only UDP, multicast or recording: 461).
 */
int transport_parse(struct transport *t, struct slice value);

/* "RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=0000ABCD", without spaces: live555 splits there. */
void transport_write(struct writer *w, const struct transport *t, uint32_t ssrc);
