// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/jpeg.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "wire/jpeg-huffman.h"

#define MARKER_TEM  0x01
#define MARKER_SOFX 0xcf /* the last frame header of the other kinds */
#define MARKER_JPG  0xc8
#define MARKER_DAC  0xcc
#define MARKER_RST0 0xd0
#define MARKER_RST7 0xd7
#define MARKER_DNL  0xdc

#define COMPONENTS        3
#define TABLES            4 /* destinations of each kind of table */
#define HUFFMAN_BITS      16
#define SPECTRAL_END      63
#define SOF_SIZE          (6 + 3 * COMPONENTS)
#define SOS_SIZE          (4 + 2 * COMPONENTS)
#define SAMPLING_ONE      0x11 /* horizontal and vertical factor */
#define SAMPLING_LUMA_422 0x21
#define SAMPLING_LUMA_420 0x22

/* What the segments before the scan say. */
struct headers {
	struct jpeg *jpeg;
	bool framed;
	struct slice quant[TABLES];
	struct slice huffman[2][TABLES]; /* DC, AC */
	struct {
		uint8_t id, quant;
	} component[COMPONENTS];
};

static int obstacle(struct headers *h, const char *what)
{
	h->jpeg->obstacle = what;
	return -EOPNOTSUPP;
}

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static struct slice cut(struct slice *rest, size_t n)
{
	struct slice part = slice_of(rest->data, n);

	*rest = slice_of(rest->data + n, rest->len - n);
	return part;
}

/* B.2.4.1. Baseline has values of 8 bits only. */
static int read_quant(struct headers *h, struct slice s)
{
	while (s.len > 0) {
		uint8_t head = cut(&s, 1).data[0];

		if (head >> 4 > 1 || (head & 0xf) >= TABLES)
			return -EBADMSG;
		if (head >> 4)
			return obstacle(h, "quantisation of 16 bits");
		if (s.len < JPEG_QUANT_SIZE)
			return -EBADMSG;
		h->quant[head & 0xf] = cut(&s, JPEG_QUANT_SIZE);
	}
	return 0;
}

/* B.2.4.2. */
static int read_huffman(struct headers *h, struct slice s)
{
	while (s.len > 0) {
		uint8_t head = cut(&s, 1).data[0];
		size_t values = 0;

		if (head >> 4 > 1 || (head & 0xf) >= TABLES || s.len < HUFFMAN_BITS)
			return -EBADMSG;
		for (size_t i = 0; i < HUFFMAN_BITS; i++)
			values += s.data[i];
		if (s.len < HUFFMAN_BITS + values)
			return -EBADMSG;
		h->huffman[head >> 4][head & 0xf] = cut(&s, HUFFMAN_BITS + values);
	}
	return 0;
}

static int read_restart_interval(struct headers *h, struct slice s)
{
	if (s.len != 2)
		return -EBADMSG;
	h->jpeg->restart_interval = (uint16_t)be16(s.data);
	return 0;
}

/* luma, cb, cr: factors. Twice as many of each, as some encoders have it, is another order of the
 * blocks. */
static int judge_sampling(struct headers *h, uint8_t luma, uint8_t cb, uint8_t cr)
{
	if (cb == SAMPLING_ONE && cr == SAMPLING_ONE && luma == SAMPLING_LUMA_420)
		h->jpeg->sampling = JPEG_420;
	else if (cb == SAMPLING_ONE && cr == SAMPLING_ONE && luma == SAMPLING_LUMA_422)
		h->jpeg->sampling = JPEG_422;
	else
		return obstacle(h, "neither 4:2:0 nor plain 4:2:2");
	return 0;
}

static int judge_size(struct headers *h, uint32_t width, uint32_t height)
{
	if (!width || !height)
		return -EBADMSG;
	if (width > JPEG_DIMENSION_MAX || height > JPEG_DIMENSION_MAX)
		return obstacle(h, "more than 2040 pixels wide or high");
	if (width % JPEG_BLOCK || height % JPEG_BLOCK)
		return obstacle(h, "no multiple of 8 pixels wide and high");
	h->jpeg->width = width;
	h->jpeg->height = height;
	return 0;
}

/* B.2.2. */
static int read_frame_header(struct headers *h, uint8_t marker, struct slice s)
{
	const uint8_t *c = s.data + 6;
	int r;

	if (h->framed || s.len < 6)
		return -EBADMSG;
	h->framed = true;
	if (marker != JPEG_MARKER_SOF0)
		return obstacle(h, "not baseline");
	if (s.data[0] != 8 || s.len != 6 + 3 * (size_t)s.data[5])
		return -EBADMSG;
	if (s.data[5] != COMPONENTS)
		return obstacle(h, "not of three components");
	for (size_t i = 0; i < COMPONENTS; i++) {
		h->component[i].id = c[3 * i];
		h->component[i].quant = c[3 * i + 2];
		if (h->component[i].quant >= TABLES)
			return -EBADMSG;
	}
	r = judge_size(h, be16(s.data + 3), be16(s.data + 1));
	return r < 0 ? r : judge_sampling(h, c[1], c[4], c[7]);
}

