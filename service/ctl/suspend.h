// SPDX-License-Identifier: LGPL-2.1-or-later
/* How kinds of suspensions are called in sentences. */
#pragma once

/* "all" -> "everything"; the others are what they are. */
const char *suspend_noun(const char *kind);
