// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a camera's process says of its epoch: its key, its rings, its leases. Handlers of the link's
 * permit table (camera-link.c); userdata: the struct camera.
 *
 * A message may cross a STOP or the end of its lease: what is of an epoch, a turn or a lease that
 * was over before it arrived is dropped. -EPROTO: it speaks of what has never been, or twice.
 */
#pragma once

/* CAMERA_EPOCH_KEY: certified by the seal root, and answered. Other errors: the certificate could
 * not be made. */
int camera_epoch_on_key(void *userdata, const void *message, int *fds);
/* CAMERA_RING: kept by its stream, and told to the leases that wait for it. Other errors: the
 * memory is not one that only this process can write. */
int camera_epoch_on_ring(void *userdata, const void *message, int *fds);
/* CAMERA_SEQUENCE: how far a lease was exposed, also one that is being closed. */
int camera_epoch_on_sequence(void *userdata, const void *message, int *fds);
/* CAMERA_STATEMENT: for a viewer's nonce. */
int camera_epoch_on_statement(void *userdata, const void *message, int *fds);
/* CAMERA_SUBSCRIBED, CAMERA_UNSUBSCRIBED: a local subscriber's memory is there; it cannot be. */
int camera_epoch_on_subscribed(void *userdata, const void *message, int *fds);
int camera_epoch_on_unsubscribed(void *userdata, const void *message, int *fds);
