// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/demux.h"

#include <string.h>

#include "wire/http.h"
#include "wire/rtsp.h"

static enum demux_kind peek_frame(const uint8_t *p, size_t len, size_t max_frame,
				  struct demux_frame *frame)
{
	size_t payload;

	if (len < DEMUX_FRAME_HEADER)
		return DEMUX_MORE;
	payload = (size_t)p[2] << 8 | p[3];
	if (payload > max_frame)
		return DEMUX_GARBAGE;
	if (len - DEMUX_FRAME_HEADER < payload)
		return DEMUX_MORE;
	frame->channel = p[1];
	frame->payload = slice_of(p + DEMUX_FRAME_HEADER, payload);
	frame->size = DEMUX_FRAME_HEADER + payload;
	return DEMUX_FRAME;
}

/* A first line that fits belongs to the protocol that it names, at its start or its end. */
static enum demux_kind line_protocol(struct slice line)
{
	struct slice word, rest = line;

	if (slice_starts_nocase(line, "RTSP/"))
		return DEMUX_RTSP;
	if (slice_starts_nocase(line, "HTTP/"))
		return DEMUX_HTTP;
	while (slice_cut(&rest, ' ', &word))
		;
	if (slice_starts_nocase(word, "RTSP/"))
		return DEMUX_RTSP;
	return slice_starts_nocase(word, "HTTP/") ? DEMUX_HTTP : DEMUX_GARBAGE;
}

/* A line that has no end within bounds: only its method can tell who answers 414. */
static enum demux_kind method_protocol(struct slice line)
{
	struct slice method = line;

	slice_cut(&line, ' ', &method);
	if (http_method_parse(method) != HTTP_UNKNOWN)
		return DEMUX_HTTP;
	return rtsp_method_parse(method) != RTSP_UNKNOWN ? DEMUX_RTSP : DEMUX_GARBAGE;
}

enum demux_kind demux_peek(const void *data, size_t len, size_t max_frame,
			   struct demux_frame *frame)
{
	const uint8_t *p = data, *end;
	size_t line;

	if (len == 0)
		return DEMUX_MORE;
	if (p[0] == '$')
		return peek_frame(p, len, max_frame, frame);
	line = len < HEADERS_LINE_MAX ? len : HEADERS_LINE_MAX;
	end = memchr(p, '\r', line);
	if (end)
		line = end - p;
	for (size_t i = 0; i < line; i++)
		if (p[i] < ' ' || p[i] > '~')
			return DEMUX_GARBAGE;
	if (p[0] < 'A' || p[0] > 'Z')
		return DEMUX_GARBAGE;
	if (end)
		return line_protocol(slice_of(p, line));
	return len < HEADERS_LINE_MAX ? DEMUX_MORE : method_protocol(slice_of(p, line));
}
