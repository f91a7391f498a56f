// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which connector, mode and CRTC of a device are taken. */
#pragma once

#include "view/kms.h"

/*
 * Fills k->output: the connector of this name, else the first with a screen; the mode that the
 * screen prefers; the CRTC that feeds it already, else one that is free. Errors: -ENXIO (no screen
 * there, or none of that name), -EBUSY (no CRTC is free), -ENOTSUP, -errno; why says it in words.
 */
int kms_output_find(struct kms *k, const char *connector, char why[KMS_WHY_SIZE / 2]);
