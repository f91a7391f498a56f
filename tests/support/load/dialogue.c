// SPDX-License-Identifier: LGPL-2.1-or-later
#include "load/dialogue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load/viewer.h"
#include "wire/base64.h"

#define HEAD_MAX 8192
#define BODY_MAX 16384

static void authorization(const struct load_options *o, char *out, size_t size)
{
	char credential[512];
	struct writer w;
	int n;

	n = snprintf(credential, sizeof(credential), "%s:%s", o->client, o->token);
	writer_init(&w, out, size - 1);
	base64_write(&w, slice_of(credential, (size_t)n));
	out[w.len] = '\0';
}

/* The track is addressed as the SDP of this service names it, and as most servers do. */
int dialogue_request(struct viewer *v, const char *method, char *request, size_t size)
{
	const struct load_options *o = v->options;
	bool bracket = strchr(o->host, ':'), setup = strcmp(method, "SETUP") == 0;
	char credential[1024];

	authorization(o, credential, sizeof(credential));
	return snprintf(request, size,
			"%s rtsps://%s%s%s:%s/%s%s RTSP/1.0\r\n"
			"CSeq: %u\r\n"
			"User-Agent: load-client\r\n"
			"Authorization: Basic %s\r\n"
			"%s%s%s%s\r\n",
			method, bracket ? "[" : "", o->host, bracket ? "]" : "", o->port, v->camera,
			setup ? "/trackID=0" : "", ++v->cseq, credential,
			setup ? "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n" : "",
			v->session[0] ? "Session: " : "", v->session, v->session[0] ? "\r\n" : "");
}

static int parse_session(struct dialogue_answer *answer, const char *value)
{
	size_t n = strcspn(value, ";\r");

	if (n == 0 || n >= sizeof(answer->session))
		return -EBADMSG;
	memcpy(answer->session, value, n);
	answer->session[n] = '\0';
	return 0;
}

/* head: NUL-terminated, with the CRLF of its last line. */
static int parse_head(struct dialogue_answer *answer, const char *head, size_t *body)
{
	const char *field;
	int end = 0;

	*answer = (struct dialogue_answer){0};
	*body = 0;
	if (sscanf(head, "RTSP/1.0 %3u %n", &answer->status, &end) != 1 || end == 0)
		return -EBADMSG;
	field = strcasestr(head, "\r\nContent-Length:");
	if (field)
		*body = strtoul(field + strlen("\r\nContent-Length:"), NULL, 10);
	field = strcasestr(head, "\r\nSession: ");
	if (field)
		return parse_session(answer, field + strlen("\r\nSession: "));
	return *body > BODY_MAX ? -EBADMSG : 0;
}

int dialogue_parse(struct dialogue_answer *answer, const uint8_t *data, size_t len)
{
	char head[HEAD_MAX + 1];
	const uint8_t *end;
	size_t size, body;
	int r;

	end = memmem(data, len, "\r\n\r\n", 4);
	if (!end)
		return len > HEAD_MAX ? -EBADMSG : 0;
	size = (size_t)(end - data) + 4;
	if (size > HEAD_MAX)
		return -EBADMSG;
	memcpy(head, data, size - 2);
	head[size - 2] = '\0';
	r = parse_head(answer, head, &body);
	if (r < 0)
		return r;
	answer->size = size + body;
	return answer->size <= len;
}
