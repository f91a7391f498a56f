// SPDX-License-Identifier: LGPL-2.1-or-later
/* A certificate for a client, issued by the device for a key that is made here. */
#pragma once

#include "ctl/ctl.h"
#include "ctl/key-file.h"

/* Makes the key and has its certificate issued; expires: us, 0: never. Returns 0 or the exit
 * status; key_file_free(*ret). */
int certificate_issue(struct ctl *ctl, const char *client, uint64_t expires, struct key_file **ret);

/* The CA's certificate, PEM; the caller frees. */
int certificate_ca(struct ctl *ctl, char **ret);
