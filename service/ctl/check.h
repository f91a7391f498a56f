// SPDX-License-Identifier: LGPL-2.1-or-later
/* What verbs ask of their arguments before anything is sent; misuse is said with the usage line. */
#pragma once

#include <stdint.h>

#include "ctl/verb.h"

/* A name of base/parse.h; what: "client", "camera", "integration". */
int check_name(struct ctl *ctl, const char *what, const char *name);

/* The number of a grant or a lease. */
int check_id(struct ctl *ctl, const char *what, const char *text);

/* The time that an option was given; 0 if it was not. */
int check_time(struct ctl *ctl, const struct args *args, const char *option, uint64_t *ret);

/* The same for the end of something, which must lie ahead; a time that is past helps nobody. */
int check_end(struct ctl *ctl, const struct args *args, const char *option, uint64_t *ret);

/* Text for people, as the service takes it. */
int check_reason(struct ctl *ctl, const char *reason);
