// SPDX-License-Identifier: GPL-2.0-only
#include "codec.h"

#include <linux/errno.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

static const struct venc_codec *const codecs[] = {&codec_h264, &codec_hevc, &codec_jpeg};

static bool offered(const struct venc_codec *codec)
{
	u32 fourcc = codec->fourcc;
	char name[5] = {fourcc, fourcc >> 8, fourcc >> 16, fourcc >> 24};

	return strstr(venc_quirks.codecs, name);
}

const struct venc_codec *venc_codec_at(u32 index)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(codecs); i++)
		if (offered(codecs[i]) && index-- == 0)
			return codecs[i];
	return NULL;
}

const struct venc_codec *venc_codec_of(u32 fourcc)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(codecs); i++)
		if (codecs[i]->fourcc == fourcc && offered(codecs[i]))
			return codecs[i];
	return venc_codec_at(0);
}

int venc_stream_begin(struct venc_stream *stream, u32 width, u32 height)
{
	vfree(stream->reference);
	stream->width = width;
	stream->height = height;
	stream->reference = vzalloc(macroblocks(width) * macroblocks(height) * MACROBLOCK);
	return stream->reference ? 0 : -ENOMEM;
}

void venc_stream_end(struct venc_stream *stream)
{
	vfree(stream->reference);
	stream->reference = NULL;
}

void codec_gather(const struct venc_picture *p, u32 x0, u32 y0, u8 *to)
{
	u8 *cb = to + 256, *cr = to + 320;
	u32 x, y;

	for (y = 0; y < 16; y++, to += 16) {
		const u8 *line = p->y + min(y0 + y, p->height - 1) * p->y_stride;

		if (x0 + 16 <= p->width)
			memcpy(to, line + x0, 16);
		else
			for (x = 0; x < 16; x++)
				to[x] = line[min(x0 + x, p->width - 1)];
	}
	for (y = 0; y < 8; y++) {
		u32 line = min(y0 / 2 + y, p->height / 2 - 1) * p->c_stride;

		for (x = 0; x < 8; x++) {
			u32 at = line + min(x0 / 2 + x, p->width / 2 - 1) * p->c_step;

			*cb++ = p->cb[at];
			*cr++ = p->cr[at];
		}
	}
}
