// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/screen.h"

#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"

DEFINE_CLEANUP(drmModeAtomicReq *, drmModeAtomicFree)

static struct plane_area whole(const struct screen *s)
{
	return (struct plane_area){.width = s->background.width, .height = s->background.height};
}

/* --- one commit: always all of what is shown --- */

static int add_primary(const struct screen *s, drmModeAtomicReq *request, bool covered)
{
	const struct framebuffer *b = &s->background;
	struct plane_area all = whole(s);

	if (covered)
		return 0;
	return plane_add(&s->planes[0], &s->kms, request, b->id, b->width, b->height, &all);
}

/* picture NULL: the background alone. */
static int add_all(const struct screen *s, drmModeAtomicReq *request,
		   const struct framebuffer *picture)
{
	const struct screen_layer *l = &s->layer;
	int r = kms_add_output(&s->kms, request);

	if (r == 0)
		r = add_primary(s, request, picture && l->plane == &s->planes[0]);
	if (r == 0 && picture)
		r = plane_add(l->plane, &s->kms, request, picture->id, l->width, l->height, &l->to);
	for (int i = 1; r == 0 && i < s->n_planes; i++)
		if (!picture || l->plane != &s->planes[i])
			r = plane_add_off(&s->planes[i], request);
	return r;
}

static int commit(struct screen *s, const struct framebuffer *picture, uint32_t flags)
{
	_cleanup_(drmModeAtomicFreep) drmModeAtomicReq *request = drmModeAtomicAlloc();
	int r = request ? add_all(s, request, picture) : -ENOMEM;

	if (r == 0 && drmModeAtomicCommit(s->kms.fd, request, flags, s) != 0)
		r = errno == EPERM ? -EACCES : -errno;
	return r;
}

/* --- the layer for pictures --- */

static void free_canvases(struct screen *s)
{
	for (int i = 0; i < SCREEN_CANVASES; i++)
		framebuffer_destroy(&s->canvases[i], &s->kms);
	s->layer.plane = NULL;
	s->width = s->height = 0;
}

static int make_canvases(struct screen *s)
{
	const struct screen_layer *l = &s->layer;
	int r = 0;

	for (int i = 0; r == 0 && i < SCREEN_CANVASES; i++)
		r = framebuffer_create(&s->canvases[i], &s->kms, l->format, l->width, l->height);
	return r;
}

static int try_layer(struct screen *s, const struct screen_layer *layer)
{
	int r;

	if (!plane_shows(layer->plane, layer->format))
		return -EINVAL;
	s->layer = *layer;
	r = make_canvases(s);
	if (r == 0)
		r = commit(s, &s->canvases[0], DRM_MODE_ATOMIC_TEST_ONLY);
	if (r < 0)
		free_canvases(s);
	return r;
}

/* As large as fits, in the middle, on even pixels. */
static struct plane_area letterbox(uint32_t width, uint32_t height, struct plane_area in)
{
	struct plane_area a = in;

	if ((uint64_t)width * in.height >= (uint64_t)height * in.width)
		a.height = (uint32_t)((uint64_t)height * in.width / width);
	else
		a.width = (uint32_t)((uint64_t)width * in.height / height);
	a.width = a.width < 2 ? 2 : a.width & ~1u;
	a.height = a.height < 2 ? 2 : a.height & ~1u;
	a.x = (in.width - a.width) / 2 & ~1u;
	a.y = (in.height - a.height) / 2 & ~1u;
	return a;
}

/* Laid and scaled by a plane, one that leaves the background alone first. */
static int fit_plane(struct screen *s, uint32_t width, uint32_t height)
{
	static const uint32_t formats[] = {DRM_FORMAT_NV12, DRM_FORMAT_YUV420, DRM_FORMAT_XRGB8888};
	struct screen_layer layer = {.width = width,
				     .height = height,
				     .picture = {.width = width, .height = height},
				     .to = letterbox(width, height, whole(s))};
	int r = -EINVAL;

	for (int n = 1; n <= s->n_planes; n++) {
		layer.plane = &s->planes[n % s->n_planes];
		for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
			layer.format = formats[i];
			r = try_layer(s, &layer);
			if (r == 0 || r == -EACCES)
				return r;
		}
	}
	return r;
}

/* Instead of the background, which every display can do. */
static int fit_whole(struct screen *s, uint32_t width, uint32_t height)
{
	struct screen_layer layer = {.plane = &s->planes[0],
				     .format = DRM_FORMAT_XRGB8888,
				     .width = s->background.width,
				     .height = s->background.height,
				     .picture = letterbox(width, height, whole(s)),
				     .to = whole(s)};

	return try_layer(s, &layer);
}

