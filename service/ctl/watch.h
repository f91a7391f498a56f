// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A running `camwardctl watch`. watch.c follows the service's signals and keeps the tree of its
 * objects; events.c makes sentences of what changes in it.
 */
#pragma once

#include "ctl/json.h"

struct watch {
	struct ctl *ctl;
	struct json_object *tree;    /* as objects_fetch() gives it */
	struct json_object *manager; /* the manager's properties, as on the bus */
	char *owner;                 /* the service's unique name; NULL: it is not running */
	int failed;                  /* an exit status that ends the loop */
};

/*
 * Writes one event: with --json {"time": now, "event": name} and the fields, on one line; else the
 * time and the sentence. Takes ownership of the fields; NULL: none.
 */
void watch_tell(struct watch *watch, const char *name, struct json_object *fields,
		const char *format, ...) __attribute__((format(printf, 4, 5)));
