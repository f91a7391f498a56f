// SPDX-License-Identifier: LGPL-2.1-or-later
/* Packetising (RFC 2435) and back, and pictures as ffmpeg and GStreamer packetise them. */
#include <errno.h>
#include <stdbool.h>

#include "wire.h"
#include "wire/demux.h"
#include "wire/jpeg.h"
#include "wire/rtp-jpeg-depay.h"
#include "wire/rtp-jpeg.h"

#define OUT_MAX 16384
#define HEADERS (RTP_JPEG_HEADER_SIZE + RTP_JPEG_QUANT_HEADER_SIZE + 2 * JPEG_QUANT_SIZE)

static uint8_t packed[OUT_MAX], out[OUT_MAX];

static struct rtp_stream stream(void)
{
	return (struct rtp_stream){.ssrc = 7, .sequence = 0xffff, .payload_type = 26, .channel = 4};
}

/* The packets of a buffer, one after the other, into d; what the last push returned. */
static int push_all(struct rtp_jpeg_depay *d, struct slice frames, unsigned *ret_packets)
{
	int r = 0;

	*ret_packets = 0;
	while (frames.len > 0) {
		struct demux_frame frame;
		struct rtp_packet p;

		assert_int_equal(r, 0);
		assert_int_equal(demux_peek(frames.data, frames.len, DEMUX_FRAME_MAX, &frame),
				 DEMUX_FRAME);
		assert_int_equal(rtp_parse(&p, frame.payload), 0);
		assert_true(p.payload.len <= RTP_JPEG_PAYLOAD_MAX);
		assert_int_equal(p.payload_type, RTP_PAYLOAD_JPEG);
		frames = slice_of(frames.data + frame.size, frames.len - frame.size);
		r = rtp_jpeg_depay_push(d, &p);
		if (r < 0)
			return r;
		assert_int_equal(p.marker, frames.len == 0);
		++*ret_packets;
	}
	return r;
}

/* All that makes the picture. */
static void assert_same(struct slice a, struct slice b)
{
	struct jpeg x, y;

	assert_int_equal(jpeg_parse(&x, a), 0);
	assert_int_equal(jpeg_parse(&y, b), 0);
	assert_int_equal(x.width, y.width);
	assert_int_equal(x.height, y.height);
	assert_int_equal(x.sampling, y.sampling);
	assert_int_equal(x.restart_interval, y.restart_interval);
	assert_memory_equal(x.luma_quant.data, y.luma_quant.data, JPEG_QUANT_SIZE);
	assert_memory_equal(x.chroma_quant.data, y.chroma_quant.data, JPEG_QUANT_SIZE);
	assert_int_equal(x.scan.len, y.scan.len);
	assert_memory_equal(x.scan.data, y.scan.data, x.scan.len);
	assert_int_equal(y.size, b.len);
}

static void every_picture_comes_back(void **state)
{
	static const struct {
		const char *name;
		unsigned packets;
	} rows[] = {
		{"unit/data/jpeg-64x48-420.jpg", 1},
		{"unit/data/jpeg-64x48-422.jpg", 1},
		{"unit/data/jpeg-64x48-420-restart.jpg", 2},
		{"unit/data/jpeg-160x96-420.jpg", 4},
	};
	struct rtp_stream s = stream();
	struct rtp_jpeg_depay d;

	rtp_jpeg_depay_init(&d, out, sizeof(out));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice picture = wire_load(rows[i].name);
		unsigned packets;
		struct writer w;

		writer_init(&w, packed, rtp_jpeg_bound(picture.len));
		assert_int_equal(rtp_jpeg_pack(&w, &s, picture, 90000 + (uint32_t)i), 0);
		assert_int_equal(push_all(&d, slice_of(packed, w.len), &packets), 1);
		assert_int_equal(d.order.timestamp, 90000 + i);
		assert_int_equal(packets, rows[i].packets);
		assert_same(picture, slice_of(out, d.len));
		wire_free(picture);
	}
	assert_int_equal(s.packets, 8);
}

