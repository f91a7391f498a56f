// SPDX-License-Identifier: LGPL-2.1-or-later
/* What RTP can carry of real JPEG pictures, what it cannot, and what is broken. */
#include <errno.h>
#include <stdbool.h>

#include "wire.h"
#include "wire/jpeg-huffman.h"
#include "wire/jpeg.h"

#define PICTURE_MAX 8192

/* A picture to change: bytes of a file with room behind. */
struct picture {
	uint8_t bytes[PICTURE_MAX];
	size_t len;
};

static void load(struct picture *p, const char *name)
{
	char path[256];
	struct slice file;

	snprintf(path, sizeof(path), "unit/data/%s", name);
	file = wire_load(path);
	assert_true(file.len <= sizeof(p->bytes));
	memcpy(p->bytes, file.data, file.len);
	p->len = file.len;
	wire_free(file);
}

static int parse(const struct picture *p, struct jpeg *ret)
{
	return jpeg_parse(ret, slice_of(p->bytes, p->len));
}

/* Where the first segment of this kind begins, at its 0xff. */
static size_t find(const struct picture *p, uint8_t marker)
{
	for (size_t at = 2; at + 4 <= p->len; at += 2 + (p->bytes[at + 2] << 8 | p->bytes[at + 3]))
		if (p->bytes[at + 1] == marker)
			return at;
	fail_msg("no segment %#x", marker);
	return 0;
}

static void cut_out(struct picture *p, size_t at, size_t n)
{
	memmove(p->bytes + at, p->bytes + at + n, p->len - at - n);
	p->len -= n;
}

static void put_in(struct picture *p, size_t at, const void *bytes, size_t n)
{
	assert_true(p->len + n <= sizeof(p->bytes));
	memmove(p->bytes + at + n, p->bytes + at, p->len - at);
	memcpy(p->bytes + at, bytes, n);
	p->len += n;
}

static void assert_obstacle(const struct picture *p, const char *what)
{
	struct jpeg j;

	assert_int_equal(parse(p, &j), -EOPNOTSUPP);
	assert_string_equal(j.obstacle, what);
}

static void what_a_picture_says_of_itself(void **state)
{
	struct picture p;
	struct jpeg j;

	load(&p, "jpeg-64x48-420.jpg");
	assert_int_equal(parse(&p, &j), 0);
	assert_int_equal(j.width, 64);
	assert_int_equal(j.height, 48);
	assert_int_equal(j.sampling, JPEG_420);
	assert_int_equal(j.restart_interval, 0);
	assert_int_equal(j.size, p.len);
	assert_ptr_equal(j.luma_quant.data, p.bytes + find(&p, JPEG_MARKER_DQT) + 5);
	assert_ptr_equal(j.chroma_quant.data, j.luma_quant.data); /* one table for all */
	assert_ptr_equal(j.scan.data, p.bytes + find(&p, JPEG_MARKER_SOS) + 14);
	assert_int_equal(j.scan.data + j.scan.len - p.bytes, p.len - 2);

	load(&p, "jpeg-64x48-422.jpg");
	assert_int_equal(parse(&p, &j), 0);
	assert_int_equal(j.sampling, JPEG_422);
	assert_int_equal(j.luma_quant.len, JPEG_QUANT_SIZE);
	assert_ptr_not_equal(j.chroma_quant.data, j.luma_quant.data);

	load(&p, "jpeg-64x48-420-restart.jpg");
	assert_int_equal(parse(&p, &j), 0);
	assert_int_equal(j.restart_interval, 4);
}

static void padding_after_the_end_is_passed_over(void **state)
{
	struct picture p;
	struct jpeg j;
	size_t len;

	load(&p, "jpeg-64x48-420.jpg");
	len = p.len;
	put_in(&p, len, "\xff\xff\0\xff\xd9", 5);
	assert_int_equal(parse(&p, &j), 0);
	assert_int_equal(j.size, len);
	/* Fill before the end is no part of the scan. */
	put_in(&p, len - 2, "\xff\xff", 2);
	assert_int_equal(parse(&p, &j), 0);
	assert_int_equal(j.size, len + 2);
	assert_int_equal(j.scan.data + j.scan.len - p.bytes, len - 2);
}

