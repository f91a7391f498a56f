// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/ctl.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "ctl/text.h"
#include "ctl/verb.h"

__attribute__((format(printf, 1, 0))) static void say(const char *format, va_list args)
{
	_cleanup_free_ char *sentence = NULL, *printable = NULL;

	if (vasprintf(&sentence, format, args) < 0)
		sentence = NULL;
	if (sentence)
		printable = text_printable(sentence);
	fprintf(stderr, "camwardctl: %s\n", printable ? printable : "out of memory");
}

int ctl_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	return CTL_FAILED;
}

int ctl_misused(const struct verb *verb, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	verb_print_usage(verb, stderr);
	return CTL_USAGE;
}

int ctl_out_of_memory(void)
{
	return ctl_fail("out of memory");
}
