// SPDX-License-Identifier: LGPL-2.1-or-later
/* Where viewers come to: Manager.Listeners, as objects_manager() gives it. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

/* "127.0.0.1", "::1" and the like: nobody else reaches it. */
bool listeners_is_loopback(const char *address);
/* "0.0.0.0", "::": all of the machine's. */
bool listeners_is_any(const char *address);

/* The one of this service ("rtsps", "https") that viewers are best told: if there is one that
 * others reach, that. NULL: there is none. */
const struct json_object *listeners_find(const struct json_object *manager, const char *service);

/* All, on one line of standard output: "rtsps [::]:322, https [::]:8443". */
void listeners_print(const struct json_object *manager);
