// SPDX-License-Identifier: LGPL-2.1-or-later
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "ctl/text.h"
#include "ctl/verbs.h"

static void print_help(void)
{
	puts("camwardctl: who may watch which camera, who does, and how to end it.\n\n"
	     "Usage: camwardctl VERB [ARGUMENTS] [--json]\n\nVerbs:");
	for (size_t i = 0; verbs_at(i); i++)
		printf("  %-19s %s\n", verbs_at(i)->name, verbs_at(i)->summary);
	puts("\nOptions:\n"
	     "  --json          print JSON for programs instead of text\n"
	     "  --help          print this; after a verb, what it does, with an example\n"
	     "  --version       print the version\n\n"
	     "Times: 2026-01-02T10:00:00Z, \"2026-01-02 10:00\" (local), \"yesterday 18:00\", "
	     "today, "
	     "+2h,\n"
	     "-7d (s, m, h, d, w), now.\n"
	     "Exit status: 0 done, 1 failed, 2 misused.\n"
	     "DBUS_SYSTEM_BUS_ADDRESS chooses another bus than the system's.");
}

/* Options before the verb. Returns how many arguments they are; *ret_done: nothing else to do. */
static int parse_global(struct ctl *ctl, char **argv, int argc, int *ret_status, bool *ret_done)
{
	int i;

	for (i = 0; i < argc && argv[i][0] == '-'; i++) {
		*ret_done = true;
		if (strcmp(argv[i], "--json") == 0) {
			ctl->json = true;
			*ret_done = false;
		} else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			print_help();
			break;
		} else if (strcmp(argv[i], "--version") == 0) {
			puts("camwardctl " CAMWARD_VERSION);
			break;
		} else {
			*ret_status = ctl_misused(NULL, "There is no option %s.", argv[i]);
			break;
		}
	}
	return i;
}

static int run_verb(struct ctl *ctl, char **argv, int argc)
{
	struct args args;
	bool help = false;
	int words = 0, r;

	ctl->verb = verbs_find(argv, argc, &words);
	if (!ctl->verb)
		return verbs_unknown(argv, argc);
	r = verb_parse(ctl, ctl->verb, argv + words, argc - words, &args, &help);
	if (r)
		return r;
	if (help) {
		verb_print_help(ctl->verb);
		return CTL_OK;
	}
	return ctl->verb->run(ctl, &args);
}

int main(int argc, char **argv)
{
	struct ctl ctl = {0};
	int status = CTL_OK, n;
	bool done = false;

	setlocale(LC_CTYPE, "");
	n = parse_global(&ctl, argv + 1, argc - 1, &status, &done);
	if (!done && 1 + n < argc)
		status = run_verb(&ctl, argv + 1 + n, argc - 1 - n);
	else if (!done)
		status = ctl_misused(NULL, "What shall be done? Name a verb.");
	sd_bus_flush_close_unref(ctl.bus);
	if ((fflush(stdout) != 0 || ferror(stdout)) && status == CTL_OK)
		status = ctl_fail("Not everything could be written to standard output.");
	return status;
}
