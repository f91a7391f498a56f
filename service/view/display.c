// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/display.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>

#include "base/cleanup.h"
#include "view/decoder.h"
#include "view/render.h"
#include "view/scanout.h"
#include "view/screen.h"
#include "view/sign.h"
#include "view/terminal.h"
#include "wire/h264-sps.h"
#include "wire/h264.h"

#define NEVER UINT64_MAX

/* How often to ask for a display that somebody else has. */
#define REGAIN_USEC 1000000ULL

struct display {
	struct display_config config;
	int epoll; /* of the device, the terminal, and the hardware decoder while it works */
	struct screen screen;
	char found[SCANOUT_PATH_SIZE]; /* a hardware decoder, if none was named */
	const char *node;              /* the one to use */
	struct scanout scanout;        /* with decode: the hardware decodes */
	uint32_t watched;              /* events of it that epoll waits for */
	bool software;                 /* the hardware is not there, or failed */
	struct decoder *decoder;
	struct render render;
	struct terminal terminal;
	bool away;       /* the display is somebody else's: another terminal is in front */
	bool excused;    /* the hardware was given up meanwhile, and is tried again afterwards */
	bool broken;     /* what comes cannot be decoded before a keyframe */
	uint64_t since;  /* what arrived before is never shown */
	uint64_t until;  /* when the picture is no longer live; NEVER: none is shown */
	uint64_t regain; /* when to ask for the display again; NEVER: the terminal will tell */
};

/* --- what is on the screen --- */

/* That the display is not ours now is no fault of a picture's or a decoder's. */
static int excuse(struct display *d, int r)
{
	if (r != -EACCES)
		return r;
	d->away = true;
	d->until = NEVER;
	d->regain = 0;
	d->screen.drawn = NULL;
	return 0;
}

static int blank(struct display *d)
{
	d->until = NEVER;
	return d->away ? 0 : excuse(d, screen_dark(&d->screen));
}

/* Nothing is live any more: pictures that the hardware has not given yet, neither. */
int display_forget(struct display *d, uint64_t now)
{
	d->since = now;
	return blank(d);
}

static int lay(struct display *d, const struct framebuffer *f, uint64_t arrived)
{
	int r = screen_lay(&d->screen, f);

	if (r == 0)
		d->until = arrived + DISPLAY_SILENCE_USEC;
	return excuse(d, r);
}

static void tell(const struct display *d, const char *decoder)
{
	const struct kms_output *o = &d->screen.kms.output;

	fprintf(stderr, "camward-view: %s: shown on %s, %ux%u, decoded by %s\n", d->config.camera,
		o->name, o->mode.hdisplay, o->mode.vdisplay, decoder);
}

/* --- by software --- */

static int draw(struct display *d, const struct picture *picture, uint64_t arrived)
{
	bool known = d->screen.width == picture->width && d->screen.height == picture->height;
	struct framebuffer *canvas;
	struct plane_area area;
	int r = screen_fit(&d->screen, picture->width, picture->height);

	if (r < 0)
		return excuse(d, r);
	if (!known)
		tell(d, "software");
	canvas = screen_canvas(&d->screen, &area);
	r = render_picture(&d->render, picture, canvas, &area);
	return r < 0 ? r : lay(d, canvas, arrived);
}

static int show_by_software(struct display *d, const struct stream_unit *unit, uint64_t now)
{
	struct picture picture;
	int r = decoder_take(d->decoder, unit->prefix, &picture);

	if (r >= 0)
		r = decoder_take(d->decoder, unit->bytes, &picture);
	/* It is decoded all the same: what comes later builds on it. */
	return r <= 0 || d->away ? r : draw(d, &picture, now);
}

/* --- by hardware --- */

