// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Aligned columns for people. On a terminal the last column is cut where the line would wrap;
 * into a file or a pipe everything is written.
 */
#pragma once

#include "base/cleanup.h"

#define TABLE_COLUMNS_MAX 12

struct table;

/* titles: "NAME", "STATE", ..., NULL. Returns NULL if memory runs out, as the next does. */
struct table *table_new(const char *const *titles);
/* Without a heading; each row begins with `indent` spaces. */
struct table *table_new_plain(unsigned n_columns, unsigned indent);
struct table *table_free(struct table *table);

/* Fills the next cell, row by row; the text is copied and made printable. */
void table_cell(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes it to standard output. Returns 0 or, if memory ran out on the way, CTL_FAILED. */
int table_print(const struct table *table);

static inline void table_freep(struct table **table)
{
	table_free(*table);
}
