// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The URIs of this service (RFC 2326 section 3.2): an absolute rtsp:// or rtsps:// URI with any
 * host part, which is ignored (clients inside TLS send either scheme, behind forwarded ports any
 * name), and a path
 *
 *	/CAMERA[/sub | /auto][/trackID=0][/]
 *
 * Nothing is percent-decoded and no path is resolved: a path with `%`, `..` or a query simply
 * names nothing here, and that is not the client's mistake but "not found".
 */
#pragma once

#include <stdbool.h>

#include "base/parse.h"
#include "wire/slice.h"

enum rtsp_uri_kind {
	RTSP_URI_ASTERISK, /* "*": the server itself */
	RTSP_URI_UNKNOWN,  /* well formed, names nothing here (also an empty path) */
	RTSP_URI_CAMERA,
};

struct rtsp_uri {
	enum rtsp_uri_kind kind;
	char camera[NAME_SIZE]; /* a valid name (base/parse.h), else empty */
	bool sub;               /* the smaller stream */
	bool either; /* auto: the larger or the smaller one, by what the viewer can take */
	bool track;  /* the track, not the whole presentation */
};

/* 0, or -EINVAL: not "*" and not an absolute rtsp:// or rtsps:// URI with a host. */
int rtsp_uri_parse(struct rtsp_uri *uri, struct slice text);