static void missing_huffman_tables_are_the_usual_ones(void **state)
{
	struct picture p;
	struct jpeg j;
	size_t at;

	load(&p, "jpeg-64x48-420.jpg");
	at = find(&p, JPEG_MARKER_DHT);
	assert_memory_equal(p.bytes + at, jpeg_huffman_segment, JPEG_HUFFMAN_SEGMENT_SIZE);
	cut_out(&p, at, JPEG_HUFFMAN_SEGMENT_SIZE);
	assert_int_equal(parse(&p, &j), 0);
	/* At other destinations than theirs nobody can know what is meant. */
	p.bytes[find(&p, JPEG_MARKER_SOS) + 6] = 0x11;
	assert_obstacle(&p, "Huffman tables of its own");
}

static void huffman_tables_go_by_their_content(void **state)
{
	struct picture p;
	struct jpeg j;
	size_t dht, sos;

	/* Luma's at destination 1, the chromas' at 0. */
	load(&p, "jpeg-64x48-420.jpg");
	dht = find(&p, JPEG_MARKER_DHT);
	sos = find(&p, JPEG_MARKER_SOS);
	for (size_t i = 0; i < 4; i++)
		p.bytes[dht + (const size_t[]){4, 33, 62, 241}[i]] ^= 1;
	assert_obstacle(&p, "Huffman tables of its own");
	p.bytes[sos + 6] ^= 0x11;
	p.bytes[sos + 8] ^= 0x11;
	p.bytes[sos + 10] ^= 0x11;
	assert_int_equal(parse(&p, &j), 0);
	/* One value of one table. */
	p.bytes[dht + 300] ^= 1;
	assert_obstacle(&p, "Huffman tables of its own");
}

static void what_rtp_cannot_carry_is_named(void **state)
{
	struct picture p;
	size_t sof, sos;

	load(&p, "jpeg-64x48-444.jpg");
	assert_obstacle(&p, "neither 4:2:0 nor plain 4:2:2");
	load(&p, "jpeg-64x48-422-as-2x2.jpg");
	assert_obstacle(&p, "neither 4:2:0 nor plain 4:2:2");
	load(&p, "jpeg-48x30-420.jpg");
	assert_obstacle(&p, "no multiple of 8 pixels wide and high");

	load(&p, "jpeg-64x48-422.jpg");
	sof = find(&p, JPEG_MARKER_SOF0);
	sos = find(&p, JPEG_MARKER_SOS);
	p.bytes[sof + 7] = 0x08; /* a width of 2048 */
	p.bytes[sof + 8] = 0;
	assert_obstacle(&p, "more than 2040 pixels wide or high");
	p.bytes[sof + 7] = 0x07;
	p.bytes[sof + 8] = 0xf8;
	p.bytes[sof + 1] = 0xc2;
	assert_obstacle(&p, "not baseline");
	p.bytes[sof + 1] = 0xc1;
	assert_obstacle(&p, "not baseline");
	p.bytes[sof + 1] = JPEG_MARKER_SOF0;
	p.bytes[sof + 18] = 0; /* Cr with luma's table */
	assert_obstacle(&p, "Cb and Cr quantised differently");
	p.bytes[sof + 18] = 1;
	p.bytes[find(&p, JPEG_MARKER_DQT) + 4] |= 0x10;
	assert_obstacle(&p, "quantisation of 16 bits");
	p.bytes[find(&p, JPEG_MARKER_DQT) + 4] &= 0x0f;
	p.bytes[sos + 3] = 8;
	p.bytes[sos + 4] = 1;
	assert_obstacle(&p, "several scans");

	load(&p, "jpeg-64x48-420.jpg");
	sof = find(&p, JPEG_MARKER_SOF0);
	cut_out(&p, sof + 13, 6);
	p.bytes[sof + 3] = 11;
	p.bytes[sof + 9] = 1;
	assert_obstacle(&p, "not of three components");
}

