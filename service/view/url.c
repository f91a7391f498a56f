// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/url.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "wire/slice.h"

static int fail(const char **ret_reason, const char *reason)
{
	*ret_reason = reason;
	return -EINVAL;
}

static void copy(char *to, struct slice s)
{
	memcpy(to, s.data, s.len);
	to[s.len] = '\0';
}

bool url_token_valid(const char *token, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (token[i] <= ' ' || token[i] > '~')
			return false;
	return len > 0 && len <= URL_TOKEN_MAX;
}

static int take_client(struct url *url, struct slice text, const char **ret_reason)
{
	struct slice client, token = text;

	if (!slice_cut(&token, ':', &client) ||
	    !name_valid_n((const char *)client.data, client.len))
		return fail(ret_reason, "what stands before the @ is no client's name");
	copy(url->client, client);
	if (client.len == text.len)
		return 0;
	if (!url_token_valid((const char *)token.data, token.len))
		return fail(ret_reason, "what stands after the client's name is no token");
	copy(url->token, token);
	return 0;
}

static bool is_host_char(uint8_t c, bool ipv6)
{
	if ((c >= '0' && c <= '9') || c == '.')
		return true;
	if (ipv6)
		return c == ':' || c == '%' || c == '-' || (c >= 'a' && c <= 'z') ||
		       (c >= 'A' && c <= 'Z');
	return c == '-' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int take_host(struct url *url, struct slice host, const char **ret_reason)
{
	if (host.len == 0 || host.len > URL_HOST_MAX)
		return fail(ret_reason, "there is no host");
	for (size_t i = 0; i < host.len; i++)
		if (!is_host_char(host.data[i], url->ipv6))
			return fail(ret_reason, "the host has a character that none can have");
	copy(url->host, host);
	return 0;
}

/* "host", "host:port", "[address]", "[address]:port" */
static int take_authority(struct url *url, struct slice text, const char **ret_reason)
{
	struct slice host, rest = text;
	uint64_t port = URL_PORT_DEFAULT;
	bool has_port;
	int r;

	url->ipv6 = text.len > 0 && text.data[0] == '[';
	if (url->ipv6) {
		rest = slice_of(text.data + 1, text.len - 1);
		if (!slice_cut(&rest, ']', &host) || host.len == text.len - 1)
			return fail(ret_reason, "the address has no closing bracket");
		has_port = rest.len > 0;
		if (has_port && rest.data[0] != ':')
			return fail(ret_reason, "only a port can follow the address");
		if (has_port)
			rest = slice_of(rest.data + 1, rest.len - 1);
	} else {
		if (!slice_cut(&rest, ':', &host))
			host = text;
		has_port = host.len < text.len;
	}
	if (has_port && (slice_u64(rest, UINT16_MAX, &port) < 0 || port == 0))
		return fail(ret_reason, "the port is none");
	url->port = (uint16_t)port;
	r = take_host(url, host, ret_reason);
	return r;
}

/* After the slash. */
static int take_path(struct url *url, struct slice path, const char **ret_reason)
{
	struct slice camera;

	if (path.len > 0 && path.data[path.len - 1] == '/')
		path.len--;
	if (!slice_cut(&path, '/', &camera) || !name_valid_n((const char *)camera.data, camera.len))
		return fail(ret_reason,
			    "the path has to be a camera's name, NAME/sub or NAME/auto");
	url->sub = slice_equal(path, "sub");
	url->either = slice_equal(path, "auto");
	if (path.len > 0 && !url->sub && !url->either)
		return fail(ret_reason, "only \"sub\" or \"auto\" can follow the camera's name");
	copy(url->camera, camera);
	return 0;
}

int url_parse(struct url *url, const char *text, const char **ret_reason)
{
	static const char scheme[] = "rtsps://";
	struct slice rest = slice_text(text), authority, client;
	const uint8_t *at;
	int r = 0;

	*url = (struct url){0};
	if (!slice_starts_nocase(rest, scheme))
		return fail(ret_reason, "it does not begin with rtsps://");
	rest = slice_of(rest.data + strlen(scheme), rest.len - strlen(scheme));
	if (!slice_cut(&rest, '/', &authority))
		return fail(ret_reason, "there is no host");
	at = authority.len > 0 ? memrchr(authority.data, '@', authority.len) : NULL;
	if (at) {
		client = slice_of(authority.data, (size_t)(at - authority.data));
		authority = slice_of(at + 1, authority.len - client.len - 1);
		r = take_client(url, client, ret_reason);
	}
	if (r == 0)
		r = take_authority(url, authority, ret_reason);
	return r < 0 ? r : take_path(url, rest, ret_reason);
}

void url_format(const struct url *url, char text[URL_TEXT_SIZE])
{
	snprintf(text, URL_TEXT_SIZE, "rtsps://%s%s%s:%u/%s%s", url->ipv6 ? "[" : "", url->host,
		 url->ipv6 ? "]" : "", url->port, url->camera,
		 url->sub      ? "/sub"
		 : url->either ? "/auto"
			       : "");
}