int screen_fit(struct screen *s, uint32_t width, uint32_t height)
{
	int r;

	if (s->layer.plane && s->width == width && s->height == height)
		return 0;
	r = screen_dark(s);
	if (r < 0)
		return r;
	free_canvases(s);
	r = fit_plane(s, width, height);
	if (r < 0 && r != -EACCES)
		r = fit_whole(s, width, height);
	if (r < 0)
		return r;
	s->width = width;
	s->height = height;
	return 0;
}

int screen_adopt(struct screen *s, const struct framebuffer *like, uint32_t width, uint32_t height)
{
	struct screen_layer layer = {.format = like->format,
				     .width = width,
				     .height = height,
				     .to = letterbox(width, height, whole(s))};
	int r = screen_dark(s);

	if (r < 0)
		return r;
	free_canvases(s);
	r = -EINVAL;
	for (int n = 1; r < 0 && r != -EACCES && n <= s->n_planes; n++) {
		layer.plane = &s->planes[n % s->n_planes];
		if (!plane_shows(layer.plane, layer.format))
			continue;
		s->layer = layer;
		r = commit(s, like, DRM_MODE_ATOMIC_TEST_ONLY);
	}
	if (r < 0)
		s->layer.plane = NULL;
	return r;
}

/* --- pictures --- */

bool screen_holds(const struct screen *s, const struct framebuffer *f)
{
	return f == s->shown || f == s->coming || f == s->drawn;
}

struct framebuffer *screen_canvas(struct screen *s, struct plane_area *ret)
{
	struct framebuffer *f = NULL;

	/* What was to come and is not shown yet is overtaken: a screen shows the newest. */
	s->drawn = NULL;
	for (int i = 0; !f && i < SCREEN_CANVASES; i++)
		if (!screen_holds(s, &s->canvases[i]))
			f = &s->canvases[i];
	*ret = s->layer.picture;
	return f;
}

static int present(struct screen *s)
{
	int r;

	if (s->coming || !s->drawn)
		return 0;
	r = commit(s, s->drawn, DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT);
	if (r == -EBUSY)
		return 0;
	if (r == 0) {
		s->coming = s->drawn;
		s->drawn = NULL;
	}
	return r;
}

int screen_lay(struct screen *s, const struct framebuffer *f)
{
	s->drawn = f;
	return present(s);
}

static void take_flip(int fd, unsigned sequence, unsigned sec, unsigned usec, void *userdata)
{
	struct screen *s = userdata;

	if (!s->coming)
		return;
	s->shown = s->coming;
	s->coming = NULL;
}

int screen_take_events(struct screen *s)
{
	drmEventContext context = {.version = 2, .page_flip_handler = take_flip};

	if (drmHandleEvent(s->kms.fd, &context) < 0 && errno != EAGAIN && errno != EINTR)
		return -errno;
	return present(s);
}

int screen_dark(struct screen *s)
{
	drmEventContext context = {.version = 2, .page_flip_handler = take_flip};
	int r = commit(s, NULL, DRM_MODE_ATOMIC_ALLOW_MODESET);

	if (r < 0)
		return r;
	/* It waited for the picture that was coming, whose event is there by now. */
	drmHandleEvent(s->kms.fd, &context);
	s->shown = s->coming = s->drawn = NULL;
	return 0;
}

/* --- the whole --- */

static int prepare(struct screen *s)
{
	const drmModeModeInfo *mode = &s->kms.output.mode;

	s->n_planes = planes_find(&s->kms, s->planes);
	if (s->n_planes < 0)
		return s->n_planes;
	return framebuffer_create(&s->background, &s->kms, DRM_FORMAT_XRGB8888, mode->hdisplay,
				  mode->vdisplay);
}

int screen_open(struct screen *s, const char *device, const char *connector, char why[KMS_WHY_SIZE])
{
	int r;

	*s = (struct screen){};
	r = kms_open(&s->kms, device, connector, why);
	if (r < 0)
		return r;
	r = prepare(s);
	if (r < 0) {
		snprintf(why, KMS_WHY_SIZE, "%s: %s", s->kms.output.name, strerror(-r));
		screen_close(s);
	}
	return r;
}

void screen_close(struct screen *s)
{
	if (s->kms.fd < 0)
		return;
	/* The planes of ours go off first: what was there before knows nothing of them. */
	if (s->background.id)
		screen_dark(s);
	kms_restore(&s->kms);
	free_canvases(s);
	framebuffer_destroy(&s->background, &s->kms);
	kms_close(&s->kms);
}
