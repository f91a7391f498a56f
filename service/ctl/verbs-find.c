// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which verb is meant, and what to say if it is none. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "ctl/text.h"
#include "ctl/verbs.h"

#define VERBS_MAX 64
#define TWO_WORDS 64

const struct verb *verbs_at(size_t i)
{
	if (i < verbs_looking_count)
		return &verbs_looking[i];
	i -= verbs_looking_count;
	return i < verbs_access_count ? &verbs_access[i] : NULL;
}

static const struct verb *find(const char *name)
{
	const struct verb *verb;

	for (size_t i = 0; (verb = verbs_at(i)); i++)
		if (strcmp(verb->name, name) == 0)
			return verb;
	return NULL;
}

static bool join(char **argv, int argc, char to[TWO_WORDS])
{
	return argc > 1 && argv[1][0] != '-' &&
	       snprintf(to, TWO_WORDS, "%s %s", argv[0], argv[1]) < TWO_WORDS;
}

const struct verb *verbs_find(char **argv, int argc, int *ret_words)
{
	const struct verb *verb = NULL;
	char two[TWO_WORDS];

	*ret_words = 2;
	if (join(argv, argc, two))
		verb = find(two);
	if (!verb) {
		*ret_words = 1;
		verb = find(argv[0]);
	}
	return verb;
}

/* "client" alone: the verbs that begin with it. */
static int incomplete(const char *word)
{
	char list[256] = "";
	size_t length = strlen(word);

	for (size_t i = 0; verbs_at(i); i++) {
		const char *name = verbs_at(i)->name;
		size_t used = strlen(list);

		if (strncmp(name, word, length) == 0 && name[length] == ' ')
			snprintf(list + used, sizeof(list) - used, "%s'%s'", used ? ", " : "",
				 name);
	}
	if (!*list)
		return 0;
	return ctl_misused(NULL, "'%s' needs a second word: %s.", word, list);
}

int verbs_unknown(char **argv, int argc)
{
	const char *names[VERBS_MAX], *nearest = NULL, *given = argv[0];
	char two[TWO_WORDS];
	size_t n = 0;
	int r;

	for (; n < VERBS_MAX && verbs_at(n); n++)
		names[n] = verbs_at(n)->name;
	if (join(argv, argc, two)) {
		nearest = text_nearest(two, names, n);
		given = nearest ? two : given;
	}
	if (!nearest) {
		r = incomplete(argv[0]);
		if (r)
			return r;
		nearest = text_nearest(argv[0], names, n);
	}
	if (nearest)
		return ctl_misused(NULL, "There is no verb '%s'; did you mean '%s'?", given,
				   nearest);
	return ctl_misused(NULL, "There is no verb '%s'.", argv[0]);
}
