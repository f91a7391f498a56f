// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A channel (base/chan.h) in the broker's event loop. However a link ends (the peer's end, a
 * message that is not permitted, a send that failed, link_fail()), its owner hears of it once, from
 * the loop and never from within a handler or a send: so whoever sends need not ask whether the
 * object is still there afterwards.
 */
#pragma once

#include <systemd/sd-event.h>

#include "base/chan.h"

struct link {
	struct chan chan;
	sd_event_source *io;
	sd_event_source *over; /* runs on_over */
	int error;             /* why it is over: 0 the peer's end, or -errno */
	void (*on_over)(void *userdata, int error);
	void *userdata;
};

/*
 * Takes fd, also on failure. The handlers of the rules and on_over get userdata; on_over is where
 * the owner releases the link. priority: sd-event's.
 */
int link_open(struct link *l, sd_event *event, int64_t priority, int fd, uint16_t version,
	      const struct chan_rule *rules, size_t n_rules, uint32_t state,
	      void (*on_over)(void *userdata, int error), void *userdata);

/* Closes at once and forgets on_over; may be called from a handler, which then returns negative. */
void link_close(struct link *l);

/* Closes the descriptor at once, on_over follows from the loop. */
void link_fail(struct link *l, int error);

static inline bool link_is_open(const struct link *l)
{
	return l->chan.fd >= 0;
}

/* The peer is known to be dead: hands on what it said before, then on_over follows. */
void link_drain(struct link *l);

/* Sends, or fails the link; a link that is over swallows what is sent. */
void link_send(struct link *l, uint16_t type, void *message, size_t size, const int *fds,
	       size_t n_fds);

#define link_send_message(l, type, message) link_send(l, type, message, sizeof(*(message)), NULL, 0)
