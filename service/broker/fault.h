// SPDX-License-Identifier: LGPL-2.1-or-later
/* The broker's faults on purpose (base/fault.h). */
#pragma once

#include "base/fault.h"

struct camera;
struct camera_stream;
struct lease;
struct session;

#ifdef CAMWARD_FAULTS
/* An epoch ends: its ring may be wanted. */
void fault_epoch_ends(const struct camera *camera);
/* What a lease is granted with, and who is told. */
void fault_grant(const struct lease *lease, struct camera_stream *ring, struct session **session);
/* What a lease that switches is handed. */
void fault_switch(const struct lease *lease, struct camera_stream *ring);
#else
static inline void fault_epoch_ends(const struct camera *camera)
{
}
static inline void fault_switch(const struct lease *lease, struct camera_stream *ring)
{
}
static inline void fault_grant(const struct lease *lease, struct camera_stream *ring,
			       struct session **session)
{
}
#endif
