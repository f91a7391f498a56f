// SPDX-License-Identifier: LGPL-2.1-or-later
/* OpenH264 in real time: no B pictures, no picture skipped, one thread. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wels/codec_api.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "camera/encoder.h"

/* What OpenH264 takes; beyond it Initialize fails without saying why. */
#define DIMENSION_MIN 16
#define WIDTH_MAX     3840
#define HEIGHT_MAX    2160
/* A keyframe shall not cost a second's worth of bits, nor a moving scene more than half above. */
#define PEAK_PERCENT 150

struct encoder_software {
	struct encoder encoder;
	ISVCEncoder *codec;
	struct encoder_config config;
	uint8_t *bytes; /* of the unit */
	size_t room;
	struct encoder_unit unit; /* bytes NULL: none waits */
};

/* Players take what does not say for BT.601 or BT.709 by its size, and for limited range. */
static void set_colours(const struct v4l2_colours *colours, SSpatialLayerConfig *layer)
{
	const struct v4l2_colour_code code = v4l2_colours_code(colours);

	if (!v4l2_colours_known(colours))
		return;
	layer->bVideoSignalTypePresent = true;
	layer->uiVideoFormat = VF_UNDEF;
	layer->bFullRange = code.full_range;
	layer->bColorDescriptionPresent = true;
	layer->uiColorPrimaries = code.primaries;
	layer->uiTransferCharacteristics = code.transfer;
	layer->uiColorMatrix = code.matrix;
}

static void set_parameters(const struct encoder_config *c, SEncParamExt *p)
{
	SSpatialLayerConfig *layer = &p->sSpatialLayers[0];

	p->iUsageType = CAMERA_VIDEO_REAL_TIME;
	p->iPicWidth = (int)c->width;
	p->iPicHeight = (int)c->height;
	p->iTargetBitrate = (int)c->bitrate;
	p->iMaxBitrate = (int)(c->bitrate / 100 * PEAK_PERCENT);
	p->iRCMode = RC_BITRATE_MODE;
	p->fMaxFrameRate = (float)c->fps_num / (float)c->fps_den;
	p->iComplexityMode = LOW_COMPLEXITY;
	p->uiIntraPeriod = c->gop;
	p->iNumRefFrame = 1;
	p->eSpsPpsIdStrategy = CONSTANT_ID;
	p->iEntropyCodingModeFlag = 0;
	p->bEnableFrameSkip = false;
	p->iMultipleThreadIdc = 1;
	/* It would put keyframes in between, more than a viewer's link expects. */
	p->bEnableSceneChangeDetect = false;
	p->bEnableDenoise = false;
	p->iSpatialLayerNum = 1;
	p->iTemporalLayerNum = 1;
	layer->iVideoWidth = p->iPicWidth;
	layer->iVideoHeight = p->iPicHeight;
	layer->fFrameRate = p->fMaxFrameRate;
	layer->iSpatialBitrate = p->iTargetBitrate;
	layer->iMaxSpatialBitrate = p->iMaxBitrate;
	layer->uiProfileIdc = PRO_BASELINE;
	layer->sSliceArgument.uiSliceMode = SM_SINGLE_SLICE;
	set_colours(&c->colours, layer);
}

static bool size_supported(const struct encoder_config *c)
{
	return c->width >= DIMENSION_MIN && c->height >= DIMENSION_MIN && c->width <= WIDTH_MAX &&
	       c->height <= HEIGHT_MAX && c->width % 2 == 0 && c->height % 2 == 0;
}

static int initialise(struct encoder_software *s)
{
	int quiet = WELS_LOG_QUIET, format = videoFormatI420;
	SEncParamExt parameters;

	if (WelsCreateSVCEncoder(&s->codec) != 0 || !s->codec)
		return -ENOMEM;
	(*s->codec)->SetOption(s->codec, ENCODER_OPTION_TRACE_LEVEL, &quiet);
	if ((*s->codec)->GetDefaultParams(s->codec, &parameters) != 0)
		return -EIO;
	set_parameters(&s->config, &parameters);
	if ((*s->codec)->InitializeExt(s->codec, &parameters) != 0)
		return -EINVAL;
	(*s->codec)->SetOption(s->codec, ENCODER_OPTION_DATAFORMAT, &format);
	return 0;
}

static size_t layer_size(const SLayerBSInfo *layer)
{
	size_t size = 0;

	for (int i = 0; i < layer->iNalCount; i++)
		size += (size_t)layer->pNalLengthInByte[i];
	return size;
}

