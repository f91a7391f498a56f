// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/rtsp-response.h"

#include <errno.h>

#include "wire/rtsp.h"

/* "RTSP/1.0 200 OK" (section 7.1); the reason may be empty, its space may not. */
static int parse_status_line(struct rtsp_response *r, struct slice line)
{
	struct slice version, status;
	uint64_t code;

	if (!slice_cut(&line, ' ', &version) || !slice_equal(version, "RTSP/1.0"))
		return -EBADMSG;
	if (!slice_cut(&line, ' ', &status) || status.len != 3 ||
	    status.data + status.len == line.data || slice_u64(status, 599, &code) < 0 ||
	    code < 100)
		return -EBADMSG;
	r->status = (unsigned)code;
	r->reason = line;
	return 0;
}

/* head: with its empty line. */
static int parse_head(struct rtsp_response *r, struct slice head)
{
	struct slice rest = slice_of(head.data, head.len - 2), line, cseq;

	if (!slice_cut(&rest, '\n', &line) ||
	    parse_status_line(r, slice_of(line.data, line.len - 1)) < 0 ||
	    headers_parse(&r->headers, rest) < 0)
		return -EBADMSG;
	cseq = headers_value(&r->headers, "CSeq");
	if (!cseq.data)
		return 0;
	r->has_cseq = true;
	return slice_u64(cseq, RTSP_CSEQ_MAX, &r->cseq) < 0 ? -EBADMSG : 0;
}

int rtsp_response_parse(struct rtsp_response *r, const void *data, size_t len)
{
	int end = headers_find_end(data, len);
	size_t body;

	*r = (struct rtsp_response){0};
	if (end == 0)
		return 0;
	if (end < 0 || parse_head(r, slice_of(data, (size_t)end)) < 0)
		return -EBADMSG;
	body = r->headers.content_length;
	if (len - (size_t)end < body)
		return 0;
	r->body = slice_of((const uint8_t *)data + end, body);
	r->size = (size_t)end + body;
	return 1;
}
