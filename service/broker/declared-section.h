// SPDX-License-Identifier: LGPL-2.1-or-later
/* One section of a file in policy.d: the keys that it knows, and what they take
 * (declared-file.h). */
#pragma once

#include "broker/declared.h"

enum declared_kind {
	DECLARED_GRANT,
	DECLARED_CLIENT,
};

/* Where its values go: the one that is of its kind, which is the caller's. */
struct declared_section {
	enum declared_kind kind;
	struct declaration *grant;
	struct declared_client *client;
};

/* A number that stands for the key. -ENOENT: sections of this kind have none of this name. */
int declared_section_find_key(enum declared_kind kind, const char *name);
/* In words, for people; a constant. */
const char *declared_section_takes(int key);

/* Parses the value into what the section is of. false: it is none that the key takes. */
bool declared_section_take(const struct declared_section *s, int key, const char *value);
/* What the section as a whole lacks, in words, a constant; NULL: nothing. */
const char *declared_section_lacks(const struct declared_section *s);