static void watch_hardware(struct display *d)
{
	struct epoll_event event = {
		.events = d->scanout.decode ? v4l2_m2m_decode_events(d->scanout.decode) : 0};
	int fd = d->scanout.decode ? v4l2_m2m_decode_fd(d->scanout.decode) : -EBADF;

	if (event.events == d->watched)
		return;
	/* Out of it altogether when nothing is queued: it would report an error without end. */
	if (d->watched)
		epoll_ctl(d->epoll, EPOLL_CTL_DEL, fd, NULL);
	if (event.events)
		epoll_ctl(d->epoll, EPOLL_CTL_ADD, fd, &event);
	d->watched = event.events;
}

static int close_hardware(struct display *d)
{
	int fd = d->scanout.decode ? v4l2_m2m_decode_fd(d->scanout.decode) : -EBADF, r = 0;

	if (fd < 0)
		return 0;
	if (d->watched)
		epoll_ctl(d->epoll, EPOLL_CTL_DEL, fd, NULL);
	d->watched = 0;
	if (d->scanout.adopted)
		r = blank(d);
	scanout_close(&d->scanout, &d->screen);
	return r;
}

/* For good, if the screen is ours: what failed is no help to anybody who looks at it. */
static int give_hardware_up(struct display *d, int why)
{
	bool slow = why == -EAGAIN || why == -ETIMEDOUT;

	fprintf(stderr, "camward-view: %s: the hardware decoder is of no use (%s): by software\n",
		d->config.camera, slow ? "it does not keep up" : strerror(-why));
	d->software = d->broken = true;
	d->excused = d->away;
	return close_hardware(d);
}

/* The size that a unit's parameter set says; false: it has none. */
static bool find_size(struct slice bytes, struct h264_sps *ret)
{
	struct h264_iter it;
	struct slice nal;

	h264_iter_init(&it, bytes);
	while (h264_iter_next(&it, &nal))
		if (h264_nal_type(nal) == H264_NAL_SPS)
			return h264_sps_parse(ret, nal) == 0;
	return false;
}

/* A decoder for what begins here; none: software has to do. */
static int follow_size(struct display *d, const struct stream_unit *unit)
{
	struct h264_sps sps;
	int r;

	if (!find_size(unit->prefix, &sps) && !find_size(unit->bytes, &sps))
		return 0;
	if (d->scanout.decode && d->scanout.width == sps.width && d->scanout.height == sps.height)
		return 0;
	r = close_hardware(d);
	if (r < 0)
		return r;
	r = scanout_open(&d->scanout, &d->screen, d->node, sps.width, sps.height);
	if (r < 0 && d->config.decoder)
		return give_hardware_up(d, r);
	d->software = r < 0;
	d->excused = d->software && d->away;
	return 0;
}

static int lay_scanout(struct display *d, const struct framebuffer *f, uint64_t arrived)
{
	bool known = d->scanout.adopted;
	int r = scanout_prepare(&d->scanout, &d->screen, f);

	if (r < 0)
		return excuse(d, r);
	if (!known)
		tell(d, v4l2_m2m_decode_name(d->scanout.decode));
	return lay(d, f, arrived);
}

static int take_pictures(struct display *d)
{
	const struct framebuffer *f;
	uint64_t arrived;
	int r = 0;

	while (r == 0) {
		r = scanout_return(&d->scanout, &d->screen);
		if (r == 0)
			r = scanout_next(&d->scanout, &d->screen, &f, &arrived);
		if (r == 0 && !d->away && arrived >= d->since)
			r = lay_scanout(d, f, arrived);
	}
	if (r != -EAGAIN)
		return give_hardware_up(d, r);
	watch_hardware(d);
	return 0;
}

static int show_by_hardware(struct display *d, const struct stream_unit *unit, uint64_t now)
{
	int r = scanout_put(&d->scanout, unit->prefix, unit->bytes, now);

	return r < 0 ? give_hardware_up(d, r) : take_pictures(d);
}

int display_show(struct display *d, const struct stream_unit *unit, uint64_t now)
{
	int r = 0;

	if (d->broken && !unit->keyframe)
		return 0;
	d->broken = false;
	if (unit->keyframe && !d->software)
		r = follow_size(d, unit);
	if (r < 0 || d->broken)
		return r;
	if (d->scanout.decode)
		return show_by_hardware(d, unit, now);
	r = show_by_software(d, unit, now);
	d->broken = r < 0;
	return r < 0 ? r : 0;
}

