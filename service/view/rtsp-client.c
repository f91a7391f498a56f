// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/rtsp-client.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "wire/base64.h"
#include "wire/demux.h"
#include "wire/rtsp-response.h"
#include "wire/sdp.h"

#define RTP_CHANNEL     0
#define RTCP_CHANNEL    1
#define CREDENTIALS_MAX 256

void rtsp_client_init(struct rtsp_client *c, const char *url, const char *client, const char *token,
		      const uint8_t nonce[RTSP_CLIENT_NONCE_SIZE])
{
	*c = (struct rtsp_client){.client = client, .token = token};
	snprintf(c->url, sizeof(c->url), "%s", url);
	memcpy(c->nonce, nonce, sizeof(c->nonce));
}

/* --- requests --- */

static void write_credentials(const struct rtsp_client *c, struct writer *w)
{
	char text[CREDENTIALS_MAX];
	int n;

	if (!c->client[0])
		return;
	n = snprintf(text, sizeof(text), "%s:%s", c->client, c->token);
	writer_text(w, "Authorization: Basic ");
	base64_write(w, slice_of(text, (size_t)n));
	writer_text(w, "\r\n");
	erase(text, sizeof(text));
}

static void begin(struct rtsp_client *c, struct writer *w, const char *method, const char *url)
{
	c->awaiting = true;
	writer_printf(w, "%s %s RTSP/1.0\r\nCSeq: %" PRIu64 "\r\nUser-Agent: camward-view\r\n",
		      method, url, ++c->cseq);
	write_credentials(c, w);
	if (c->session[0])
		writer_printf(w, "Session: %s\r\n", c->session);
}

static void write_describe(struct rtsp_client *c, struct writer *w)
{
	begin(c, w, "DESCRIBE", c->url);
	writer_text(w, "Accept: " SDP_TYPE "\r\nCamward-Nonce: ");
	base64_write(w, slice_of(c->nonce, sizeof(c->nonce)));
	writer_text(w, "\r\n\r\n");
}

void rtsp_client_request(struct rtsp_client *c, struct writer *w)
{
	switch (c->state) {
	case RTSP_CLIENT_IDLE:
		write_describe(c, w);
		c->state = RTSP_CLIENT_DESCRIBE;
		break;
	case RTSP_CLIENT_DESCRIBED:
		begin(c, w, "SETUP", c->track);
		writer_printf(w, "Transport: RTP/AVP/TCP;unicast;interleaved=%d-%d\r\n\r\n",
			      RTP_CHANNEL, RTCP_CHANNEL);
		c->state = RTSP_CLIENT_SETUP;
		break;
	case RTSP_CLIENT_SET_UP:
		begin(c, w, "PLAY", c->base);
		writer_text(w, "Range: npt=now-\r\n\r\n");
		c->state = RTSP_CLIENT_PLAY;
		break;
	case RTSP_CLIENT_PLAYING:
		begin(c, w, "GET_PARAMETER", c->base);
		writer_text(w, "\r\n");
		break;
	default: /* one request at a time */
		w->failed = true;
	}
}

void rtsp_client_teardown(struct rtsp_client *c, struct writer *w)
{
	begin(c, w, "TEARDOWN", c->base);
	writer_text(w, "\r\n");
}

/* --- answers --- */

static enum rtsp_event broken(struct rtsp_taken *ret, const char *what)
{
	ret->broken = what;
	return RTSP_BROKEN;
}

/* A URL that can stand in a request line; false: it cannot. */
static bool copy_url(char to[RTSP_CLIENT_URL_SIZE], struct slice url)
{
	if (url.len == 0 || url.len >= RTSP_CLIENT_URL_SIZE)
		return false;
	for (size_t i = 0; i < url.len; i++)
		if (url.data[i] <= ' ' || url.data[i] > '~')
			return false;
	memcpy(to, url.data, url.len);
	to[url.len] = '\0';
	return true;
}

static bool is_absolute(struct slice control)
{
	return slice_starts_nocase(control, "rtsp://") || slice_starts_nocase(control, "rtsps://");
}

/* Section C.1.1: relative controls are relative to Content-Base. */
static bool resolve(struct rtsp_client *c, struct slice control)
{
	size_t len = strlen(c->base);
	bool slash = len > 0 && c->base[len - 1] == '/';
	char relative[RTSP_CLIENT_URL_SIZE];
	int n;

	if (!control.data || slice_equal(control, "*"))
		return copy_url(c->track, slice_text(c->base));
	if (is_absolute(control))
		return copy_url(c->track, control);
	if (!copy_url(relative, control))
		return false;
	n = snprintf(c->track, sizeof(c->track), "%s%s%s", c->base, slash ? "" : "/", relative);
	return n > 0 && (size_t)n < sizeof(c->track);
}

