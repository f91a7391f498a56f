// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What camwardctl can be told: one struct verb each, all in main.c. Usage lines and --help are made
 * from it, and the arguments are checked against it before the verb runs.
 */
#pragma once

#include <stdio.h>

#include "ctl/ctl.h"

#define VERB_OPERANDS_MAX 3
#define VERB_OPTIONS_MAX  8
/* Of a verb whose last operand may be given again and again. */
#define VERB_REPEATED_MAX 32

struct verb_option {
	const char *name;  /* "--until" */
	const char *value; /* "TIME"; NULL: takes none */
	const char *help;
	bool required;
};

/* What was given; the strings are argv's. */
struct args {
	/* NULL: not given; the last stands before one NULL at least */
	const char *operand[VERB_OPERANDS_MAX + VERB_REPEATED_MAX];
	const char *option[VERB_OPTIONS_MAX]; /* as verb->option; "" for one without a value */
};

struct verb {
	const char *name; /* one word, or two: "client add" */
	const char *operand[VERB_OPERANDS_MAX];
	unsigned n_required; /* of the operands */
	bool repeats;        /* the last operand can be given VERB_REPEATED_MAX times */
	const char
		*synopsis; /* instead of the operands' names, where these are not the whole story */
	struct verb_option option[VERB_OPTIONS_MAX];
	const char *summary; /* half a line */
	const char *help;    /* what it does, in full sentences; NULL: the summary says it all */
	const char *example; /* lines, each indented by four */
	int (*run)(struct ctl *ctl, const struct args *args);
};

/* "Usage: camwardctl VERB ..." on one line; NULL: of the program. */
void verb_print_usage(const struct verb *verb, FILE *to);
void verb_print_help(const struct verb *verb);

/*
 * Sorts what follows the verb's name; options may stand anywhere, as "--until TIME" or
 * "--until=TIME"; "--" ends them. --json is noted in ctl, --help in *ret_help.
 */
int verb_parse(struct ctl *ctl, const struct verb *verb, char **argv, int argc, struct args *ret,
	       bool *ret_help);

/* The option's value, "" if it takes none, or NULL if it was not given. */
const char *verb_option(const struct verb *verb, const struct args *args, const char *name);