/* --- who has the display --- */

static int leave(struct display *d)
{
	int r = blank(d);

	d->away = true;
	d->regain = NEVER;
	drmDropMaster(d->screen.kms.fd);
	terminal_left(&d->terminal);
	return r;
}

static int come_back(struct display *d, uint64_t now)
{
	int r = 0;

	d->away = drmSetMaster(d->screen.kms.fd) != 0;
	if (!d->away)
		r = blank(d);
	d->regain = d->away ? now + REGAIN_USEC : NEVER;
	if (!d->away && d->excused)
		d->software = d->excused = false;
	return r;
}

const char *display_decoder(const struct display *d)
{
	return d->node;
}

int display_fd(const struct display *d)
{
	return d->epoll;
}

uint64_t display_deadline(const struct display *d)
{
	uint64_t stall = d->scanout.decode ? v4l2_m2m_decode_deadline(d->scanout.decode) : NEVER;

	stall = d->regain < stall ? d->regain : stall;
	return stall < d->until ? stall : d->until;
}

int display_advance(struct display *d, uint64_t now)
{
	enum terminal_event event;
	int r = excuse(d, screen_take_events(&d->screen));

	while (r == 0 && (event = terminal_next(&d->terminal)) != TERMINAL_QUIET)
		r = event == TERMINAL_LEAVE ? leave(d) : come_back(d, now);
	if (r == 0 && now >= d->regain)
		r = come_back(d, now);
	if (r == 0 && d->scanout.decode)
		r = take_pictures(d);
	if (r == 0 && now >= d->until)
		r = blank(d);
	return r;
}

/* --- the whole --- */

static int watch(struct display *d, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return fd >= 0 && epoll_ctl(d->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* Now, as nothing else can be opened later on. */
static void find_hardware(struct display *d)
{
	d->node = d->config.decoder ? d->config.decoder : d->found;
	if (d->config.by_software)
		d->software = true;
	else if (!d->config.decoder)
		d->software = scanout_find(&d->screen, d->found) < 0;
	if (d->software)
		d->node = NULL;
}

static int prepare(struct display *d)
{
	int r = decoder_new(&d->decoder);

	d->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (r == 0 && d->epoll < 0)
		r = -errno;
	if (r == 0)
		r = sign_draw(&d->screen.background, d->config.camera);
	if (r == 0)
		r = terminal_take(&d->terminal);
	if (r == 0)
		r = watch(d, d->terminal.signals);
	if (r == 0)
		r = watch(d, d->screen.kms.fd);
	return r < 0 ? r : blank(d);
}

int display_open(const struct display_config *config, struct display **ret)
{
	struct display *d = calloc(1, sizeof(*d));
	char why[KMS_WHY_SIZE] = "no memory";
	int r = -ENOMEM;

	if (d) {
		*d = (struct display){.config = *config,
				      .epoll = -EBADF,
				      .until = NEVER,
				      .regain = NEVER,
				      .terminal = {.fd = -EBADF, .signals = -EBADF}};
		r = screen_open(&d->screen, config->device, config->connector, why);
	}
	if (r == 0) {
		find_hardware(d);
		r = prepare(d);
		snprintf(why, sizeof(why), "%s: %s", d->screen.kms.output.name, strerror(-r));
	}
	if (r < 0) {
		fprintf(stderr, "camward-view: --display: %s\n", why);
		d = display_close(d);
		r = -EINVAL;
	}
	*ret = d;
	return r;
}

struct display *display_close(struct display *d)
{
	if (!d)
		return NULL;
	close_hardware(d);
	screen_close(&d->screen);
	terminal_release(&d->terminal);
	decoder_free(d->decoder);
	render_release(&d->render);
	close_fd(d->epoll);
	free(d);
	return NULL;
}
