// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the camera tells the broker. Errors: those of chan_send(), with which the link is over. */
#pragma once

#include <stdint.h>

#include "base/chan.h"
#include "camera/epoch.h"
#include "proto/camera-msg.h"

int report_hello(struct chan *link, const char *name);

/* epoch: NULL when none runs; then of the source only its description is told. */
int report_state(struct chan *link, enum camera_condition condition, const struct source *source,
		 const struct epoch *epoch, const char *reason);

/* All controls of the source, which is open or has none. */
int report_controls(struct chan *link, struct source *source);
int report_set_done(struct chan *link, uint64_t request, int error, int32_t value);

int report_epoch_key(struct chan *link, uint64_t epoch, const struct sealer *sealer);
int report_statement(struct chan *link, const struct camera_lease *lease,
		     const uint8_t statement[SEAL_STATEMENT_SIZE]);

int report_ring(struct chan *link, const struct epoch *epoch, enum ring_stream stream);

/* Where the epoch stands as a lease's wake is added or dropped. */
int report_sequence(struct chan *link, const struct epoch *epoch, uint64_t lease, bool added);
