// SPDX-License-Identifier: LGPL-2.1-or-later
/* One section of a file in policy.d: the keys that it knows, and what they take
 * (declared-file.h). */
#pragma once

#include "broker/declared.h"

enum declared_kind {
	DECLARED_GRANT,
	DECLARED_CLIENT,
};

/* Where its values go. */
struct declared_section {
	enum declared_kind kind;
	struct declaration *grant;
	struct declared_client *client;
};

/* -ENOENT: sections of this kind have none of this name. */
int declared_section_find_key(enum declared_kind kind, const char *name);
/* In words, for people. */
const char *declared_section_takes(int key);

/* false: the value is none that the key takes. */
bool declared_section_take(const struct declared_section *s, int key, const char *value);
/* What the section as a whole lacks, in words; NULL: nothing. */
const char *declared_section_lacks(const struct declared_section *s);