/* Section 3.1, byte by byte. */
static void headers_are_as_the_rfc_has_them(void **state)
{
	struct slice picture = wire_load("unit/data/jpeg-64x48-420-restart.jpg");
	struct rtp_stream s = stream();
	const uint8_t *payload = packed + DEMUX_FRAME_HEADER + RTP_HEADER_SIZE;
	struct writer w;
	struct jpeg j;

	assert_int_equal(jpeg_parse(&j, picture), 0);
	writer_init(&w, packed, sizeof(packed));
	assert_int_equal(rtp_jpeg_pack(&w, &s, picture, 1), 0);
	assert_memory_equal(payload,
			    "\0\0\0\0\x41\xff\x08\x06" /* 4:2:0 with restarts, 8x6 blocks */
			    "\0\4\xff\xff"             /* interval, F, L, 0x3fff */
			    "\0\0\0\x80",
			    16);
	assert_memory_equal(payload + 16, j.luma_quant.data, JPEG_QUANT_SIZE);
	assert_memory_equal(payload + 80, j.chroma_quant.data, JPEG_QUANT_SIZE);
	assert_memory_equal(payload + 144, j.scan.data, 16);
	wire_free(picture);

	picture = wire_load("unit/data/jpeg-160x96-420.jpg");
	assert_int_equal(jpeg_parse(&j, picture), 0);
	writer_init(&w, packed, sizeof(packed));
	assert_int_equal(rtp_jpeg_pack(&w, &s, picture, 1), 0);
	/* The second packet begins where the first ends, and brings no tables. */
	payload += RTP_JPEG_PAYLOAD_MAX + DEMUX_FRAME_HEADER + RTP_HEADER_SIZE;
	assert_memory_equal(payload, "\0\0\x04\xec\x01\xff\x14\x0c", 8);
	assert_int_equal(RTP_JPEG_PAYLOAD_MAX - HEADERS, 0x4ec);
	assert_memory_equal(payload + 8, j.scan.data + 0x4ec, 16);
	wire_free(picture);
}

static void what_cannot_travel_changes_nothing(void **state)
{
	struct slice picture = wire_load("unit/data/jpeg-160x96-420.jpg");
	struct slice other = wire_load("unit/data/jpeg-64x48-444.jpg");
	struct rtp_stream s = stream();
	struct writer w;
	size_t len;

	writer_init(&w, packed, sizeof(packed));
	assert_int_equal(rtp_jpeg_pack(&w, &s, other, 1), -EOPNOTSUPP);
	assert_int_equal(rtp_jpeg_pack(&w, &s, slice_of(picture.data, picture.len - 1), 1),
			 -EBADMSG);
	assert_int_equal(w.len, 0);
	assert_int_equal(s.sequence, 0xffff);
	assert_int_equal(rtp_jpeg_pack(&w, &s, picture, 1), 0);
	len = w.len;
	assert_true(len <= rtp_jpeg_bound(picture.len));
	for (size_t room = 0; room < len; room += 7) {
		struct rtp_stream before = stream();

		writer_init(&w, packed, room);
		s = before;
		assert_int_equal(rtp_jpeg_pack(&w, &s, picture, 1), -ENOSPC);
		assert_int_equal(w.len, 0);
		assert_memory_equal(&s, &before, sizeof(s));
	}
	wire_free(picture);
	wire_free(other);
}

