// SPDX-License-Identifier: LGPL-2.1-or-later
/* What verbs that concern the device as a whole have in common. Returns 0 or the exit status. */
#pragma once

#include "ctl/verb.h"

/* Whether a person says yes on the terminal, or --yes was given. */
int erase_confirm(struct ctl *ctl, const struct args *args, const char *question);

/* A method of the manager's that takes the device's fingerprint, so that none is meant by mistake.
 */
int erase_call(struct ctl *ctl, const char *method);
