// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the depacketiser refuses, and how it goes on. The way back is tried in test-rtp-h264.c. */
#include <errno.h>

#include "wire.h"
#include "wire/rtp-h264-depay.h"

static uint8_t out[64];
static struct rtp_h264_depay d;
static uint16_t sequence;

static int setup(void **state)
{
	rtp_h264_depay_init(&d, out, sizeof(out));
	sequence = 0xffff;
	return 0;
}

static int push(const char *payload, size_t len, bool marker, uint32_t timestamp)
{
	struct rtp_packet p = {
		.marker = marker,
		.sequence = sequence++,
		.timestamp = timestamp,
		.ssrc = 7,
		.payload = slice_of(payload, len),
	};

	return rtp_h264_depay_push(&d, &p);
}

#define PUSH(payload)      push(payload, sizeof(payload) - 1, false, 1)
#define PUSH_LAST(payload) push(payload, sizeof(payload) - 1, true, 1)

#define ASSERT_OUT(bytes)                                             \
	do {                                                          \
		assert_int_equal(d.len, sizeof(bytes) - 1);           \
		assert_memory_equal(d.out, bytes, sizeof(bytes) - 1); \
	} while (0)

static void test_access_unit(void **state)
{
	assert_int_equal(PUSH("\x78\0\2\x67\x42\0\1\x68"), 0);
	assert_int_equal(PUSH("\x7c\x85"
			      "a"),
			 0);
	assert_int_equal(PUSH("\x7c\x05"
			      "b"),
			 0);
	assert_int_equal(PUSH("\x7c\x25"
			      "c"),
			 0); /* R is to be ignored, but then it is E or S */
	assert_int_equal(PUSH_LAST("\x7c\x45"
				   "d"),
			 1);
	ASSERT_OUT("\0\0\0\1\x67\x42\0\0\0\1\x68\0\0\0\1\x65"
		   "abcd");
	assert_int_equal(push("\x41\x9a", 2, true, 2), 1);
	ASSERT_OUT("\0\0\0\1\x41\x9a");
	assert_int_equal(d.order.timestamp, 2);
}

/* Each as the first packet of an access unit. */
static void test_malformed(void **state)
{
	assert_int_equal(PUSH_LAST(""), -EBADMSG);
	assert_int_equal(PUSH_LAST("\x60"
				   "a"),
			 -EBADMSG); /* type 0 */
	assert_int_equal(PUSH_LAST("\x79"
				   "a"),
			 -EBADMSG); /* STAP-B */
	assert_int_equal(PUSH_LAST("\x7d\x85"
				   "abc"),
			 -EBADMSG);                              /* FU-B */
	assert_int_equal(PUSH_LAST("\x78"), -EBADMSG);           /* STAP-A of nothing */
	assert_int_equal(PUSH_LAST("\x78\0\0"), -EBADMSG);       /* an empty one in it */
	assert_int_equal(PUSH_LAST("\x78\0\2\x67"), -EBADMSG);   /* cut */
	assert_int_equal(PUSH_LAST("\x78\0\1\x67\0"), -EBADMSG); /* half a size */
	assert_int_equal(PUSH_LAST("\x78\0\1\x78"), -EBADMSG);   /* STAP-A in STAP-A */
	assert_int_equal(PUSH_LAST("\x7c"), -EBADMSG);           /* no FU header */
	assert_int_equal(PUSH_LAST("\x7c\x85"), -EBADMSG);       /* no data */
	assert_int_equal(PUSH_LAST("\x7c\xc5"
				   "a"),
			 -EBADMSG); /* start and end */
	assert_int_equal(PUSH_LAST("\x7c\x05"
				   "a"),
			 -EBADMSG); /* not started */
	assert_int_equal(PUSH_LAST("\x7c\x80"
				   "a"),
			 -EBADMSG); /* fragment of type 0 */
	assert_int_equal(PUSH_LAST("\x7c\x9c"
				   "a"),
			 -EBADMSG); /* fragment of an FU-A */
	assert_int_equal(PUSH_LAST("\x7c\x85"
				   "a"),
			 -EBADMSG);             /* ends inside a fragment */
	assert_int_equal(PUSH_LAST("\x41"), 1); /* and then all is well */
	ASSERT_OUT("\0\0\0\1\x41");
}

