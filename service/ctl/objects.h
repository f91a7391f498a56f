// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What camwardd has on the bus, as JSON: the tree as the object manager tells it,
 *
 *	{path: {interface: {"NotBefore": 0, ...}}}
 *
 * and records made from it, which are what --json prints:
 *
 *	{"not_before": null, ...}
 *
 * In records names are lower case, times are RFC 3339 (null: none), and tokens and suspensions are
 * objects instead of structures. Both are owned by the caller who gets them.
 */
#pragma once

#include <stdio.h>

#include "ctl/json.h"
#include "ctl/when.h"

/* The whole tree. */
int objects_fetch(struct ctl *ctl, struct json_object **ret);

/* All records of one interface, sorted by name or id. */
int objects_list(struct ctl *ctl, const char *interface, struct json_object **ret);
/* The same from a tree. Returns NULL if memory runs out. */
struct json_object *objects_select(const struct json_object *tree, const char *interface);

/* The properties of one interface of one object of the tree (borrowed); NULL: none. */
struct json_object *objects_find(const struct json_object *tree, const char *path,
				 const char *interface);

/* The manager's record. */
int objects_manager(struct ctl *ctl, struct json_object **ret);

/* One record from the properties of an object. Returns NULL if memory runs out. */
struct json_object *objects_record(const struct json_object *properties);

/* A time in a record, for people: in the local zone, or `none` if it is null. */
const char *objects_when(const struct json_object *record, const char *key, const char *none,
			 char text[WHEN_STRING_SIZE]);
/* The file in policy.d that a client or an integration stands in, if any, before what follows. */
void objects_print_source(const struct json_object *record, FILE *stream);
