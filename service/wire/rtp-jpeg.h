// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * JPEG over RTP (RFC 2435): one picture becomes a run of interleaved frames in one buffer, as
 * rtp-h264.h does it. What travels is the size, the sampling, the quantisation tables (in the first
 * packet of each picture, Q = 255) and the scan; all other segments stay behind. The last packet
 * has the marker.
 */
#pragma once

#include "wire/rtp.h"

#define RTP_JPEG_PAYLOAD_MAX 1400

/* The headers of section 3.1: the main one, those for restart markers and for tables. */
#define RTP_JPEG_HEADER_SIZE         8
#define RTP_JPEG_RESTART_HEADER_SIZE 4
#define RTP_JPEG_QUANT_HEADER_SIZE   4

#define RTP_JPEG_TYPE_RESTART  64     /* added to the type of jpeg.h's sampling */
#define RTP_JPEG_Q_IN_BAND     128    /* from here on tables come with the picture */
#define RTP_JPEG_Q_EVERY       255    /* with each one */
#define RTP_JPEG_RESTART_WHOLE 0xffff /* no packet boundary is at a restart interval's */

/* Worst case for a picture of this many bytes. */
size_t rtp_jpeg_bound(size_t picture_len);

/*
 * Packs a picture to the writer's end; timestamp: 90 kHz, of the capture. Errors, with w and s as
 * they were: -EBADMSG, -EOPNOTSUPP (jpeg.h), -ENOSPC.
 */
int rtp_jpeg_pack(struct writer *w, struct rtp_stream *s, struct slice picture, uint32_t timestamp);
