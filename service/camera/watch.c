// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/watch.h"

#include <errno.h>

static int set_events(sd_event_source *s, uint32_t *present, uint32_t events)
{
	int r = 0;

	if (events == *present)
		return 0;
	if (events)
		r = sd_event_source_set_io_events(s, events);
	if (r >= 0 && (!events || !*present))
		r = sd_event_source_set_enabled(s, events ? SD_EVENT_ON : SD_EVENT_OFF);
	*present = events;
	return r;
}

static int add(struct watch *w, sd_event_source **ret, int fd, sd_event_io_handler_t handler)
{
	int r = sd_event_add_io(w->event, ret, fd, 0, handler, w->userdata);

	return r < 0 ? r : sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
}

static int update_source(struct watch *w)
{
	const struct source *s = w->epoch->source;
	int r = 0;

	/* Off and on again: it leaves the epoll set and joins it anew. */
	if (s->polled_anew && w->source_events)
		r = set_events(w->source, &w->source_events, 0);
	return r < 0 ? r : set_events(w->source, &w->source_events, source_events(s));
}

static const struct encoder *encoder_of(const struct watch *w, unsigned int stream)
{
	return w->epoch->streams[stream].encoder;
}

/* Closed, a descriptor has left the epoll set; its number may be that of the next. So all that are
 * no more are forgotten before one is added: else to forget an old one would take out the new. */
static void forget_closed(struct watch_encoder *e, const struct encoder *encoder,
			  enum encoder_part part)
{
	if (!encoder || e->opened != encoder->opened || encoder_fd(encoder, part) < 0)
		e->source = sd_event_source_disable_unref(e->source);
}

static int update_part(struct watch *w, struct watch_encoder *e, const struct encoder *encoder,
		       enum encoder_part part)
{
	int fd = encoder ? encoder_fd(encoder, part) : -EBADF, r = 0;

	if (fd < 0)
		return 0;
	if (!e->source) {
		e->events = 0;
		e->opened = encoder->opened;
		r = add(w, &e->source, fd, w->on_encoder);
	}
	return r < 0 ? r : set_events(e->source, &e->events, encoder_events(encoder, part));
}

int watch_begin(struct watch *w)
{
	return add(w, &w->source, source_fd(w->epoch->source), w->on_frame);
}

void watch_end(struct watch *w)
{
	for (unsigned int i = 0; i < EPOCH_STREAMS; i++)
		for (unsigned int part = 0; part < ENCODER_N_PARTS; part++)
			sd_event_source_disable_unref(w->encoders[i][part].source);
	sd_event_source_disable_unref(w->source);
	*w = (struct watch){};
}

int watch_admit(struct watch *w)
{
	w->admitted = true;
	return watch_update(w);
}

int watch_update(struct watch *w)
{
	int r = w->admitted ? update_source(w) : 0;

	for (unsigned int i = 0; i < EPOCH_STREAMS; i++)
		for (unsigned int part = 0; part < ENCODER_N_PARTS; part++)
			forget_closed(&w->encoders[i][part], encoder_of(w, i),
				      (enum encoder_part)part);
	for (unsigned int i = 0; i < EPOCH_STREAMS; i++)
		for (unsigned int part = 0; part < ENCODER_N_PARTS && r >= 0; part++)
			r = update_part(w, &w->encoders[i][part], encoder_of(w, i),
					(enum encoder_part)part);
	return r;
}