static void test_broken_fragments(void **state)
{
	assert_int_equal(PUSH("\x7c\x85"
			      "a"),
			 0);
	assert_int_equal(PUSH_LAST("\x7c\x85"
				   "a"),
			 -EBADMSG); /* starts again */
	assert_int_equal(PUSH("\x7c\x85"
			      "a"),
			 0);
	assert_int_equal(PUSH_LAST("\x7c\x41"
				   "a"),
			 -EBADMSG); /* of another type */
	assert_int_equal(PUSH("\x7c\x85"
			      "a"),
			 0);
	assert_int_equal(PUSH_LAST("\x5c\x45"
				   "a"),
			 -EBADMSG); /* of another importance */
	assert_int_equal(PUSH("\x7c\x85"
			      "a"),
			 0);
	assert_int_equal(PUSH_LAST("\x41"), -EBADMSG); /* another in between */
	assert_int_equal(PUSH_LAST("\x41"), 1);
	ASSERT_OUT("\0\0\0\1\x41");
}

/* After an error nothing of that access unit comes out, whole or in part. */
static void test_rest_is_skipped(void **state)
{
	assert_int_equal(PUSH("\x67\x42"), 0);
	assert_int_equal(PUSH("\x60"), -EBADMSG);
	assert_int_equal(PUSH("\x65\x88"), 0);
	assert_int_equal(PUSH_LAST("\x65\x40"), 0);
	assert_int_equal(push("\x41\x9a", 2, true, 2), 1);
	ASSERT_OUT("\0\0\0\1\x41\x9a");
}

static void test_gap(void **state)
{
	assert_int_equal(PUSH("\x65\x88"), 0);
	sequence++;
	assert_int_equal(PUSH("\x65\x88"), -EILSEQ);
	assert_int_equal(PUSH_LAST("\x65\x88"), 0);
	sequence -= 2; /* sent again */
	assert_int_equal(PUSH_LAST("\x65\x88"), -EILSEQ);
	assert_int_equal(PUSH_LAST("\x65\x88"), 1);
	ASSERT_OUT("\0\0\0\1\x65\x88");
}

static void test_other_stream(void **state)
{
	struct rtp_packet p = {.sequence = 1, .ssrc = 8, .payload = slice_of("\x65\x88", 2)};

	assert_int_equal(PUSH("\x65\x88"), 0);
	p.sequence = sequence;
	assert_int_equal(rtp_h264_depay_push(&d, &p), -EBADMSG);
}

static void test_timestamp_without_marker(void **state)
{
	assert_int_equal(push("\x65\x88", 2, false, 1), 0);
	assert_int_equal(push("\x41\x9a", 2, false, 2), -EBADMSG);
}

static void test_no_room(void **state)
{
	char nal[sizeof(out) - 3];

	memset(nal, 0x41, sizeof(nal));
	assert_int_equal(push(nal, sizeof(nal) - 1, true, 1), 1);
	assert_int_equal(d.len, sizeof(out));
	assert_int_equal(push(nal, sizeof(nal), true, 2), -ENOSPC);
	assert_int_equal(push(nal, sizeof(nal) - 1, false, 3), 0);
	assert_int_equal(push("\x41", 1, true, 3), -ENOSPC);
	assert_int_equal(push("\x41", 1, true, 4), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_access_unit, setup),
		cmocka_unit_test_setup(test_malformed, setup),
		cmocka_unit_test_setup(test_broken_fragments, setup),
		cmocka_unit_test_setup(test_rest_is_skipped, setup),
		cmocka_unit_test_setup(test_gap, setup),
		cmocka_unit_test_setup(test_other_stream, setup),
		cmocka_unit_test_setup(test_timestamp_without_marker, setup),
		cmocka_unit_test_setup(test_no_room, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