static void a_scan_of_16_mib_is_too_long(void **state)
{
	struct slice file = wire_load("unit/data/jpeg-64x48-420.jpg");
	size_t headers, len = file.len + JPEG_SCAN_MAX;
	uint8_t *data = calloc(1, len);
	struct jpeg j;

	assert_non_null(data);
	assert_int_equal(jpeg_parse(&j, file), 0);
	headers = (size_t)(j.scan.data - file.data);
	memcpy(data, file.data, headers);
	memcpy(data + headers + JPEG_SCAN_MAX, "\xff\xd9", 2);
	assert_int_equal(jpeg_parse(&j, slice_of(data, len)), 0);
	memcpy(data + headers + JPEG_SCAN_MAX, "\0\xff\xd9", 3);
	assert_int_equal(jpeg_parse(&j, slice_of(data, len)), -EOPNOTSUPP);
	assert_string_equal(j.obstacle, "16 MiB or more");
	free(data);
	wire_free(file);
}

static void cut_off_anywhere_it_is_broken(void **state)
{
	static const char *const names[] = {"jpeg-64x48-420.jpg", "jpeg-64x48-422.jpg",
					    "jpeg-64x48-420-restart.jpg"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct picture p;
		struct jpeg j;

		load(&p, names[i]);
		while (p.len-- > 0)
			assert_row(names[i], parse(&p, &j) == -EBADMSG);
	}
}

/* One byte of the picture, counted from a segment's 0xff, and what it is changed to. */
static const struct {
	const char *what;
	uint8_t marker;
	size_t at;
	uint8_t value;
} broken[] = {
	{"12 bits", JPEG_MARKER_SOF0, 4, 12},
	{"no height", JPEG_MARKER_SOF0, 6, 0},
	{"four components in the space of three", JPEG_MARKER_SOF0, 9, 4},
	{"a quantisation table that cannot be", JPEG_MARKER_SOF0, 12, 4},
	{"a quantisation table that is not there", JPEG_MARKER_SOF0, 12, 2},
	{"a precision that cannot be", JPEG_MARKER_DQT, 4, 0x20},
	{"a Huffman class that cannot be", JPEG_MARKER_DHT, 4, 0x20},
	{"more Huffman codes than there is room for", JPEG_MARKER_DHT, 5, 0xff},
	{"another component", JPEG_MARKER_SOS, 5, 9},
	{"a Huffman destination that cannot be", JPEG_MARKER_SOS, 6, 0x40},
	{"a part of the spectrum", JPEG_MARKER_SOS, 12, 5},
	{"no marker", JPEG_MARKER_SOS, 0, 0},
	{"an end before the scan", JPEG_MARKER_SOS, 1, JPEG_MARKER_EOI},
	{"a second frame header", JPEG_MARKER_SOS, 1, 0xc0},
	{"a length beyond the end", JPEG_MARKER_SOS, 2, 0xff},
	{"a length below 2", JPEG_MARKER_DQT, 3, 1},
	{"another marker in the scan", JPEG_MARKER_SOS, 14, 0xff}, /* before no 0 */
};

static void broken_pictures_are_refused(void **state)
{
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct picture p;
		struct jpeg j;
		int r;

		load(&p, "jpeg-64x48-420.jpg");
		p.bytes[find(&p, broken[i].marker) + broken[i].at] = broken[i].value;
		r = parse(&p, &j);
		if (r != -EBADMSG)
			fail_msg("%s: %d %s", broken[i].what, r, r < 0 ? j.obstacle : "");
	}
}

static void restart_markers_need_an_interval(void **state)
{
	struct picture p;
	struct jpeg j;

	load(&p, "jpeg-64x48-420-restart.jpg");
	cut_out(&p, find(&p, JPEG_MARKER_DRI), 6);
	assert_int_equal(parse(&p, &j), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_picture_says_of_itself),
		cmocka_unit_test(padding_after_the_end_is_passed_over),
		cmocka_unit_test(missing_huffman_tables_are_the_usual_ones),
		cmocka_unit_test(huffman_tables_go_by_their_content),
		cmocka_unit_test(what_rtp_cannot_carry_is_named),
		cmocka_unit_test(a_scan_of_16_mib_is_too_long),
		cmocka_unit_test(cut_off_anywhere_it_is_broken),
		cmocka_unit_test(broken_pictures_are_refused),
		cmocka_unit_test(restart_markers_need_an_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
