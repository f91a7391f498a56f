// SPDX-License-Identifier: LGPL-2.1-or-later
#include "v4l2/relay.h"

#include <errno.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "v4l2/device.h"
#include "v4l2/planes.h"

/* Fewer DMA-bufs first. */
static const uint32_t preferred[] = {V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_YUV420, V4L2_PIX_FMT_NV12M,
				     V4L2_PIX_FMT_YUV420M};

__attribute__((format(printf, 3, 4))) static int obstructed(struct v4l2_relay *relay, int error,
							    const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(relay->obstacle, sizeof(relay->obstacle), format, ap);
	va_end(ap);
	return error;
}

static const struct v4l2_sys *sys_of(const struct v4l2_relay *relay)
{
	return v4l2_capture_device(relay->camera)->sys;
}

static int open_converter(struct v4l2_relay *relay, const char *path)
{
	const struct v4l2_capture_format *f = v4l2_capture_format(relay->camera);
	const char name[] = V4L2_PLANES_NAME(f->fourcc);
	int r = v4l2_converter_open(sys_of(relay), path, f, &relay->converter);

	if (r == -EOPNOTSUPP || r == -ERANGE)
		return obstructed(relay, -EOPNOTSUPP,
				  "the converter does not take %s %ux%u in lines of %u bytes", name,
				  f->width, f->height, f->stride[0]);
	if (r < 0)
		return obstructed(relay, -EOPNOTSUPP, "the converter cannot be used: error %d", -r);
	return 0;
}

/* Where planes lie apart, lines that nobody sees may be more. */
static bool same(const struct v4l2_raw *converted, const struct v4l2_raw *encoded)
{
	if (converted->fourcc != encoded->fourcc ||
	    converted->visible_width != encoded->visible_width ||
	    converted->visible_height != encoded->visible_height)
		return false;
	for (unsigned int i = 0; i < encoded->n_components; i++)
		if (converted->components[i].stride != encoded->components[i].stride)
			return false;
	return encoded->n_planes > 1 || converted->height == encoded->height;
}

/* The encoder reads lines as the converter writes them, or the converter follows it. What stands
 * in the way of the first format is told: it is the one that most have. */
static int agree(struct v4l2_relay *relay, const char *encoder, uint32_t fourcc)
{
	struct v4l2_converter_want want = {
		.fourcc = fourcc,
		.width = relay->want.width,
		.height = relay->want.height,
	};
	const struct v4l2_raw *converted = v4l2_converter_raw(relay->converter), *encoded;
	const char name[] = V4L2_PLANES_NAME(fourcc);
	int r = v4l2_converter_set_output(relay->converter, &want);

	if (r < 0)
		return *relay->obstacle ? -EOPNOTSUPP
					: obstructed(relay, -EOPNOTSUPP,
						     "the converter does not make %s %ux%u", name,
						     want.width, want.height);
	relay->want.raw = fourcc;
	relay->want.stride = converted->components[0].stride;
	r = v4l2_m2m_open(sys_of(relay), encoder, &relay->want, &relay->m2m);
	if (r < 0)
		return *relay->obstacle ? r
					: obstructed(relay, r, "the encoder does not take %s %ux%u",
						     name, want.width, want.height);
	encoded = &v4l2_m2m_format(relay->m2m)->raw;
	if (same(converted, encoded))
		return 0;
	want.stride = encoded->components[0].stride;
	want.lines = encoded->height;
	if (v4l2_converter_set_output(relay->converter, &want) >= 0 && same(converted, encoded))
		return 0;
	obstructed(relay, -EOPNOTSUPP,
		   "the converter has no %u lines of %u bytes, as the encoder wants", want.lines,
		   want.stride);
	relay->m2m = v4l2_m2m_close(relay->m2m);
	return -EOPNOTSUPP;
}

/* Memory of the converter: its driver is choosier than a camera's. */
static int converters_memory(struct v4l2_relay *relay)
{
	struct v4l2_pool pool = {};
	int r = v4l2_converter_start(relay->converter, NULL, V4L2_RELAY_BUFFERS, &relay->between);

	if (r >= 0)
		r = v4l2_pool_export(&pool, v4l2_converter_input(relay->converter));
	if (r >= 0)
		r = v4l2_capture_import(relay->camera, &pool);
	v4l2_pool_release(&pool);
	return r;
}

static int cameras_memory(struct v4l2_relay *relay)
{
	int r = v4l2_capture_export(relay->camera);

	return r < 0 ? r
		     : v4l2_converter_start(relay->converter, v4l2_capture_pool(relay->camera), 0,
					    &relay->between);
}

