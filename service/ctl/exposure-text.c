// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>
#include <string.h>

#include "ctl/exposure.h"
#include "ctl/objects.h"
#include "ctl/table.h"
#include "ctl/text.h"
#include "ctl/verbs.h"

static void cell_frames(struct table *table, const struct json_object *delivery)
{
	unsigned long long low = json_number(delivery, "frames_low"),
			   high = json_number(delivery, "frames_high");
	const char *mark = json_true(delivery, "uncertain") ? " *" : "";

	if (!json_member(delivery, "frames_high"))
		table_cell(table, "%llu or more%s", low, mark);
	else if (low == high)
		table_cell(table, "%llu%s", low, mark);
	else
		table_cell(table, "%llu-%llu%s", low, high, mark);
}

/* All that it was given. */
static const char *streams_of(const struct json_object *delivery)
{
	if (json_count(json_member(delivery, "switches")))
		return "main, sub";
	return json_text(delivery, "stream");
}

static const char *address_of(const struct json_object *record)
{
	return json_member(record, "address") ? json_text(record, "address") : "(erased)";
}

static void add_running_rows(struct table *table, const struct exposure *e)
{
	char when[WHEN_STRING_SIZE];

	for (size_t i = 0; i < json_count(e->running); i++) {
		const struct json_object *lease = json_at(e->running, i);

		table_cell(table, "%s", objects_when(lease, "since", "-", when));
		table_cell(table, "now");
		table_cell(table, "%s", json_text(lease, "client"));
		table_cell(table, "%s", json_text(lease, "camera"));
		table_cell(table, "%s", streams_of(lease));
		table_cell(table, "%llu so far",
			   (unsigned long long)json_number(lease, "delivered"));
		table_cell(table, "%s", json_text(lease, "peer"));
		table_cell(table, "%s",
			   strcmp(json_text(lease, "state"), "opening") == 0 ? "is opening"
									     : "is watching");
	}
}

static int print_deliveries(const struct exposure *e)
{
	static const char *const titles[] = {"FROM",   "TO",      "CLIENT", "CAMERA", "STREAM",
					     "FRAMES", "ADDRESS", "ENDED",  NULL};
	_cleanup_(table_freep) struct table *table = table_new(titles);
	char when[WHEN_STRING_SIZE];

	if (!table)
		return ctl_out_of_memory();
	for (size_t i = 0; i < json_count(e->deliveries); i++) {
		const struct json_object *delivery = json_at(e->deliveries, i);

		table_cell(table, "%s", objects_when(delivery, "from", "-", when));
		table_cell(table, "%s", objects_when(delivery, "to", "-", when));
		table_cell(table, "%s", json_text(delivery, "client"));
		table_cell(table, "%s", json_text(delivery, "camera"));
		table_cell(table, "%s", streams_of(delivery));
		cell_frames(table, delivery);
		table_cell(table, "%s", address_of(delivery));
		table_cell(table, "%s", json_text(delivery, "reason"));
	}
	add_running_rows(table, e);
	return table_print(table);
}

static int print_denials(const struct exposure *e)
{
	static const char *const titles[] = {"DENIED",  "TIMES",  "CLIENT", "CAMERA",
					     "ADDRESS", "REASON", NULL};
	_cleanup_(table_freep) struct table *table = NULL;
	char when[WHEN_STRING_SIZE];

	if (!json_count(e->denials))
		return 0;
	table = table_new(titles);
	if (!table)
		return ctl_out_of_memory();
	for (size_t i = 0; i < json_count(e->denials); i++) {
		const struct json_object *denial = json_at(e->denials, i);

		table_cell(table, "%s", objects_when(denial, "to", "-", when));
		table_cell(table, "%llu", (unsigned long long)json_number(denial, "count"));
		table_cell(table, "%s", json_text(denial, "client"));
		table_cell(table, "%s", json_text(denial, "camera"));
		table_cell(table, "%s", address_of(denial));
		table_cell(table, "%s", json_text(denial, "reason"));
	}
	putchar('\n');
	return table_print(table);
}

static void print_sum(const struct exposure *e)
{
	size_t n = json_count(e->deliveries) + json_count(e->running);

	printf("\n%zu deliver%s, ", n, n == 1 ? "y" : "ies");
	if (e->frames_high >= EXPOSURE_UNKNOWN)
		printf("%llu frames or more", (unsigned long long)e->frames_low);
	else if (e->frames_low == e->frames_high)
		printf("%llu frame%s", (unsigned long long)e->frames_low,
		       TEXT_PLURAL(e->frames_low));
	else
		printf("between %llu and %llu frames", (unsigned long long)e->frames_low,
		       (unsigned long long)e->frames_high);
	printf("; %llu denied.\n", (unsigned long long)e->n_denied);
	if (e->n_uncertain)
		printf("* Uncertain: %llu ended by a crash or a power cut, or by a session that "
		       "did not count as it should,\n  or its end is not on disk yet; the true "
		       "number "
		       "lies between the two.\n",
		       (unsigned long long)e->n_uncertain);
	if (json_count(e->tripwires))
		printf("%zu time%s a session was about to get another camera's pictures and was "
		       "stopped.\n",
		       json_count(e->tripwires), TEXT_PLURAL(json_count(e->tripwires)));
}

int exposure_print(const struct exposure *e)
{
	int r;

	if (!json_count(e->deliveries) && !json_count(e->running) && !json_count(e->denials)) {
		printf("Nobody: no delivery and no denial in that time.\n");
		if (e->unknown)
			printf("There is no %s of that name now: look how it is written.\n",
			       e->unknown);
		return 0;
	}
	r = print_deliveries(e);
	if (!r)
		r = print_denials(e);
	if (!r)
		print_sum(e);
	return r;
}
