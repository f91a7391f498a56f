// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/rtp-h264.h"

#include <errno.h>

#include "wire/demux.h"

#define STAP_A          24
#define FU_A            28
#define FU_HEADERS      2 /* indicator and header */
#define FU_START        0x80
#define FU_END          0x40
#define FRAGMENT_MAX    (RTP_H264_PAYLOAD_MAX - FU_HEADERS)
#define PACKET_OVERHEAD (DEMUX_FRAME_HEADER + RTP_HEADER_SIZE)
#define NAL_OVERHEAD    (PACKET_OVERHEAD + 1 + 2) /* alone in a STAP-A */

#define SETS 2 /* NAL units put in front */

/* One access unit on its way. */
struct packing {
	struct writer *w;
	struct rtp_stream *s;
	uint32_t timestamp;
	struct slice nals[SETS + H264_AU_NALS_MAX];
	size_t first; /* SETS, or 0 with parameter sets in front */
	size_t end;
};

size_t rtp_h264_bound(size_t au_len, size_t nals, size_t sets_len)
{
	size_t bytes = au_len + sets_len;

	return bytes + (nals + SETS) * NAL_OVERHEAD +
	       (bytes / FRAGMENT_MAX + 1) * (PACKET_OVERHEAD + FU_HEADERS);
}

static bool is_parameter_set(struct slice nal)
{
	return h264_nal_type(nal) == H264_NAL_SPS || h264_nal_type(nal) == H264_NAL_PPS;
}

static int collect(struct packing *p, struct slice au)
{
	struct h264_iter it;
	struct slice nal;

	h264_iter_init(&it, au);
	if (!it.next)
		return -EBADMSG;
	p->first = p->end = SETS;
	while (h264_iter_next(&it, &nal)) {
		unsigned type = h264_nal_type(nal);

		if (type == 0 || type >= STAP_A)
			return -EBADMSG;
		if (type == H264_NAL_AUD || type == H264_NAL_FILLER)
			continue;
		if (p->end == SETS + H264_AU_NALS_MAX)
			return -E2BIG;
		p->nals[p->end++] = nal;
	}
	return 0;
}

static void put_sets_in_front(struct packing *p, struct slice au,
			      const struct h264_parameter_sets *sets)
{
	struct h264_parameter_sets own;

	if (!h264_is_idr(au) || sets->sps.len == 0 || sets->pps.len == 0)
		return;
	h264_find_parameter_sets(au, &own);
	if (own.sps.data && own.pps.data)
		return;
	p->nals[0] = sets->sps;
	p->nals[1] = sets->pps;
	p->first = 0;
}

/* What stands before the slices, and is small. */
static bool is_prefix(struct slice nal)
{
	return is_parameter_set(nal) || h264_nal_type(nal) == H264_NAL_SEI;
}

/* How many NAL units from i on go into one STAP-A; below 2: none. */
static size_t count_aggregate(const struct packing *p, size_t i, size_t *ret_payload)
{
	size_t n = 0;

	*ret_payload = 1;
	while (i + n < p->end && is_prefix(p->nals[i + n])) {
		size_t payload = *ret_payload + 2 + p->nals[i + n].len;

		if (payload > RTP_H264_PAYLOAD_MAX)
			break;
		*ret_payload = payload;
		n++;
	}
	return n;
}

/* Section 5.7.1: F is the or, NRI the highest of what is in it. */
static void put_aggregate(struct packing *p, size_t i, size_t n, size_t payload)
{
	unsigned f = 0, nri = 0;

	for (size_t k = i; k < i + n; k++) {
		unsigned ref_idc = h264_nal_ref_idc(p->nals[k]);

		f |= p->nals[k].data[0] & 0x80;
		nri = ref_idc > nri ? ref_idc : nri;
	}
	rtp_begin(p->w, p->s, p->timestamp, i + n == p->end, payload);
	writer_u8(p->w, f | nri << 5 | STAP_A);
	for (size_t k = i; k < i + n; k++) {
		writer_u16(p->w, p->nals[k].len);
		writer_bytes(p->w, p->nals[k].data, p->nals[k].len);
	}
}

static void put_single(struct packing *p, struct slice nal, bool last)
{
	rtp_begin(p->w, p->s, p->timestamp, last, nal.len);
	writer_bytes(p->w, nal.data, nal.len);
}

/* Section 5.8; the header byte travels in the two of each fragment. */
static void put_fragments(struct packing *p, struct slice nal, bool last)
{
	uint8_t indicator = (nal.data[0] & 0xe0) | FU_A;
	uint8_t flags = FU_START;

	for (size_t at = 1; at < nal.len;) {
		size_t n = nal.len - at < FRAGMENT_MAX ? nal.len - at : FRAGMENT_MAX;
		bool end = at + n == nal.len;

		rtp_begin(p->w, p->s, p->timestamp, last && end, FU_HEADERS + n);
		writer_u8(p->w, indicator);
		writer_u8(p->w, flags | (end ? FU_END : 0) | h264_nal_type(nal));
		writer_bytes(p->w, nal.data + at, n);
		flags = 0;
		at += n;
	}
}

static void put_all(struct packing *p)
{
	for (size_t i = p->first; i < p->end;) {
		size_t payload, n = count_aggregate(p, i, &payload);
		struct slice nal = p->nals[i];
		bool last = i + 1 == p->end;

		if (n >= 2) {
			put_aggregate(p, i, n, payload);
			i += n;
			continue;
		}
		if (nal.len <= RTP_H264_PAYLOAD_MAX)
			put_single(p, nal, last);
		else
			put_fragments(p, nal, last);
		i++;
	}
}

int rtp_h264_pack(struct writer *w, struct rtp_stream *s, struct slice au,
		  const struct h264_parameter_sets *sets, uint32_t timestamp)
{
	struct packing p;
	struct writer w_before = *w;
	struct rtp_stream s_before = *s;
	int r;

	p.w = w;
	p.s = s;
	p.timestamp = timestamp;
	r = collect(&p, au);
	if (r < 0)
		return r;
	if (sets)
		put_sets_in_front(&p, au, sets);
	put_all(&p);
	if (!w->failed)
		return 0;
	*w = w_before;
	*s = s_before;
	return -ENOSPC;
}
