// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/complaint.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void complaint_say(struct complaint *c, unsigned kind, uint64_t now, const char *format, ...)
{
	char text[512];
	va_list ap;

	if (c->kinds[kind].last != 0 && now - c->kinds[kind].last < COMPLAINT_EVERY_USEC) {
		c->kinds[kind].held_back++;
		return;
	}
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (c->kinds[kind].held_back > 0)
		fprintf(stderr, "camward-view: %s: %s (and %" PRIu64 " more like this)\n",
			c->camera, text, c->kinds[kind].held_back);
	else
		fprintf(stderr, "camward-view: %s: %s\n", c->camera, text);
	c->kinds[kind].last = now;
	c->kinds[kind].held_back = 0;
}