static int take_quant(struct headers *h)
{
	struct slice y = h->quant[h->component[0].quant];
	struct slice cb = h->quant[h->component[1].quant];
	struct slice cr = h->quant[h->component[2].quant];

	if (!y.data || !cb.data || !cr.data)
		return -EBADMSG;
	if (memcmp(cb.data, cr.data, JPEG_QUANT_SIZE) != 0)
		return obstacle(h, "Cb and Cr quantised differently");
	h->jpeg->luma_quant = y;
	h->jpeg->chroma_quant = cb;
	return 0;
}

/* Whether the table of this class and destination is annex K's for luma or chroma. */
static bool is_usual(const struct headers *h, bool ac, uint8_t destination, bool chroma)
{
	struct slice have = h->huffman[ac][destination];
	struct slice want = jpeg_huffman_table(ac, chroma);

	if (!have.data)
		return destination == chroma;
	return have.len == want.len && !memcmp(have.data, want.data, want.len);
}

/* B.2.3. */
static int read_scan_header(struct headers *h, struct slice s)
{
	if (!h->framed || s.len < 1 || s.len != 4 + 2 * (size_t)s.data[0])
		return -EBADMSG;
	if (s.data[0] != COMPONENTS)
		return obstacle(h, "several scans");
	for (size_t i = 0; i < COMPONENTS; i++) {
		uint8_t tables = s.data[2 + 2 * i];

		if (s.data[1 + 2 * i] != h->component[i].id || tables >> 4 >= TABLES ||
		    (tables & 0xf) >= TABLES)
			return -EBADMSG;
		if (!is_usual(h, false, tables >> 4, i > 0) ||
		    !is_usual(h, true, tables & 0xf, i > 0))
			return obstacle(h, "Huffman tables of its own");
	}
	if (s.data[SOS_SIZE - 3] != 0 || s.data[SOS_SIZE - 2] != SPECTRAL_END ||
	    s.data[SOS_SIZE - 1] != 0)
		return -EBADMSG;
	return take_quant(h);
}

static bool is_frame_header(uint8_t marker)
{
	return marker >= JPEG_MARKER_SOF0 && marker <= MARKER_SOFX && marker != JPEG_MARKER_DHT &&
	       marker != MARKER_JPG && marker != MARKER_DAC;
}

/* Markers without a segment, and those that have no place before a scan. */
static bool is_misplaced(uint8_t marker)
{
	return marker <= MARKER_TEM || (marker >= MARKER_RST0 && marker <= JPEG_MARKER_EOI) ||
	       marker == MARKER_DNL;
}

static int read_segment(struct headers *h, uint8_t marker, struct slice s)
{
	if (is_frame_header(marker))
		return read_frame_header(h, marker, s);
	switch (marker) {
	case JPEG_MARKER_DQT:
		return read_quant(h, s);
	case JPEG_MARKER_DHT:
		return read_huffman(h, s);
	case JPEG_MARKER_DRI:
		return read_restart_interval(h, s);
	case JPEG_MARKER_SOS:
		return read_scan_header(h, s);
	default:
		return 0; /* application data, comments */
	}
}

/* From the scan's first byte to EOI. A byte 0xff of data is followed by 0. */
static int read_scan(struct headers *h, struct slice picture, struct slice rest)
{
	const uint8_t *end = rest.data + rest.len, *at = rest.data, *from;
	bool restarts = h->jpeg->restart_interval;

	while ((from = memchr(at, 0xff, (size_t)(end - at)))) {
		at = from;
		while (at < end && *at == 0xff) /* fill */
			at++;
		if (at == end)
			return -EBADMSG;
		if (*at == JPEG_MARKER_EOI) {
			h->jpeg->scan = slice_of(rest.data, (size_t)(from - rest.data));
			h->jpeg->size = (size_t)(at + 1 - picture.data);
			break;
		}
		if (*at != 0 && !(restarts && *at >= MARKER_RST0 && *at <= MARKER_RST7))
			return -EBADMSG;
		at++;
	}
	if (!h->jpeg->scan.len)
		return -EBADMSG;
	return h->jpeg->scan.len > JPEG_SCAN_MAX ? obstacle(h, "16 MiB or more") : 0;
}

int jpeg_parse(struct jpeg *ret, struct slice picture)
{
	struct headers h = {.jpeg = ret};
	struct slice rest = picture;

	*ret = (struct jpeg){};
	if (rest.len < 2 || rest.data[0] != 0xff || rest.data[1] != JPEG_MARKER_SOI)
		return -EBADMSG;
	cut(&rest, 2);
	while (rest.len >= 4) {
		uint8_t marker = rest.data[1];
		size_t length;
		int r;

		if (rest.data[0] != 0xff)
			return -EBADMSG;
		if (marker == 0xff) { /* fill */
			cut(&rest, 1);
			continue;
		}
		length = be16(rest.data + 2);
		if (is_misplaced(marker) || length < 2 || length > rest.len - 2)
			return -EBADMSG;
		cut(&rest, 4);
		r = read_segment(&h, marker, cut(&rest, length - 2));
		if (r < 0)
			return r;
		if (marker == JPEG_MARKER_SOS)
			return read_scan(&h, picture, rest);
	}
	return -EBADMSG;
}
