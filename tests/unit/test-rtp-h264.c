// SPDX-License-Identifier: LGPL-2.1-or-later
/* Packetising and back: byte by byte where RFC 6184 fixes the bytes, by round trip for the rest. */
#include <errno.h>

#include "base/cleanup.h"
#include "wire.h"
#include "wire/demux.h"
#include "wire/h264-au.h"
#include "wire/rtp-h264-depay.h"
#include "wire/rtp-h264.h"

#define AU_MAX (64 * 1024)

static const uint8_t sps_bytes[] = {0x67, 0x42, 0xc0, 0x1e};
static const uint8_t pps_bytes[] = {0x48, 0xce};
static const struct h264_parameter_sets sets = {
	{sps_bytes, sizeof(sps_bytes)},
	{pps_bytes, sizeof(pps_bytes)},
};

static struct rtp_stream stream(void)
{
	return (struct rtp_stream){.ssrc = 7, .sequence = 0xfffe, .payload_type = 96, .channel = 4};
}

static struct slice next_au(struct slice *clip)
{
	const uint8_t *start = clip->data;
	struct h264_au state = {0};
	struct h264_iter it;
	struct slice nal;
	size_t len = clip->len;

	h264_iter_init(&it, *clip);
	while (h264_iter_next(&it, &nal)) {
		if (h264_au_starts(&state, nal)) {
			len = nal.data - start - 3;
			break;
		}
	}
	*clip = slice_of(start + len, clip->len - len);
	return slice_of(start, len);
}

static bool is_kept(struct slice nal)
{
	return h264_nal_type(nal) != H264_NAL_AUD && h264_nal_type(nal) != H264_NAL_FILLER;
}

/* Every rule that a packet has to keep; then it goes to the depacketiser. */
static int take_packet(struct rtp_h264_depay *d, const struct demux_frame *frame,
		       uint32_t timestamp, bool last)
{
	struct rtp_packet p;

	assert_int_equal(frame->channel, 4);
	assert_int_equal(rtp_parse(&p, frame->payload), 0);
	assert_true(p.payload.len <= RTP_H264_PAYLOAD_MAX);
	assert_int_equal(p.timestamp, timestamp);
	assert_int_equal(p.ssrc, 7);
	assert_int_equal(p.payload_type, 96);
	assert_int_equal(p.marker, last);
	return rtp_h264_depay_push(d, &p);
}

/* Packs, takes apart and puts together again; d->out then holds the access unit. */
static void pass(struct rtp_stream *s, struct rtp_h264_depay *d, struct slice au,
		 const struct h264_parameter_sets *front, uint32_t timestamp)
{
	static uint8_t out[2 * AU_MAX];
	size_t nals = 0, sets_len = front ? front->sps.len + front->pps.len : 0;
	uint16_t sequence = s->sequence;
	uint32_t octets = s->octets;
	struct h264_iter it;
	struct slice nal;
	struct writer w;
	unsigned packets = 0;

	h264_iter_init(&it, au);
	while (h264_iter_next(&it, &nal))
		nals++;
	writer_init(&w, out, sizeof(out));
	assert_int_equal(rtp_h264_pack(&w, s, au, front, timestamp), 0);
	assert_true(w.len <= rtp_h264_bound(au.len, nals, sets_len));
	for (size_t at = 0; at < w.len; packets++) {
		struct demux_frame frame;
		bool last;

		assert_int_equal(demux_peek(out + at, w.len - at, DEMUX_FRAME_MAX, &frame),
				 DEMUX_FRAME);
		at += frame.size;
		last = at == w.len;
		assert_int_equal(take_packet(d, &frame, timestamp, last), last);
		octets += frame.payload.len - RTP_HEADER_SIZE;
	}
	assert_int_equal((uint16_t)(s->sequence - sequence), packets);
	assert_int_equal(s->octets, octets);
}