static enum rtsp_event take_description(struct rtsp_client *c, const struct rtsp_response *r,
					struct rtsp_taken *ret)
{
	struct slice base = headers_value(&r->headers, "Content-Base");

	if (!slice_equal_nocase(headers_value(&r->headers, "Content-Type"), SDP_TYPE) ||
	    sdp_read(&ret->track, r->body) < 0)
		return broken(ret, "its session description cannot be read");
	if (!slice_equal_nocase(ret->track.encoding, "H264") || ret->track.clock != 90000 ||
	    ret->track.packetization_mode > 1)
		return broken(ret, "its video is not H.264, which alone can be proven over RTSP");
	if (!copy_url(c->base, base.data ? base : slice_text(c->url)) ||
	    !resolve(c, ret->track.control))
		return broken(ret, "its session description names no usable URL");
	ret->certificate = headers_value(&r->headers, "Camward-Certificate");
	ret->statement = headers_value(&r->headers, "Camward-Statement");
	c->payload_type = ret->track.payload_type;
	c->state = RTSP_CLIENT_DESCRIBED;
	return RTSP_DESCRIBED;
}

/* It has to be what was asked for: TCP on our channels. */
static bool has_our_transport(struct slice value)
{
	struct slice part;
	bool tcp = false, channels = false;

	while (slice_cut(&value, ';', &part)) {
		part = slice_trim(part);
		tcp |= slice_equal_nocase(part, "RTP/AVP/TCP");
		channels |= slice_equal_nocase(part, "interleaved=0-1");
	}
	return tcp && channels;
}

static enum rtsp_event take_setup(struct rtsp_client *c, const struct rtsp_response *r,
				  struct rtsp_taken *ret)
{
	struct slice value = headers_value(&r->headers, "Session"), id;

	if (!has_our_transport(headers_value(&r->headers, "Transport")))
		return broken(ret, "it did not take the transport that was asked for");
	if (!slice_cut(&value, ';', &id))
		return broken(ret, "it gave no session");
	id = slice_trim(id);
	if (id.len == 0 || id.len >= sizeof(c->session))
		return broken(ret, "it gave no session");
	memcpy(c->session, id.data, id.len);
	c->session[id.len] = '\0';
	c->state = RTSP_CLIENT_SET_UP;
	return RTSP_SET_UP;
}

static enum rtsp_event take_response(struct rtsp_client *c, const void *data, size_t len,
				     struct rtsp_taken *ret)
{
	struct rtsp_response r;
	int e = rtsp_response_parse(&r, data, len);

	if (e == 0)
		return RTSP_MORE;
	if (e < 0 || !c->awaiting || !r.has_cseq || r.cseq != c->cseq)
		return broken(ret, "it sent no answer to what was asked");
	c->awaiting = false;
	ret->size = r.size;
	if (c->state == RTSP_CLIENT_PLAYING)
		return RTSP_NOTHING;
	if (r.status != 200) {
		ret->status = r.status;
		return RTSP_DENIED;
	}
	if (c->state == RTSP_CLIENT_DESCRIBE)
		return take_description(c, &r, ret);
	if (c->state == RTSP_CLIENT_SETUP)
		return take_setup(c, &r, ret);
	c->state = RTSP_CLIENT_PLAYING;
	return RTSP_STARTED;
}

static enum rtsp_event take_frame(const struct rtsp_client *c, const struct demux_frame *frame,
				  struct rtsp_taken *ret)
{
	if (c->state < RTSP_CLIENT_PLAY)
		return broken(ret, "it sent media before it was asked for");
	if (frame->channel != RTP_CHANNEL && frame->channel != RTCP_CHANNEL)
		return broken(ret, "it sent media on another channel");
	ret->size = frame->size;
	ret->packet = frame->payload;
	return frame->channel == RTP_CHANNEL ? RTSP_MEDIA : RTSP_REPORT;
}

enum rtsp_event rtsp_client_take(struct rtsp_client *c, const void *data, size_t len,
				 struct rtsp_taken *ret)
{
	struct demux_frame frame;

	*ret = (struct rtsp_taken){0};
	switch (demux_peek(data, len, DEMUX_FRAME_MAX, &frame)) {
	case DEMUX_MORE:
		return RTSP_MORE;
	case DEMUX_FRAME:
		return take_frame(c, &frame, ret);
	case DEMUX_RTSP:
		return take_response(c, data, len, ret);
	default:
		return broken(ret, "it does not speak RTSP");
	}
}
