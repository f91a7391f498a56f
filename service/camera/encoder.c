// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/encoder.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"

/* 4.1 Mbit/s at 1280x720 and 30 frames a second. */
#define MILLIBITS_PER_SAMPLE 150
#define BITRATE_DEFAULT_MIN  250000U
#define BITRATE_DEFAULT_MAX  16000000U

#define ENCODER_DISTRUST_USEC (600 * USEC_PER_SEC)

static uint32_t within(uint64_t value, uint32_t low, uint32_t high)
{
	return value < low ? low : value > high ? high : (uint32_t)value;
}

struct encoder_config encoder_config_of(const struct source_format *format,
					const struct camera_configuration *configured)
{
	uint64_t samples =
		(uint64_t)format->width * format->height * format->fps_num / format->fps_den;
	uint64_t gop = (uint64_t)format->fps_num * ENCODER_GOP_SECONDS / format->fps_den;
	uint32_t bitrate = within(samples * MILLIBITS_PER_SAMPLE / 1000, BITRATE_DEFAULT_MIN,
				  BITRATE_DEFAULT_MAX);

	return (struct encoder_config){
		.encoder = configured->encoder,
		.width = format->width,
		.height = format->height,
		.fps_num = format->fps_num,
		.fps_den = format->fps_den,
		.colours = format->colours,
		.bitrate = within(configured->bitrate ? configured->bitrate : bitrate,
				  ENCODER_BITRATE_MIN, ENCODER_BITRATE_MAX),
		.gop = within(configured->gop ? configured->gop : gop, 1, ENCODER_GOP_MAX),
	};
}

/* One that failed is left alone for a while: a picture by software is better than none. */
static bool distrusted(const struct source *source)
{
	return source->encoder_lost &&
	       clock_monotonic() < source->encoder_lost + ENCODER_DISTRUST_USEC;
}

static int software(const struct source_format *format, const struct encoder_config *config,
		    const char *obstacle, struct encoder **ret)
{
#ifdef HAVE_OPENH264
	int r = encoder_software_new(config, ret);

	if (r < 0)
		return r;
	snprintf((*ret)->reason, sizeof((*ret)->reason), "%s, encoded by software%s%s",
		 format->pictures ? format->pictures : "raw pictures", *obstacle ? ": " : "",
		 obstacle);
	return 0;
#else
	return -EOPNOTSUPP;
#endif
}

int encoder_new(struct source *source, const struct source_format *format,
		const struct encoder_config *config, struct encoder **ret)
{
	bool hardware = source && source->encoder && config->encoder != CAMERA_ENCODER_SOFTWARE;
	char obstacle[PROTO_REASON_SIZE] = "";

	if (format->encoded)
		return encoder_passthrough_new(format->codec, ret);
	if (source && source->encoder && !hardware)
		snprintf(obstacle, sizeof(obstacle), "as configured");
	if (hardware && distrusted(source)) {
		snprintf(obstacle, sizeof(obstacle), "%s has failed", source->encoder);
		hardware = false;
	}
	if (hardware && encoder_v4l2m2m_new(source->encoder, source, config, ret, obstacle) >= 0)
		return 0;
	return software(format, config, obstacle, ret);
}

struct encoder *encoder_free(struct encoder *e)
{
	if (e)
		e->ops->free(e);
	return NULL;
}

int encoder_submit(struct encoder *e, const struct source_frame *frame, uint64_t key, bool keyframe)
{
	return e->ops->submit(e, frame, key, keyframe);
}

int encoder_next(struct encoder *e, struct encoder_unit *ret)
{
	return e->ops->next(e, ret);
}

bool encoder_holds(struct encoder *e, uint32_t frame)
{
	return e->ops->holds && e->ops->holds(e, frame);
}

int encoder_fd(const struct encoder *e, enum encoder_part part)
{
	return e->ops->fd ? e->ops->fd(e, part) : -EBADF;
}

uint32_t encoder_events(const struct encoder *e, enum encoder_part part)
{
	return e->ops->events ? e->ops->events(e, part) : 0;
}

uint64_t encoder_deadline(const struct encoder *e)
{
	return e->ops->deadline ? e->ops->deadline(e) : UINT64_MAX;
}

int encoder_adjust(struct encoder *e, uint32_t bitrate, uint32_t gop)
{
	return e->ops->adjust(e, bitrate, gop);
}