/* The same NAL units in the same order, AUD and filler left out. */
static void assert_same(struct slice sent, struct slice received)
{
	struct h264_iter a, b;
	struct slice x, y;

	h264_iter_init(&a, sent);
	h264_iter_init(&b, received);
	while (h264_iter_next(&a, &x)) {
		if (!is_kept(x))
			continue;
		assert_true(h264_iter_next(&b, &y));
		assert_int_equal(x.len, y.len);
		assert_memory_equal(x.data, y.data, x.len);
	}
	assert_false(h264_iter_next(&b, &y));
}

static void round_trip_clip(const char *name, unsigned expected)
{
	static uint8_t out[AU_MAX];
	struct rtp_stream s = stream();
	struct rtp_h264_depay d;
	struct slice clip = wire_load(name), rest = clip;
	unsigned n = 0;

	rtp_h264_depay_init(&d, out, sizeof(out));
	while (rest.len > 0) {
		struct slice au = next_au(&rest);

		pass(&s, &d, au, &sets, n * 9000);
		assert_same(au, slice_of(d.out, d.len));
		n++;
	}
	assert_int_equal(n, expected);
	wire_free(clip);
}

/* Both bring their own parameter sets with the first IDR picture. */
static void test_real_clips(void **state)
{
	round_trip_clip("fuzz/corpus/h264/x264-3-slices", 12);
	round_trip_clip("fuzz/corpus/h264/x264-large-slices", 4);
}

static size_t put_nal(uint8_t *p, uint8_t header, size_t len)
{
	static const uint8_t start_code[] = {0, 0, 1};

	memcpy(p, start_code, sizeof(start_code));
	p[3] = header;
	for (size_t i = 1; i < len; i++)
		p[3 + i] = (uint8_t)(1 + (i * 7 + len) % 255);
	return 3 + len;
}

/* Around every size where something changes. */
static void test_sizes(void **state)
{
	static const size_t sizes[] = {1,    2,    1399, 1400, 1401, 1402, 2797,
				       2798, 2799, 2800, 4195, 4196, 30000};
	static uint8_t au[AU_MAX], out[AU_MAX];
	struct rtp_stream s = stream();
	struct rtp_h264_depay d;

	rtp_h264_depay_init(&d, out, sizeof(out));
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t len = put_nal(au, 0x09, 2);

		len += put_nal(au + len, 0x65, sizes[i]);
		len += put_nal(au + len, 0x0c, 9);
		pass(&s, &d, slice_of(au, len), NULL, i);
		assert_int_equal(d.len, 4 + sizes[i]);
		assert_same(slice_of(au, len), slice_of(d.out, d.len));
	}
}

/* Made access units of any NAL units: parameter sets alone, together, too large to be. */
static void test_random(void **state)
{
	static const uint8_t headers[] = {0x65, 0x41, 0x67, 0x68, 0x67, 0x06, 0x09, 0x0c, 0xe1};
	static uint8_t au[AU_MAX], out[AU_MAX];
	struct rtp_stream s = stream();
	struct rtp_h264_depay d;
	uint32_t seed = 1;

	rtp_h264_depay_init(&d, out, sizeof(out));
	for (unsigned round = 0; round < 2000; round++) {
		size_t len = put_nal(au, 0x06, 3);

		for (unsigned n = 0; n < round % 12; n++) {
			seed = seed * 1664525 + 1013904223;
			len += put_nal(au + len, headers[seed / 65536 % sizeof(headers)],
				       1 + seed / 256 % (seed % 3 ? 200 : 5000));
		}
		pass(&s, &d, slice_of(au, len), NULL, round);
		assert_same(slice_of(au, len), slice_of(d.out, d.len));
	}
}

#define PACK(w, s, bytes, front) rtp_h264_pack(w, s, slice_of(bytes, sizeof(bytes) - 1), front, 1)

static void test_sets_in_front(void **state)
{
	static uint8_t out[256];
	struct rtp_stream s = stream();
	struct writer w;

	/* F is 0, NRI the higher of 3 and 2. */
	static const char expected[] = "$\4\0\x17\x80\x60\xff\xfe\0\0\0\1\0\0\0\7"
				       "\x78\0\4\x67\x42\xc0\x1e\0\2\x48\xce"
				       "$\4\0\x0e\x80\xe0\xff\xff\0\0\0\1\0\0\0\7"
				       "\x65\x88";

	writer_init(&w, out, sizeof(out));
	assert_int_equal(PACK(&w, &s, "\0\0\0\1\x09\xf0\0\0\1\x65\x88", &sets), 0);
	assert_int_equal(writer_end(&w), sizeof(expected) - 1);
	assert_memory_equal(out, expected, sizeof(expected) - 1);
}

