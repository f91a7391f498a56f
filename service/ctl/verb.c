// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/verb.h"

#include <string.h>

#include "base/cleanup.h"
#include "ctl/text.h"

/* More of them are told by --help alone. */
#define OPTIONS_ON_A_LINE 3

static void print_operands(const struct verb *verb, FILE *to)
{
	if (verb->synopsis) {
		fprintf(to, " %s", verb->synopsis);
		return;
	}
	for (unsigned i = 0; i < VERB_OPERANDS_MAX && verb->operand[i]; i++)
		fprintf(to, i < verb->n_required ? " %s" : " [%s]", verb->operand[i]);
	if (verb->repeats)
		fputs(" ...", to);
}

void verb_print_usage(const struct verb *verb, FILE *to)
{
	if (!verb) {
		fputs("Usage: camwardctl VERB [ARGUMENTS] [--json]; camwardctl --help lists them\n",
		      to);
		return;
	}
	fprintf(to, "Usage: camwardctl %s", verb->name);
	print_operands(verb, to);
	if (verb->option[OPTIONS_ON_A_LINE].name) {
		fputs(" [OPTIONS] [--json]\n", to);
		return;
	}
	for (unsigned i = 0; i < VERB_OPTIONS_MAX && verb->option[i].name; i++) {
		const struct verb_option *option = &verb->option[i];

		if (verb->synopsis && strstr(verb->synopsis, option->name))
			continue;
		if (option->required)
			fprintf(to, " %s %s", option->name, option->value);
		else if (option->value)
			fprintf(to, " [%s %s]", option->name, option->value);
		else
			fprintf(to, " [%s]", option->name);
	}
	fputs(" [--json]\n", to);
}

static void print_option(const char *name, const char *value, const char *help)
{
	int used = printf("  %s%s%s", name, value ? " " : "", value ? value : "");

	printf("%*s%s\n", used < 26 ? 26 - used : 1, "", help);
}

/* As a sentence. */
static void print_summary(const char *summary)
{
	printf("%c%s.\n", summary[0] - 'a' + 'A', summary + 1);
}

void verb_print_help(const struct verb *verb)
{
	verb_print_usage(verb, stdout);
	putchar('\n');
	if (verb->help)
		puts(verb->help);
	else
		print_summary(verb->summary);
	puts("\nOptions:");
	for (unsigned i = 0; i < VERB_OPTIONS_MAX && verb->option[i].name; i++)
		print_option(verb->option[i].name, verb->option[i].value, verb->option[i].help);
	print_option("--json", NULL, "print JSON for programs instead of text");
	print_option("--help", NULL, "print this");
	printf("\nExample:\n%s\n", verb->example);
}

static int unknown_option(const struct verb *verb, const char *given, size_t length)
{
	const char *names[VERB_OPTIONS_MAX + 2] = {"--json", "--help"}, *nearest;
	char name[64];
	size_t n = 2;

	for (unsigned i = 0; i < VERB_OPTIONS_MAX && verb->option[i].name; i++)
		names[n++] = verb->option[i].name;
	snprintf(name, sizeof(name), "%.*s", (int)length, given);
	nearest = text_nearest(name, names, n);
	if (nearest)
		return ctl_misused(verb, "%s has no option %s; did you mean %s?", verb->name, name,
				   nearest);
	return ctl_misused(verb, "%s has no option %s.", verb->name, name);
}

/* The index of the option in the verb, or -1. */
static int find_option(const struct verb *verb, const char *given, size_t length)
{
	for (int i = 0; i < VERB_OPTIONS_MAX && verb->option[i].name; i++)
		if (strlen(verb->option[i].name) == length &&
		    strncmp(verb->option[i].name, given, length) == 0)
			return i;
	return -1;
}

/*
 * An option of the verb's own. *i: its index in argv; moved to that of its value if this is a word
 * of its own. A word that looks like an option is none: the value was forgotten.
 */
static int parse_option(const struct verb *verb, char **argv, int argc, int *i, struct args *args)
{
	const char *given = argv[*i], *value = strchr(given, '=');
	size_t length = value ? (size_t)(value - given) : strlen(given);
	int at = find_option(verb, given, length);

	if (at < 0)
		return unknown_option(verb, given, length);
	if (args->option[at])
		return ctl_misused(verb, "%s is given twice.", verb->option[at].name);
	if (value)
		value++;
	else if (!verb->option[at].value)
		value = "";
	else if (*i + 1 < argc && strncmp(argv[*i + 1], "--", 2) != 0)
		value = argv[++*i];
	if (!verb->option[at].value && *value)
		return ctl_misused(verb, "%s takes no value.", verb->option[at].name);
	if (verb->option[at].value && (!value || !*value))
		return ctl_misused(verb, "%s needs a %s.", verb->option[at].name,
				   verb->option[at].value);
	args->option[at] = value;
	return 0;
}

/* After n operands. */
static bool takes_another(const struct verb *verb, unsigned n)
{
	unsigned named = 0;

	while (named < VERB_OPERANDS_MAX && verb->operand[named])
		named++;
	return n < named || (verb->repeats && n + 1 < named + VERB_REPEATED_MAX);
}

static int check_complete(const struct verb *verb, const struct args *args, unsigned n_operands)
{
	if (n_operands < verb->n_required)
		return ctl_misused(verb, "%s needs %s.", verb->name, verb->operand[n_operands]);
	for (unsigned i = 0; i < VERB_OPTIONS_MAX && verb->option[i].name; i++)
		if (verb->option[i].required && !args->option[i])
			return ctl_misused(verb, "%s needs %s %s.", verb->name,
					   verb->option[i].name, verb->option[i].value);
	return 0;
}

int verb_parse(struct ctl *ctl, const struct verb *verb, char **argv, int argc, struct args *ret,
	       bool *ret_help)
{
	bool options = true;
	unsigned n = 0;

	*ret = (struct args){0};
	for (int i = 0; i < argc; i++) {
		if (options && strcmp(argv[i], "--") == 0) {
			options = false;
		} else if (options && strcmp(argv[i], "--json") == 0) {
			ctl->json = true;
		} else if (options && (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))) {
			*ret_help = true;
		} else if (options && argv[i][0] == '-' && argv[i][1]) {
			int r = parse_option(verb, argv, argc, &i, ret);

			if (r)
				return r;
		} else if (!takes_another(verb, n)) {
			return ctl_misused(verb, "%s does not take the argument '%s'.", verb->name,
					   argv[i]);
		} else {
			ret->operand[n++] = argv[i];
		}
	}
	return *ret_help ? 0 : check_complete(verb, ret, n);
}

const char *verb_option(const struct verb *verb, const struct args *args, const char *name)
{
	for (unsigned i = 0; i < VERB_OPTIONS_MAX && verb->option[i].name; i++)
		if (strcmp(verb->option[i].name, name) == 0)
			return args->option[i];
	return NULL;
}
