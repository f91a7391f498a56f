// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/rtsp-uri.h"

#include <errno.h>
#include <string.h>

#include "wire/sdp.h"

/* The path, from its slash on or empty. */
static int skip_authority(struct slice text, struct slice *path)
{
	const uint8_t *slash;
	size_t scheme;

	if (slice_starts_nocase(text, "rtsp://"))
		scheme = strlen("rtsp://");
	else if (slice_starts_nocase(text, "rtsps://"))
		scheme = strlen("rtsps://");
	else
		return -EINVAL;
	text = slice_of(text.data + scheme, text.len - scheme);
	if (text.len == 0 || strchr("/?#", text.data[0]))
		return -EINVAL;
	slash = memchr(text.data, '/', text.len);
	*path = slash ? slice_of(slash, text.data + text.len - slash) : slice_of(NULL, 0);
	return 0;
}

/* path: after its first slash. */
static void parse_path(struct rtsp_uri *uri, struct slice path)
{
	struct slice camera, part;

	/* One slash at the end, as clients append it to Content-Base. */
	if (path.len > 0 && path.data[path.len - 1] == '/')
		path.len--;
	if (path.len > 0 && path.data[path.len - 1] == '/')
		return;
	if (!slice_cut(&path, '/', &camera) || !name_valid_n((const char *)camera.data, camera.len))
		return;
	while (slice_cut(&path, '/', &part)) {
		if (!uri->track && slice_equal(part, SDP_CONTROL))
			uri->track = true;
		else if (!uri->track && !uri->sub && slice_equal(part, "sub"))
			uri->sub = true;
		else
			return;
	}
	memcpy(uri->camera, camera.data, camera.len);
	uri->kind = RTSP_URI_CAMERA;
}

int rtsp_uri_parse(struct rtsp_uri *uri, struct slice text)
{
	struct slice path;
	int r;

	*uri = (struct rtsp_uri){.kind = RTSP_URI_UNKNOWN};
	if (slice_equal(text, "*")) {
		uri->kind = RTSP_URI_ASTERISK;
		return 0;
	}
	r = skip_authority(text, &path);
	if (r < 0)
		return r;
	if (path.len > 0)
		parse_path(uri, slice_of(path.data + 1, path.len - 1));
	if (uri->kind != RTSP_URI_CAMERA)
		uri->sub = uri->track = false;
	return 0;
}