/* Payload types in the order sent, as a string. */
static const char *types(const char *bytes, size_t len, const struct h264_parameter_sets *front)
{
	static char text[64];
	uint8_t out[4096];
	struct rtp_stream s = stream();
	struct writer w;
	char *p = text;

	writer_init(&w, out, sizeof(out));
	assert_int_equal(rtp_h264_pack(&w, &s, slice_of(bytes, len), front, 1), 0);
	*p = '\0';
	for (size_t at = 0; at < w.len; at += 4 + (out[at + 2] << 8 | out[at + 3]))
		p += sprintf(p, "%u ", out[at + 16] & 0x1f);
	return text;
}

#define TYPES(bytes, front, expected) \
	assert_string_equal(types(bytes, sizeof(bytes) - 1, front), expected)

#define N(nal) "\0\0\1" nal

static void test_which_sets_are_sent(void **state)
{
	struct h264_parameter_sets none = {0}, no_pps = {.sps = sets.sps};

	TYPES(N("\x65\x88"), &sets, "24 5 ");
	TYPES(N("\x65\x88"), NULL, "5 ");
	TYPES(N("\x65\x88"), &none, "5 ");
	TYPES(N("\x65\x88"), &no_pps, "5 ");
	TYPES(N("\x41\x9a"), &sets, "1 ");
	TYPES(N("\x06\x05") N("\x65\x88"), &sets, "24 5 ");
	TYPES(N("\x67\x42") N("\x68\xce") N("\x65\x88"), &sets, "24 5 ");
	TYPES(N("\x67\x42") N("\x68\xce") N("\x68\xcf") N("\x41\x9a"), NULL, "24 1 ");
	TYPES(N("\x67\x42") N("\x06\x05") N("\x68\xce") N("\x65\x88"), &sets, "24 5 ");
	TYPES(N("\x67\x42") N("\x65\x88"), &sets, "24 5 "); /* three of them */
	TYPES(N("\x09\xf0") N("\x0c\xff"), &sets, "");
}

static void test_refused(void **state)
{
	static uint8_t many[4 * (H264_AU_NALS_MAX + 1)];
	struct rtp_stream s = stream(), before = s;
	uint8_t out[8192];
	struct writer w;

	for (size_t at = 0; at < sizeof(many); at += 4)
		put_nal(many + at, 0x41, 1);
	writer_init(&w, out, sizeof(out));
	assert_int_equal(PACK(&w, &s, "", NULL), -EBADMSG);
	assert_int_equal(PACK(&w, &s, "\x65\x88", NULL), -EBADMSG);
	assert_int_equal(PACK(&w, &s, "\0\0\0\2\x65\x88", NULL), -EBADMSG);
	assert_int_equal(PACK(&w, &s, N("\x65\x88") N("\x60\x01"), NULL), -EBADMSG);
	assert_int_equal(PACK(&w, &s, N("\x65\x88") N("\x78\x01"), NULL), -EBADMSG);
	assert_int_equal(PACK(&w, &s, N("\x65\x88") N("\x7f\x01"), NULL), -EBADMSG);
	assert_int_equal(rtp_h264_pack(&w, &s, slice_of(many, sizeof(many)), NULL, 1), -E2BIG);
	assert_int_equal(w.len, 0);
	assert_int_equal(rtp_h264_pack(&w, &s, slice_of(many, sizeof(many) - 4), NULL, 1), 0);
	s = before;
	writer_init(&w, out, 33);
	assert_int_equal(PACK(&w, &s, N("\x41\x9a") N("\x41\x9a"), NULL), -ENOSPC);
	assert_int_equal(w.len, 0);
	assert_false(w.failed);
	assert_memory_equal(&s, &before, sizeof(s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_clips),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_sets_in_front),
		cmocka_unit_test(test_which_sets_are_sent),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
