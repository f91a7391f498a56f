// SPDX-License-Identifier: LGPL-2.1-or-later
/* From the database into the memory, at start. */
#pragma once

#include "broker/db.h"
#include "broker/policy.h"

/* -EUCLEAN: what is there is not sound. What was loaded before stays in policy. */
int store_load(sqlite3 *db, struct policy *policy);
