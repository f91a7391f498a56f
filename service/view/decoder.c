// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/decoder.h"

#include <errno.h>
#include <limits.h>
#include <wels/codec_api.h>

#include "base/cleanup.h"

struct decoder {
	ISVCDecoder *codec;
};

static int initialise(struct decoder *d)
{
	SDecodingParam parameters = {.eEcActiveIdc = ERROR_CON_DISABLE,
				     .sVideoProperty = {.eVideoBsType = VIDEO_BITSTREAM_AVC}};
	int quiet = WELS_LOG_QUIET;

	if (WelsCreateDecoder(&d->codec) != 0 || !d->codec)
		return -ENOMEM;
	(*d->codec)->SetOption(d->codec, DECODER_OPTION_TRACE_LEVEL, &quiet);
	return (*d->codec)->Initialize(d->codec, &parameters) == 0 ? 0 : -EIO;
}

int decoder_new(struct decoder **ret)
{
	struct decoder *d = calloc(1, sizeof(*d));
	int r = d ? initialise(d) : -ENOMEM;

	if (r < 0)
		d = decoder_free(d);
	*ret = d;
	return r;
}

struct decoder *decoder_free(struct decoder *d)
{
	if (d && d->codec) {
		(*d->codec)->Uninitialize(d->codec);
		WelsDestroyDecoder(d->codec);
	}
	free(d);
	return NULL;
}

/* Beyond the baseline profile it holds a picture back, as another may have to be shown before it.
 * None of ours sends such (B pictures), and held back it would come late. */
static int flush(struct decoder *d, unsigned char *planes[3], SBufferInfo *info)
{
	int on = 1, off = 0, r;

	(*d->codec)->SetOption(d->codec, DECODER_OPTION_END_OF_STREAM, &on);
	r = (*d->codec)->FlushFrame(d->codec, planes, info);
	(*d->codec)->SetOption(d->codec, DECODER_OPTION_END_OF_STREAM, &off);
	return r;
}

int decoder_take(struct decoder *d, struct slice unit, struct picture *ret)
{
	unsigned char *planes[3] = {};
	SBufferInfo info = {};
	const SSysMEMBuffer *b = &info.UsrData.sSystemBuffer;

	if (unit.len == 0 || unit.len > INT_MAX)
		return unit.len == 0 ? 0 : -EBADMSG;
	if ((*d->codec)->DecodeFrameNoDelay(d->codec, unit.data, (int)unit.len, planes, &info) !=
	    dsErrorFree)
		return -EBADMSG;
	if (info.iBufferStatus != 1 && flush(d, planes, &info) != dsErrorFree)
		return -EBADMSG;
	if (info.iBufferStatus != 1)
		return 0;
	if (!planes[0] || b->iWidth <= 0 || b->iHeight <= 0 || b->iFormat != videoFormatI420)
		return -EBADMSG;
	*ret = (struct picture){
		.planes = {planes[0], planes[1], planes[2]},
		.strides = {(uint32_t)b->iStride[0], (uint32_t)b->iStride[1],
			    (uint32_t)b->iStride[1]},
		.width = (uint32_t)b->iWidth,
		.height = (uint32_t)b->iHeight,
	};
	return 1;
}
