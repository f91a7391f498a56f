// SPDX-License-Identifier: LGPL-2.1-or-later
/* Where the token comes from: the URL, a file, the environment, or whoever is asked. */
#pragma once

#include "view/url.h"

#define SECRET_VARIABLE "CAMWARD_TOKEN"

/* Finds the token of url->client unless url has one; file NULL: none was named. The environment
 * forgets it. Says on standard error what is wrong and returns -EINVAL. */
int secret_find(struct url *url, const char *file);

/* For a process that does not need it: the environment forgets it. */
void secret_forget(void);
