// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/hardware.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "v4l2/device.h"
#include "v4l2/dumb.h"

/* By the command line, and not by udev. */
static bool is_named(const char *node, const char *shown)
{
	return node && strcmp(node, shown) != 0;
}

/*
 * udev may be behind, and the link lead to what has the number now: another camera. One that is
 * busy cannot be asked: whoever opens it to use it finds out (v4l2/m2m.h).
 */
static int look(const struct v4l2_sys *sys, const char *node, struct arrival *arrival)
{
	struct v4l2_device device;
	int r = v4l2_device_open(sys, node, &device);

	arrival_forbidden(arrival, node, r);
	if (r == -EBUSY)
		return 0;
	if (r >= 0 && device.kind != V4L2_DEVICE_M2M)
		r = -ENOTTY;
	v4l2_device_close(&device);
	return r;
}

static bool may_help(const struct options *o)
{
	return o->source == OPTIONS_SOURCE_V4L2;
}

/* One that comes later is for the next process. One that is named is told of by Reason. */
static const char *choose_encoder(const struct options *o, const struct v4l2_sys *sys,
				  struct arrival *arrival)
{
	bool named = is_named(o->encoder, OPTIONS_ENCODER);
	int r = o->encoder && (named || may_help(o)) ? look(sys, o->encoder, arrival) : -ENOENT;

	if (named || r >= 0)
		return o->encoder;
	if (r != -ENOENT)
		log_warning("%s is no encoder, or not to be had: pictures are encoded by software",
			    o->encoder);
	return NULL;
}

/* As with the encoder. What is no converter after all is told by Reason. */
static const char *choose_converter(const struct options *o, const struct v4l2_sys *sys,
				    struct arrival *arrival)
{
	bool named = is_named(o->converter, OPTIONS_CONVERTER);
	int r = o->converter && (named || may_help(o)) ? look(sys, o->converter, arrival) : -ENOENT;

	return named || r >= 0 ? o->converter : NULL;
}

/* As with the encoder; what it cannot is told by Reason. */
static const char *choose_card(const struct options *o, const struct v4l2_sys *sys,
			       struct arrival *arrival)
{
	bool named = is_named(o->card, OPTIONS_CARD);

	if (!o->card || !(named || (may_help(o) && access(o->card, F_OK) == 0)))
		return NULL;
	arrival_forbidden(arrival, o->card, v4l2_dumb_probe(sys, o->card));
	return o->card;
}

void hardware_choose(const struct options *o, const struct v4l2_sys *sys, struct arrival *arrival,
		     struct source *source)
{
	source->encoder = choose_encoder(o, sys, arrival);
	source->converter = choose_converter(o, sys, arrival);
	source->card = choose_card(o, sys, arrival);
}

void hardware_await(const struct options *o, struct arrival *ret)
{
	const char *paths[] = {o->encoder, o->converter, o->card};
	bool helps = may_help(o) || is_named(o->encoder, OPTIONS_ENCODER);
	int r;

	*ret = (struct arrival){.fd = -EBADF};
	r = o->as_service && o->encoder && helps ? arrival_begin(ret, paths, ARRAY_SIZE(paths)) : 0;
	if (r < 0)
		log_warning("an encoder that comes later will not be noticed: %s", strerror(-r));
}
