// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the owner has chosen for the controls of the camera: kept here while the device is closed.
 */
#pragma once

#include "camera/source.h"

#define CHOICES_MAX CAMERA_CHOICES_MAX

struct choices {
	size_t n;
	struct {
		char control[PROTO_CONTROL_SIZE];
		int32_t value;
	} of[CHOICES_MAX];
};

/* Keeps it in place of an earlier one. -ENOBUFS: CHOICES_MAX. */
int choices_keep(struct choices *choices, const char *control, int32_t value);

/* Sets all of them, as near as the controls can; what the device does not take is logged. */
void choices_apply(const struct choices *choices, struct source *source);