/* Of a camera that has no buffers yet; one that has keeps them. */
static int share_input(struct v4l2_relay *relay)
{
	int r;

	if (v4l2_capture_has_buffers(relay->camera))
		return cameras_memory(relay);
	r = converters_memory(relay);
	if (r >= 0)
		return 0;
	v4l2_capture_free(relay->camera);
	v4l2_converter_stop(relay->converter);
	r = v4l2_capture_allocate(relay->camera, V4L2_RELAY_BUFFERS);
	if (r >= 0)
		r = cameras_memory(relay);
	if (r < 0)
		v4l2_capture_free(relay->camera);
	return r;
}

static int share_memory(struct v4l2_relay *relay)
{
	int r = v4l2_m2m_start(relay->m2m);

	if (r < 0)
		return r;
	r = v4l2_pool_export(&relay->between, v4l2_m2m_raw_queue(relay->m2m));
	if (r < 0)
		return obstructed(relay, -EOPNOTSUPP, "the encoder's memory cannot be shared");
	/* It would keep them all, and wait for one more. */
	if (relay->between.count <= v4l2_m2m_controls(relay->m2m)->least_raw)
		return obstructed(relay, -EOPNOTSUPP, "the encoder keeps all of its %u buffers",
				  relay->between.count);
	if (share_input(relay) < 0)
		return obstructed(relay, -EOPNOTSUPP,
				  "camera, converter and encoder cannot reach the same memory");
	return 0;
}

static int make(struct v4l2_relay *relay, const char *converter, const char *encoder)
{
	int r = open_converter(relay, converter), agreed = -EOPNOTSUPP;

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(preferred) && agreed < 0; i++) {
		agreed = agree(relay, encoder, preferred[i]);
		if (agreed < 0 && agreed != -EOPNOTSUPP && agreed != -ERANGE)
			return agreed;
	}
	return agreed < 0 ? agreed : share_memory(relay);
}

int v4l2_relay_new(struct v4l2_capture *camera, const char *converter, const char *encoder,
		   const struct v4l2_m2m_want *want, struct v4l2_relay *ret)
{
	const struct v4l2_capture_format *f = v4l2_capture_format(camera);
	int r;

	*ret = (struct v4l2_relay){.camera = camera, .want = *want};
	ret->want.buffers = V4L2_RELAY_BUFFERS;
	ret->want.import = false;
	ret->want.colorspace = f->colorspace;
	ret->want.ycbcr_enc = f->ycbcr_enc;
	ret->want.quantization = f->quantization;
	ret->want.xfer_func = f->xfer_func;
	r = make(ret, converter, encoder);
	if (r < 0)
		v4l2_relay_release(ret);
	return r;
}

/* A buffer that neither has. */
static int find_room(struct v4l2_relay *relay, uint32_t *ret)
{
	for (uint32_t i = 0; i < relay->between.count; i++) {
		if (v4l2_converter_fills(relay->converter, i) || v4l2_m2m_holds(relay->m2m, i))
			continue;
		*ret = i;
		return 0;
	}
	return -EAGAIN;
}

int v4l2_relay_put(struct v4l2_relay *relay, uint32_t index, uint64_t timestamp_us)
{
	uint32_t to;
	int r = find_room(relay, &to);

	if (r < 0)
		return r;
	r = v4l2_converter_put(relay->converter, index, to, timestamp_us);
	relay->converter_failed = r < 0 && r != -EAGAIN;
	return r;
}

/* What has been converted goes on; an encoder that drains misses it. */
static int pass_on(struct v4l2_relay *relay)
{
	struct v4l2_converted converted;
	int r;

	while ((r = v4l2_converter_next(relay->converter, &converted)) >= 0) {
		if (converted.faulty)
			continue;
		r = v4l2_m2m_put(relay->m2m, converted.to, converted.key);
		if (r < 0 && r != -EAGAIN)
			return r;
	}
	relay->converter_failed = r != -EAGAIN;
	return relay->converter_failed ? r : 0;
}

int v4l2_relay_next(struct v4l2_relay *relay, struct v4l2_m2m_coded *ret)
{
	int r = pass_on(relay);

	return r < 0 ? r : v4l2_m2m_next(relay->m2m, ret);
}

bool v4l2_relay_holds(struct v4l2_relay *relay, uint32_t index)
{
	return v4l2_converter_holds(relay->converter, index);
}

uint64_t v4l2_relay_deadline(const struct v4l2_relay *relay)
{
	uint64_t converter = v4l2_converter_deadline(relay->converter);
	uint64_t encoder = v4l2_m2m_deadline(relay->m2m);

	return converter < encoder ? converter : encoder;
}

void v4l2_relay_release(struct v4l2_relay *relay)
{
	/* The converter first: it writes into what is the encoder's. */
	relay->converter = v4l2_converter_close(relay->converter);
	relay->m2m = v4l2_m2m_close(relay->m2m);
	v4l2_pool_release(&relay->between);
}