/* The layers (parameter sets, the picture) need not stand beside each other. */
static int gather(struct encoder_software *s, const SFrameBSInfo *info, struct slice *ret)
{
	size_t size = 0;

	for (int i = 0; i < info->iLayerNum; i++)
		size += layer_size(&info->sLayerInfo[i]);
	if (!size)
		return -ENODATA;
	if (size > s->room) {
		uint8_t *bytes = realloc(s->bytes, size);

		if (!bytes)
			return -ENOMEM;
		s->bytes = bytes;
		s->room = size;
	}
	size = 0;
	for (int i = 0; i < info->iLayerNum; i++) {
		size_t n = layer_size(&info->sLayerInfo[i]);

		memcpy(s->bytes + size, info->sLayerInfo[i].pBsBuf, n);
		size += n;
	}
	*ret = slice_of(s->bytes, size);
	return 0;
}

static unsigned char *plane(const uint8_t *p)
{
	return (unsigned char *)(uintptr_t)p; /* the encoder only reads */
}

static int software_submit(struct encoder *e, const struct source_frame *frame, uint64_t key,
			   bool keyframe)
{
	struct encoder_software *s = (struct encoder_software *)e;
	SSourcePicture picture = {
		.iColorFormat = videoFormatI420,
		.iPicWidth = (int)s->config.width,
		.iPicHeight = (int)s->config.height,
		.iStride = {(int)frame->y_stride, (int)frame->c_stride, (int)frame->c_stride},
		.pData = {plane(frame->y), plane(frame->u), plane(frame->v)},
		.uiTimeStamp = (long long)(frame->captured_monotonic / USEC_PER_MSEC),
	};
	SFrameBSInfo info = {};

	if (keyframe)
		(*s->codec)->ForceIntraFrame(s->codec, true);
	if ((*s->codec)->EncodeFrame(s->codec, &picture, &info) != cmResultSuccess)
		return -EIO;
	if (info.eFrameType == videoFrameTypeSkip || info.eFrameType == videoFrameTypeInvalid)
		return -ENODATA;
	s->unit.key = key;
	return gather(s, &info, &s->unit.bytes);
}

static int software_next(struct encoder *e, struct encoder_unit *ret)
{
	struct encoder_software *s = (struct encoder_software *)e;

	if (!s->unit.bytes.data)
		return -EAGAIN;
	*ret = s->unit;
	s->unit = (struct encoder_unit){};
	return 0;
}

static int software_adjust(struct encoder *e, uint32_t bitrate, uint32_t gop)
{
	struct encoder_software *s = (struct encoder_software *)e;
	int peak = (int)(bitrate / 100 * PEAK_PERCENT), interval = (int)gop;
	SBitrateInfo most = {.iLayer = SPATIAL_LAYER_0, .iBitrate = peak};
	SBitrateInfo target = {.iLayer = SPATIAL_LAYER_0, .iBitrate = (int)bitrate};
	/* The target may never stand above the maximum, not even for a moment. */
	bool rising = bitrate > s->config.bitrate;
	int r = (*s->codec)->SetOption(s->codec,
				       rising ? ENCODER_OPTION_MAX_BITRATE : ENCODER_OPTION_BITRATE,
				       rising ? &most : &target);

	if (r == 0)
		r = (*s->codec)->SetOption(
			s->codec, rising ? ENCODER_OPTION_BITRATE : ENCODER_OPTION_MAX_BITRATE,
			rising ? &target : &most);
	if (r == 0 && gop != s->config.gop)
		r = (*s->codec)->SetOption(s->codec, ENCODER_OPTION_IDR_INTERVAL, &interval);
	if (r != 0)
		return -EIO;
	s->config.bitrate = bitrate;
	s->config.gop = gop;
	return 0;
}

static void software_free(struct encoder *e)
{
	struct encoder_software *s = (struct encoder_software *)e;

	if (s->codec) {
		(*s->codec)->Uninitialize(s->codec);
		WelsDestroySVCEncoder(s->codec);
	}
	free(s->bytes);
	free(s);
}

static const struct encoder_ops ops = {
	.submit = software_submit,
	.next = software_next,
	.adjust = software_adjust,
	.free = software_free,
};

int encoder_software_new(const struct encoder_config *config, struct encoder **ret)
{
	_cleanup_(encoder_freep) struct encoder *e = NULL;
	struct encoder_software *s;
	OpenH264Version version;
	int r;

	if (!size_supported(config))
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	e = &s->encoder;
	e->ops = &ops;
	e->path = CAMERA_PATH_SOFTWARE;
	e->reads = true;
	e->forces_keyframes = true;
	s->config = *config;
	r = initialise(s);
	if (r < 0)
		return r;
	WelsGetCodecVersionEx(&version);
	snprintf(e->description, sizeof(e->description), "OpenH264 %u.%u.%u", version.uMajor,
		 version.uMinor, version.uRevision);
	*ret = steal_pointer(&e);
	return 0;
}
