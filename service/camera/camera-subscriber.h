// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the camera does about local subscribers. Errors: the link's, as in camera-run.h. */
#pragma once

#include "camera/camera-run.h"

void camera_subscribers_init(struct camera *c);

/* The broker wants memory for one; pages are the descriptors that came with it. */
int camera_subscribe(struct camera *c, const struct camera_subscriber *m,
		     const int pages[CAMERA_SUBSCRIBER_FDS]);

/* ADD_WAKE and DROP_WAKE of a lease that is a subscriber's; 1: it was not, and is a viewer's. Takes
 * *socket. */
int camera_attach_subscriber(struct camera *c, const struct camera_add_wake *m, int *socket);
int camera_drop_subscriber(struct camera *c, uint64_t lease);

/* Their epoch ends, which is still there: up to where each could see it. */
int camera_tell_subscribers_end(struct camera *c);
