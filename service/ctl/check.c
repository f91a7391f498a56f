// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/check.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/parse.h"
#include "ctl/when.h"

#define REASON_LENGTH_MAX 127

int check_name(struct ctl *ctl, const char *what, const char *name)
{
	if (name_valid(name))
		return 0;
	return ctl_misused(ctl->verb,
			   "'%s' cannot be the %s's name: names are 1 to %d of a-z, 0-9, '.', "
			   "'_' and '-', the first a letter or a digit.",
			   name, what, NAME_MAX_LENGTH);
}

int check_id(struct ctl *ctl, const char *what, const char *text)
{
	uint64_t id;

	if (parse_u64(text, UINT64_MAX, &id) == 0 && (*text != '0' || !text[1]))
		return 0;
	return ctl_misused(ctl->verb, "'%s' is not the number of a %s.", text, what);
}

int check_time(struct ctl *ctl, const struct args *args, const char *option, uint64_t *ret)
{
	const char *text = verb_option(ctl->verb, args, option);
	int r;

	*ret = 0;
	if (!text)
		return 0;
	r = when_parse(text, clock_realtime(), ret);
	if (r == -ERANGE)
		return ctl_misused(ctl->verb, "%s: there is no such time as '%s'.", option, text);
	if (r < 0)
		return ctl_misused(ctl->verb,
				   "%s: '%s' is not a time; write 2026-01-02T10:00:00Z, "
				   "\"2026-01-02 10:00\" (local), yesterday, -2h, +2h or now.",
				   option, text);
	return 0;
}

int check_end(struct ctl *ctl, const struct args *args, const char *option, uint64_t *ret)
{
	int r = check_time(ctl, args, option, ret);

	if (r || !*ret || *ret > clock_realtime())
		return r;
	return ctl_misused(ctl->verb, "%s: '%s' is not ahead of now.", option,
			   verb_option(ctl->verb, args, option));
}

int check_reason(struct ctl *ctl, const char *reason)
{
	size_t length = strlen(reason);

	for (size_t i = 0; i < length; i++)
		if (reason[i] < 0x20 || reason[i] > 0x7e)
			return ctl_misused(ctl->verb, "The reason may hold printable ASCII only.");
	if (length > REASON_LENGTH_MAX)
		return ctl_misused(ctl->verb, "The reason is longer than %d characters.",
				   REASON_LENGTH_MAX);
	return 0;
}
