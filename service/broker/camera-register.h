// SPDX-License-Identifier: LGPL-2.1-or-later
/* How a camera becomes known: once, with a UUID of its own, on disk before anybody is told. */
#pragma once

#include "broker/camera.h"

/*
 * The camera of this name, made known if it is not. Waits for the disk, so only at start-up, before
 * the loop runs; later cameras come by admission.h. Errors: -ENOBUFS (POLICY_CAMERAS_MAX), the
 * store's.
 */
int camera_register(struct broker *broker, const char *name, struct camera **ret);
