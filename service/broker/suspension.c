// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/suspension.h"

#include "base/cleanup.h"

static const char *const kinds[] = {
	[SUSPENSION_ALL] = "all",
	[SUSPENSION_CAMERA] = "camera",
	[SUSPENSION_CLIENT] = "client",
	[SUSPENSION_INTEGRATION] = "integration",
};

static bool kind_valid(enum suspension_kind kind)
{
	return (size_t)kind < ARRAY_SIZE(kinds) && kinds[kind];
}

const char *suspension_kind_to_text(enum suspension_kind kind)
{
	return kind_valid(kind) ? kinds[kind] : "unknown";
}

int suspension_kind_from_text(const char *text, enum suspension_kind *ret)
{
	for (size_t i = SUSPENSION_ALL; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(text, kinds[i]) == 0) {
			*ret = (enum suspension_kind)i;
			return 0;
		}
	return -EINVAL;
}

int suspension_check(const struct suspension *suspension)
{
	if (!kind_valid(suspension->kind))
		return -EINVAL;
	if (suspension->kind == SUSPENSION_ALL)
		return suspension->name[0] ? -EINVAL : 0;
	return name_valid(suspension->name) ? 0 : -EINVAL;
}
