// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Text from elsewhere, made fit for a terminal. Names of clients and reasons may come from
 * strangers: control characters in them must not reach it.
 */
#pragma once

#include <stddef.h>

/* A copy in which each control character (C0, DEL, C1) is a "?"; NULL: out of memory. */
char *text_printable(const char *text);

/* Columns that the text takes on a terminal, in the current locale. */
size_t text_width(const char *text);

/* Shortens the text in place to at most `width` columns. */
void text_truncate(char *text, size_t width);

/* "1 viewer", "2 viewers": the plural of words that take an s. */
#define TEXT_PLURAL(n) ((n) == 1 ? "" : "s")

/* The word of the list that the given one is most likely a misspelling of, or NULL. */
const char *text_nearest(const char *word, const char *const *words, size_t n_words);