/* As they went over the wire: `ffmpeg -c copy -f rtp`, `jpegparse ! rtpjpegpay`. */
static void other_senders_are_understood(void **state)
{
	static const struct {
		const char *packets, *picture;
	} rows[] = {
		{"fuzz/corpus/rtp-jpeg-depay/ffmpeg-5.1", "unit/data/jpeg-160x96-420.jpg"},
		{"fuzz/corpus/rtp-jpeg-depay/gstreamer-1.22",
		 "unit/data/jpeg-64x48-420-restart.jpg"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice frames = wire_load(rows[i].packets);
		struct slice picture = wire_load(rows[i].picture);
		struct rtp_jpeg_depay d;
		unsigned packets;

		rtp_jpeg_depay_init(&d, out, sizeof(out));
		assert_int_equal(push_all(&d, frames, &packets), 1);
		assert_same(picture, slice_of(out, d.len));
		wire_free(frames);
		wire_free(picture);
	}
}

/* --- what the depacketiser refuses, and how it goes on --- */

static struct rtp_jpeg_depay depay;
static uint16_t sequence;

static int setup(void **state)
{
	rtp_jpeg_depay_init(&depay, out, RTP_JPEG_DEPAY_HEADERS_MAX + 8);
	sequence = 0xffff;
	return 0;
}

static int push(const uint8_t *payload, size_t len, bool marker)
{
	struct rtp_packet p = {
		.marker = marker,
		.sequence = sequence++,
		.timestamp = 1,
		.ssrc = 7,
		.payload = slice_of(payload, len),
	};

	return rtp_jpeg_depay_push(&depay, &p);
}

/* A packet of n scan bytes at this offset. */
static size_t make(uint8_t *payload, uint8_t offset, size_t n)
{
	static const uint8_t main_header[] = {0, 0, 0, 0, 1, 255, 8, 6};
	static const uint8_t tables_header[] = {0, 0, 0, 128};
	size_t len = sizeof(main_header);

	memset(payload, 1, HEADERS + n);
	memcpy(payload, main_header, len);
	payload[3] = offset;
	if (offset == 0) {
		memcpy(payload + len, tables_header, sizeof(tables_header));
		len = HEADERS;
	}
	return len + n;
}

static void a_picture_in_two_packets(void **state)
{
	uint8_t payload[HEADERS + 8];

	assert_int_equal(push(payload, make(payload, 0, 3), false), 0);
	assert_int_equal(push(payload, make(payload, 3, 3), true), 1);
	assert_memory_equal(out + depay.len - 8, "\1\1\1\1\1\1\xff\xd9", 8);
	/* An end that came with the scan is not doubled. */
	make(payload, 0, 3);
	payload[HEADERS + 1] = 0xff;
	payload[HEADERS + 2] = 0xd9;
	assert_int_equal(push(payload, HEADERS + 3, true), 1);
	assert_memory_equal(out + depay.len - 3, "\1\xff\xd9", 3);
}

static void malformed_packets_are_refused(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t value;
		int r;
	} rows[] = {
		{"one field of two", 0, 1, -EOPNOTSUPP},
		{"a scan that does not begin", 3, 9, -EBADMSG},
		{"type 2", 4, 2, -EOPNOTSUPP},
		{"no restart interval", 4, 65, -EBADMSG},
		{"named tables", 5, 50, -EOPNOTSUPP},
		{"no width", 6, 0, -EBADMSG},
		{"no height", 7, 0, -EBADMSG},
		{"tables of 16 bits", 9, 1, -EOPNOTSUPP},
		{"no tables", 11, 0, -EOPNOTSUPP},
		{"more tables than bytes", 10, 1, -EOPNOTSUPP},
	};
	uint8_t payload[HEADERS + 8];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = make(payload, 0, 3);

		payload[rows[i].at] = rows[i].value;
		assert_row(rows[i].what, push(payload, len, true) == rows[i].r);
	}
	for (size_t len = 0; len <= HEADERS; len++) {
		make(payload, 0, 3);
		assert_int_equal(push(payload, len, true), -EBADMSG);
	}
	assert_int_equal(push(payload, make(payload, 0, 3), true), 1);
}

static void packets_that_do_not_fit_together_are_refused(void **state)
{
	uint8_t payload[HEADERS + 8];

	for (size_t at = 4; at < 8; at++) { /* type, Q, width, height */
		size_t len;

		assert_int_equal(push(payload, make(payload, 0, 3), false), 0);
		len = make(payload, 3, 3);
		payload[at] -= 1;
		assert_int_equal(push(payload, len, true), -EBADMSG);
	}
	assert_int_equal(push(payload, make(payload, 0, 3), false), 0);
	assert_int_equal(push(payload, make(payload, 4, 3), false), -EBADMSG); /* a hole */
	assert_int_equal(push(payload, make(payload, 7, 1), true), 0);         /* the rest */
	assert_int_equal(push(payload, make(payload, 0, 3), false), 0);
	sequence++;
	assert_int_equal(push(payload, make(payload, 3, 3), true), -EILSEQ);
	assert_int_equal(push(payload, make(payload, 0, 3), true), 1);
}

static void a_picture_larger_than_the_buffer_is_refused(void **state)
{
	uint8_t payload[HEADERS + 64];
	size_t room;

	assert_int_equal(push(payload, make(payload, 0, 1), true), 1);
	room = depay.size - depay.len;
	assert_true(room + 2 <= 64);
	assert_int_equal(push(payload, make(payload, 0, 1 + room), true), 1);
	assert_int_equal(push(payload, make(payload, 0, 2 + room), true), -ENOSPC);
	rtp_jpeg_depay_init(&depay, out, 100);
	assert_int_equal(push(payload, make(payload, 0, 1), true), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_picture_comes_back),
		cmocka_unit_test(headers_are_as_the_rfc_has_them),
		cmocka_unit_test(what_cannot_travel_changes_nothing),
		cmocka_unit_test(other_senders_are_understood),
		cmocka_unit_test_setup(a_picture_in_two_packets, setup),
		cmocka_unit_test_setup(malformed_packets_are_refused, setup),
		cmocka_unit_test_setup(packets_that_do_not_fit_together_are_refused, setup),
		cmocka_unit_test_setup(a_picture_larger_than_the_buffer_is_refused, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
