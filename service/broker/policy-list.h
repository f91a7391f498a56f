// SPDX-License-Identifier: LGPL-2.1-or-later
/* The policy's lists of objects: arrays of pointers to copies of its own. Private to policy*.c. */
#pragma once

#include <stdlib.h>

#include "broker/policy.h"

/* Appends a copy of object, of size bytes, to one of the policy's lists. -ENOBUFS: it has max
 * already; -ENOMEM. */
int policy_list_append(void *list, size_t *n, size_t max, const void *object, size_t size);
/* Erases and frees it; the others keep their order. -ENOENT: it is not in the list. */
int policy_list_take_out(void *list, size_t *n, const void *object, size_t size);

#define APPEND(policy, list, object)                                                        \
	policy_list_append((policy)->list, &(policy)->n_##list, ARRAY_SIZE((policy)->list), \
			   object, sizeof(*(object)))
#define TAKE_OUT(policy, list, object) \
	policy_list_take_out((policy)->list, &(policy)->n_##list, object, sizeof(*(object)))

/* A suspension goes with what it is of; whoever was resuming it under its old name has come too
 * late. */
void policy_move_suspension(struct policy *policy, enum suspension_kind kind, const char *from,
			    const char *to);
