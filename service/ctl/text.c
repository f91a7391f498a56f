// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/cleanup.h"

#define WORD_MAX     32 /* longer words are no misspelling of a verb */
#define DISTANCE_MAX 2

static bool c1_control(const unsigned char *c)
{
	return c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f;
}

char *text_printable(const char *text)
{
	char *copy = strdup(text), *to = copy;

	if (!copy)
		return NULL;
	for (const unsigned char *from = (const unsigned char *)text; *from; from++) {
		if (c1_control(from)) {
			from++;
			*to++ = '?';
		} else {
			*to++ = *from < 0x20 || *from == 0x7f ? '?' : (char)*from;
		}
	}
	*to = 0;
	return copy;
}

/* Bytes and columns of the character at text; what the locale cannot read is one byte wide. */
static size_t next_character(const char *text, size_t *ret_columns)
{
	mbstate_t state = {0};
	wchar_t wide;
	size_t n = mbrtowc(&wide, text, strlen(text), &state);
	int columns;

	if (n == 0 || n > strlen(text)) {
		*ret_columns = 1;
		return 1;
	}
	columns = wcwidth(wide);
	*ret_columns = columns < 0 ? 1 : (size_t)columns;
	return n;
}

size_t text_width(const char *text)
{
	size_t width = 0, columns;

	while (*text) {
		text += next_character(text, &columns);
		width += columns;
	}
	return width;
}

void text_truncate(char *text, size_t width)
{
	size_t used = 0, columns;

	while (*text) {
		size_t n = next_character(text, &columns);

		if (used + columns > width) {
			*text = 0;
			return;
		}
		used += columns;
		text += n;
	}
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Levenshtein's distance, in which two swapped neighbours count once. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1] = {0};
	size_t *before = rows[0], *above = rows[1], *row = rows[2];
	size_t n_a = strlen(a), n_b = strlen(b);

	for (size_t j = 0; j <= n_b; j++)
		above[j] = j;
	for (size_t i = 1; i <= n_a; i++) {
		size_t *spare = before;

		row[0] = i;
		for (size_t j = 1; j <= n_b; j++) {
			row[j] = min3(above[j] + 1, row[j - 1] + 1,
				      above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		before = above;
		above = row;
		row = spare;
	}
	return above[n_b];
}

const char *text_nearest(const char *word, const char *const *words, size_t n_words)
{
	const char *nearest = NULL;
	size_t least = DISTANCE_MAX + 1;

	if (strlen(word) > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n_words; i++) {
		size_t d;

		if (strlen(words[i]) > WORD_MAX)
			continue;
		d = distance(word, words[i]);
		/* A word that shares no letter is not near, however short. */
		if (d < least && d < strlen(words[i])) {
			least = d;
			nearest = words[i];
		}
	}
	return nearest;
}
