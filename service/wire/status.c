// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire/status.h"

#include <stddef.h>

#include "base/cleanup.h"

struct status {
	unsigned code;
	const char *phrase;
};

static const struct status rtsp[] = {
	{200, "OK"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{406, "Not Acceptable"},
	{408, "Request Time-out"},
	{413, "Request Entity Too Large"},
	{414, "Request-URI Too Large"},
	{431, "Request Header Fields Too Large"}, /* RFC 6585: RTSP has none of its own */
	{451, "Parameter Not Understood"},
	{453, "Too Many Viewers"}, /* players print the phrase, and RFC 2326's would mislead */
	{454, "Session Not Found"},
	{455, "Method Not Valid in This State"},
	{457, "Invalid Range"},
	{459, "Aggregate operation not allowed"},
	{461, "Unsupported transport"},
	{500, "Internal Server Error"},
	{501, "Not Implemented"},
	{503, "Camera Gives No Picture"}, /* the only use */
	{505, "RTSP Version not supported"},
	{551, "Option not supported"},
};

static const struct status http[] = {
	{101, "Switching Protocols"},
	{200, "OK"},
	{204, "No Content"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{406, "Not Acceptable"},
	{408, "Request Timeout"},
	{411, "Length Required"},
	{413, "Content Too Large"},
	{414, "URI Too Long"},
	{421, "Misdirected Request"},
	{426, "Upgrade Required"},
	{429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"},
	{501, "Not Implemented"},
	{503, "Service Unavailable"},
	{505, "HTTP Version Not Supported"},
};

static const char *find(const struct status *list, size_t n, unsigned code)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].code == code)
			return list[i].phrase;
	return NULL;
}

const char *status_phrase_rtsp(unsigned status)
{
	return find(rtsp, ARRAY_SIZE(rtsp), status);
}

const char *status_phrase_http(unsigned status)
{
	return find(http, ARRAY_SIZE(http), status);
}
