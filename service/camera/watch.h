// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The descriptors of a running epoch in the event loop: its source's and its encoders'. What they
 * are polled for changes with who holds which buffers; encoders come late, and may be opened anew.
 *
 *	begin -> admit -> { update after each event } -> end
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "camera/epoch.h"

/* Zero-initialised: ended. */
struct watch {
	sd_event *event;
	struct epoch *epoch; /* borrowed */
	sd_event_io_handler_t on_frame, on_encoder;
	void *userdata; /* of both */
	bool admitted;
	sd_event_source *source;
	uint32_t source_events; /* 0: it rests */
	struct watch_encoder {
		sd_event_source *source; /* NULL: it has no descriptor */
		uint32_t events;         /* 0: it rests */
		unsigned int opened;     /* which descriptor it is */
	} encoders[EPOCH_STREAMS][ENCODER_N_PARTS];
};

/* event, epoch, userdata and both handlers are the caller's to fill in; all else is 0. Frames wait
 * until they are admitted. */
int watch_begin(struct watch *w);
void watch_end(struct watch *w);

/* From now on, frames are taken. */
int watch_admit(struct watch *w);

/* What is polled for follows the epoch. */
int watch_update(struct watch *w);
