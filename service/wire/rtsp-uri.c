// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/rtsp-uri.h"

#include <errno.h>
#include <string.h>

#include "wire/sdp.h"

static bool ends_authority(uint8_t c)
{
	return c == '/' || c == '?' || c == '#';
}

/* What follows the host part: empty, or from its `/`, `?` or `#` on. */
static int skip_authority(struct slice text, struct slice *rest)
{
	size_t scheme, i;

	if (slice_starts_nocase(text, "rtsp://"))
		scheme = strlen("rtsp://");
	else if (slice_starts_nocase(text, "rtsps://"))
		scheme = strlen("rtsps://");
	else
		return -EINVAL;
	for (i = scheme; i < text.len && !ends_authority(text.data[i]);)
		i++;
	*rest = slice_of(text.data + i, text.len - i);
	return i > scheme ? 0 : -EINVAL;
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
		else if (!uri->track && !uri->sub && !uri->either && slice_equal(part, "sub"))
			uri->sub = true;
		else if (!uri->track && !uri->sub && !uri->either && slice_equal(part, "auto"))
			uri->either = true;
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
	if (path.len > 0 && path.data[0] == '/')
		parse_path(uri, slice_of(path.data + 1, path.len - 1));
	if (uri->kind != RTSP_URI_CAMERA)
		uri->sub = uri->either = uri->track = false;
	return 0;
}
