// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/table.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "ctl/ctl.h"
#include "ctl/text.h"

#define GAP            2 /* spaces between columns */
#define LAST_WIDTH_MIN 8 /* a last column narrower than this is left to wrap */

struct table {
	unsigned n_columns;
	unsigned indent;
	char **cell;
	size_t n_cells;
	bool failed; /* out of memory */
};

struct table *table_new_plain(unsigned n_columns, unsigned indent)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->n_columns = n_columns;
	table->indent = indent;
	return table;
}

struct table *table_new(const char *const *titles)
{
	unsigned n = 0;
	struct table *table;

	while (titles[n])
		n++;
	table = table_new_plain(n, 0);
	for (unsigned i = 0; table && i < n; i++)
		table_cell(table, "%s", titles[i]);
	return table;
}

struct table *table_free(struct table *table)
{
	if (!table)
		return NULL;
	for (size_t i = 0; i < table->n_cells; i++)
		free(table->cell[i]);
	free(table->cell);
	free(table);
	return NULL;
}

static int append(struct table *table, const char *text)
{
	char **cell = reallocarray(table->cell, table->n_cells + 1, sizeof(*cell));

	if (!cell)
		return -ENOMEM;
	table->cell = cell;
	cell[table->n_cells] = text_printable(text);
	if (!cell[table->n_cells])
		return -ENOMEM;
	table->n_cells++;
	return 0;
}

void table_cell(struct table *table, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;
	int r;

	va_start(args, format);
	r = vasprintf(&text, format, args);
	va_end(args);
	if (r < 0)
		text = NULL;
	if (!text || append(table, text) < 0)
		table->failed = true;
}

/* Columns of the terminal; 0: unlimited. */
static size_t terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return 0;
	return size.ws_col;
}

static void column_widths(const struct table *table, size_t *width)
{
	for (size_t i = 0; i < table->n_cells; i++) {
		size_t w = text_width(table->cell[i]);

		if (w > width[i % table->n_columns])
			width[i % table->n_columns] = w;
	}
}

static bool rest_empty(char **cell, unsigned from, unsigned n)
{
	for (unsigned i = from; i < n; i++)
		if (*cell[i])
			return false;
	return true;
}

static void print_row(const struct table *table, char **cell, const size_t *width, size_t available)
{
	size_t used = table->indent;

	printf("%*s", (int)table->indent, "");
	for (unsigned i = 0; i < table->n_columns; i++) {
		bool last = rest_empty(cell, i + 1, table->n_columns);

		if (last && available >= used + LAST_WIDTH_MIN)
			text_truncate(cell[i], available - used);
		fputs(cell[i], stdout);
		if (last)
			break;
		printf("%*s", (int)(width[i] - text_width(cell[i]) + GAP), "");
		used += width[i] + GAP;
	}
	putchar('\n');
}

int table_print(const struct table *table)
{
	size_t width[TABLE_COLUMNS_MAX] = {0}, available = terminal_width();

	if (table->failed)
		return ctl_out_of_memory();
	column_widths(table, width);
	for (size_t i = 0; i + table->n_columns <= table->n_cells; i += table->n_columns)
		print_row(table, table->cell + i, width, available);
	return 0;
}
