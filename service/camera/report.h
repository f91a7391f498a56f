// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the camera tells the broker. Errors: those of chan_send(), with which the link is over. */
#pragma once

#include <stdint.h>

#include "base/chan.h"
#include "camera/epoch.h"
#include "camera/wake.h"
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

int report_ring(struct chan *link, const struct epoch *epoch, enum ring_stream stream,
		uint32_t turn);

/* Where a stream of the epoch stands as a lease begins, or ceases, to be able to read its ring. */
int report_sequence(struct chan *link, const struct epoch *epoch, uint64_t lease,
		    enum ring_stream stream, bool added);
/* The lease reads none of the rings any more that it was handed. */
int report_unseen(struct chan *link, const struct epoch *epoch, const struct wake *wake);

/* A local subscriber has memory now; or it has none, or no more. */
int report_subscribed(struct chan *link, const struct camera_subscriber *asked, const char *name,
		      int memory, const struct subscriber_format *format, uint64_t size);
int report_unsubscribed(struct chan *link, uint64_t epoch, uint64_t lease, const char *reason);
/* As report_sequence(): a local subscriber sees nothing that came before first; 0: nothing that has
 * come so far. */
int report_subscriber_sequence(struct chan *link, const struct epoch *epoch, uint64_t lease,
			       uint32_t right, enum ring_stream stream, uint64_t first, bool added);
