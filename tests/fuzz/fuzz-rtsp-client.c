// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a server sends, to a viewer that goes on asking as camward-view does; and a URL. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "view/rtsp-client.h"
#include "view/url.h"

static void take_url(const uint8_t *data, size_t size)
{
	char text[256], again[URL_TEXT_SIZE];
	const char *reason;
	struct url url, same;

	if (size >= sizeof(text))
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	if (url_parse(&url, text, &reason) < 0)
		return;
	CHECK(name_valid(url.camera) && url.host[0] && url.port > 0);
	CHECK(!url.client[0] || name_valid(url.client));
	url_format(&url, again);
	CHECK(url_parse(&same, again, &reason) == 0 && !same.client[0] && !same.token[0]);
	CHECK(strcmp(same.host, url.host) == 0 && strcmp(same.camera, url.camera) == 0 &&
	      same.port == url.port && same.sub == url.sub && same.either == url.either &&
	      same.ipv6 == url.ipv6);
}

static void ask(struct rtsp_client *c)
{
	uint8_t request[RTSP_CLIENT_REQUEST_MAX];
	struct writer w;

	writer_init(&w, request, sizeof(request));
	rtsp_client_request(c, &w);
	CHECK(!w.failed);
	/* Nothing of the server's can start a line of ours. */
	CHECK(w.len > 4 && memcmp(request + w.len - 4, "\r\n\r\n", 4) == 0);
	for (size_t i = 0; i + 3 < w.len; i++)
		CHECK(memcmp(request + i, "\r\n\r\n", 4) != 0 || i + 4 == w.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t nonce[RTSP_CLIENT_NONCE_SIZE];
	struct rtsp_client c;
	struct rtsp_taken taken;

	take_url(data, size);
	rtsp_client_init(&c, "rtsps://h:322/front", "owner", "token", nonce);
	ask(&c);
	while (size > 0) {
		enum rtsp_event event = rtsp_client_take(&c, data, size, &taken);

		if (event == RTSP_MORE) {
			CHECK(size < RTSP_CLIENT_BUFFER_SIZE);
			return 0;
		}
		if (event == RTSP_BROKEN || event == RTSP_DENIED) {
			CHECK(event == RTSP_DENIED ? taken.status != 200 : taken.broken != NULL);
			return 0;
		}
		CHECK(taken.size > 0 && taken.size <= size);
		CHECK(event != RTSP_MEDIA || c.state >= RTSP_CLIENT_PLAY);
		if (event == RTSP_DESCRIBED || event == RTSP_SET_UP || event == RTSP_NOTHING ||
		    event == RTSP_STARTED)
			ask(&c);
		data += taken.size;
		size -= taken.size;
	}
	return 0;
}
