// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/base64.h"
#include "wire/h264.h"

int stream_init(struct stream *s, struct verifier *verifier)
{
	uint8_t *buffer = malloc(STREAM_UNIT_MAX);

	if (!buffer)
		return -ENOMEM;
	*s = (struct stream){.verifier = verifier};
	if (verifier)
		verifier_reconnect(verifier);
	rtp_h264_depay_init(&s->depay, buffer, STREAM_UNIT_MAX);
	return 0;
}

void stream_release(struct stream *s)
{
	free(s->depay.out);
	*s = (struct stream){};
}

int stream_parameter_set(struct stream *s, struct slice text)
{
	uint8_t nal[SEAL_SETS_SIZE_MAX];
	ssize_t n = base64_decode(text, nal, sizeof(nal));
	int r;

	if (n <= 0)
		return -EBADMSG;
	r = seal_sets_add(&s->given, SEAL_CODEC_H264, slice_of(nal, (size_t)n));
	if (r == 0 && s->verifier)
		r = verifier_parameter_set(s->verifier, slice_of(nal, (size_t)n));
	return r < 0 ? -EBADMSG : 0;
}

static bool has_parameter_set(struct slice unit)
{
	struct h264_iter it;
	struct slice nal;

	h264_iter_init(&it, unit);
	while (h264_iter_next(&it, &nal) && !h264_is_vcl(nal))
		if (h264_nal_type(nal) == H264_NAL_SPS || h264_nal_type(nal) == H264_NAL_PPS)
			return true;
	return false;
}

/* Those that the unit was judged with: what a decoder needs before it. */
static struct slice write_prefix(struct stream *s)
{
	static const uint8_t start_code[] = {0, 0, 0, 1};
	const struct seal_sets *sets = s->verifier ? &s->verifier->sets : &s->given;
	size_t n = 0;

	for (size_t i = 0; i < sets->n; i++) {
		memcpy(s->prefix + n, start_code, sizeof(start_code));
		n += sizeof(start_code);
		memcpy(s->prefix + n, sets->bytes + sets->sets[i].at, sets->sets[i].len);
		n += sets->sets[i].len;
	}
	return slice_of(s->prefix, n);
}

static void finish(struct stream *s, struct verifier_time arrived, struct stream_unit *ret)
{
	*ret = (struct stream_unit){.bytes = slice_of(s->depay.out, s->depay.len)};
	ret->keyframe = h264_is_idr(ret->bytes);
	if (s->verifier)
		ret->verdict = verifier_unit(s->verifier, ret->bytes, arrived, &ret->result);
	if (ret->verdict == VERDICT_VALID && ret->keyframe && !has_parameter_set(ret->bytes))
		ret->prefix = write_prefix(s);
}

int stream_push(struct stream *s, struct slice packet, struct verifier_time arrived,
		struct stream_unit *ret)
{
	struct rtp_packet p;
	int r;

	if (rtp_parse(&p, packet) < 0 || p.payload_type != s->payload_type)
		return -EBADMSG;
	r = rtp_h264_depay_push(&s->depay, &p);
	if (r < 0)
		return -EBADMSG;
	if (r == 1)
		finish(s, arrived, ret);
	return r;
}
