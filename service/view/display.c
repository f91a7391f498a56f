// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/display.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>

#include "base/cleanup.h"
#include "view/decoder.h"
#include "view/render.h"
#include "view/screen.h"
#include "view/sign.h"
#include "view/terminal.h"

#define NEVER UINT64_MAX

struct display {
	int epoll; /* of the device and the terminal */
	struct screen screen;
	struct decoder *decoder;
	struct render render;
	struct terminal terminal;
	bool away;      /* another terminal is in front */
	bool broken;    /* the decoder waits for a keyframe */
	uint64_t until; /* when the picture is no longer live; NEVER: none is shown */
};

/* --- pictures --- */

int display_blank(struct display *d)
{
	d->until = NEVER;
	return d->away ? 0 : screen_dark(&d->screen);
}

static int draw(struct display *d, const struct picture *picture, uint64_t now)
{
	struct framebuffer *canvas;
	struct plane_area area;
	int r = screen_fit(&d->screen, picture->width, picture->height);

	if (r < 0)
		return r;
	canvas = screen_canvas(&d->screen, &area);
	r = render_picture(&d->render, picture, canvas, &area);
	if (r == 0)
		r = screen_present(&d->screen);
	if (r == 0)
		d->until = now + DISPLAY_SILENCE_USEC;
	return r;
}

int display_show(struct display *d, const struct stream_unit *unit, uint64_t now)
{
	struct picture picture;
	int r;

	if (d->broken && !unit->keyframe)
		return 0;
	r = decoder_take(d->decoder, unit->prefix, &picture);
	if (r >= 0)
		r = decoder_take(d->decoder, unit->bytes, &picture);
	d->broken = r < 0;
	/* It is decoded all the same: what comes later builds on it. */
	return r <= 0 || d->away ? r : draw(d, &picture, now);
}

/* --- who has the display --- */

static int leave(struct display *d)
{
	int r = display_blank(d);

	d->away = true;
	drmDropMaster(d->screen.kms.fd);
	terminal_left(&d->terminal);
	return r;
}

static int come_back(struct display *d)
{
	if (drmSetMaster(d->screen.kms.fd) != 0)
		return -errno;
	d->away = false;
	return display_blank(d);
}

int display_fd(const struct display *d)
{
	return d->epoll;
}

uint64_t display_deadline(const struct display *d)
{
	return d->until;
}

int display_advance(struct display *d, uint64_t now)
{
	enum terminal_event event;
	int r = d->away ? 0 : screen_take_events(&d->screen);

	while (r == 0 && (event = terminal_next(&d->terminal)) != TERMINAL_QUIET)
		r = event == TERMINAL_LEAVE ? leave(d) : come_back(d);
	if (r == 0 && now >= d->until)
		r = display_blank(d);
	return r;
}

/* --- the whole --- */

static int watch(struct display *d, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return fd >= 0 && epoll_ctl(d->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int prepare(struct display *d, const struct display_config *config)
{
	int r = decoder_new(&d->decoder);

	d->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (r == 0 && d->epoll < 0)
		r = -errno;
	if (r == 0)
		r = sign_draw(&d->screen.background, config->camera);
	if (r == 0)
		r = terminal_take(&d->terminal);
	if (r == 0)
		r = watch(d, d->terminal.signals);
	if (r == 0)
		r = watch(d, d->screen.kms.fd);
	return r < 0 ? r : display_blank(d);
}

int display_open(const struct display_config *config, struct display **ret)
{
	struct display *d = calloc(1, sizeof(*d));
	char why[KMS_WHY_SIZE] = "no memory";
	int r = -ENOMEM;

	if (d) {
		*d = (struct display){.epoll = -EBADF,
				      .until = NEVER,
				      .terminal = {.fd = -EBADF, .signals = -EBADF}};
		r = screen_open(&d->screen, config->device, config->connector, why);
	}
	if (r == 0) {
		r = prepare(d, config);
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
	screen_close(&d->screen);
	terminal_release(&d->terminal);
	decoder_free(d->decoder);
	render_release(&d->render);
	close_fd(d->epoll);
	free(d);
	return NULL;
}
