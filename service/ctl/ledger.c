// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "ctl/ledger-check.h"
#include "ctl/ledger-read.h"
#include "ctl/text.h"
#include "ctl/verbs.h"
#include "ctl/when.h"

#define FILE_MAX 65536

static int print_line(struct json_object *line)
{
	fputs(json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN), stdout);
	putchar('\n');
	return ferror(stdout) ? ctl_fail("The export cannot be written: %s.", strerror(errno)) : 0;
}

static int export_event(void *userdata, struct json_object *event)
{
	return print_line(event);
}

int ledger_export(struct ctl *ctl, const struct args *args)
{
	_cleanup_json_ struct json_object *start = NULL, *end = NULL;
	struct ledger_filter filter = {};
	int r = ledger_read_ends(ctl, &start, &end);

	if (!r)
		r = print_line(start);
	filter.last = json_number(json_member(end, "head"), "seq");
	if (!r && filter.last)
		r = ledger_read_events(ctl, &filter, export_event, NULL);
	if (!r)
		r = print_line(end);
	return r ? r : fflush(stdout) ? ctl_fail("The export cannot be written.") : 0;
}

int ledger_head(struct ctl *ctl, const struct args *args)
{
	_cleanup_json_ struct json_object *start = NULL, *end = NULL;
	int r = ledger_read_ends(ctl, &start, &end);

	return r ? r : print_line(json_member(end, "head"));
}

/* A small text file. */
static int read_file(const char *name, char **ret)
{
	_cleanup_free_ char *text = calloc(1, FILE_MAX);
	FILE *file = fopen(name, "re");
	size_t n;

	if (!file || !text) {
		if (file)
			fclose(file);
		return ctl_fail("%s cannot be read: %s.", name, strerror(errno));
	}
	n = fread(text, 1, FILE_MAX - 1, file);
	fclose(file);
	text[n] = '\0';
	*ret = steal_pointer(&text);
	return 0;
}

/* Options of verify: who is to have signed it, and which head was kept. */
static int prepare(const struct ctl *ctl, const struct args *args, const struct json_object *start,
		   struct ledger_check *c)
{
	const char *root = verb_option(ctl->verb, args, "--seal-root"),
		   *head = verb_option(ctl->verb, args, "--head"),
		   *former = verb_option(ctl->verb, args, "--former-root");
	_cleanup_free_ char *root_text = NULL, *head_text = NULL, *former_text = NULL;
	_cleanup_json_ struct json_object *kept = NULL;
	int r = root ? read_file(root, &root_text) : 0;

	if (!r)
		r = ledger_check_root(c, root_text ? root_text : json_text(start, "seal_root"),
				      root ? root : "What the ledger says");
	if (!r && head)
		r = read_file(head, &head_text);
	if (!r && former)
		r = read_file(former, &former_text);
	if (r || !head)
		return r;
	kept = json_tokener_parse(head_text);
	if (!json_object_is_type(kept, json_type_object))
		return ctl_fail("%s is no head: 'camwardctl ledger head' prints one.", head);
	return ledger_check_keep(c, kept, former_text);
}

static int check_event(void *userdata, struct json_object *event)
{
	return ledger_check_event(userdata, event);
}

static int check_service(struct ctl *ctl, const struct args *args, struct ledger_check *c)
{
	_cleanup_json_ struct json_object *start = NULL, *end = NULL;
	struct ledger_filter filter = {};
	int r = ledger_read_ends(ctl, &start, &end);

	if (!r)
		r = prepare(ctl, args, start, c);
	if (!r)
		r = ledger_check_anchors(c, json_member(start, "anchors"));
	filter.last = json_number(json_member(end, "head"), "seq");
	if (!r && filter.last)
		r = ledger_read_events(ctl, &filter, check_event, c);
	return r ? r : ledger_check_head(c, json_member(end, "head"));
}

static int check_lines(FILE *file, const char *name, struct ledger_check *c)
{
	for (;;) {
		_cleanup_json_ struct json_object *line = NULL;
		int r = ledger_read_line(file, name, &line);

		if (r)
			return r;
		if (!line)
			return ctl_fail("BROKEN: %s ends without a head: it is not whole.", name);
		if (json_member(line, "head"))
			return ledger_check_head(c, json_member(line, "head"));
		r = ledger_check_event(c, line);
		if (r)
			return r;
	}
}

static int check_file(const struct ctl *ctl, const struct args *args, const char *name,
		      struct ledger_check *c)
{
	_cleanup_json_ struct json_object *start = NULL;
	FILE *file = fopen(name, "re");
	int r;

	if (!file)
		return ctl_fail("%s cannot be read: %s.", name, strerror(errno));
	r = ledger_read_line(file, name, &start);
	if (!r && json_number(start, "camward_ledger") != 1)
		r = ctl_fail("%s is no export of a ledger, or one of a newer version.", name);
	if (!r)
		r = prepare(ctl, args, start, c);
	if (!r)
		r = ledger_check_anchors(c, json_member(start, "anchors"));
	if (!r)
		r = check_lines(file, name, c);
	fclose(file);
	return r;
}

static void print_verdict(const struct ledger_check *c)
{
	char from[WHEN_STRING_SIZE], to[WHEN_STRING_SIZE];

	when_format_local(c->first_time, from);
	when_format_local(c->last_time, to);
	printf("The ledger is whole: %llu event%s", (unsigned long long)c->n_events,
	       TEXT_PLURAL(c->n_events));
	if (c->n_events)
		printf(", from %s to %s", from, to);
	puts(", each chained to the one before it, and its head is signed.");
	if (c->anchored)
		printf("Events up to number %llu were removed for their age; that is signed, "
		       "too.\n",
		       (unsigned long long)c->anchored);
	if (c->kept.seq && c->kept.seq < c->anchored)
		puts("The head that was kept lies before that: there is nothing left to compare it "
		     "with.");
	else if (c->kept.seq)
		puts("It goes on from the head that was kept: it was not rolled back since.");
}

static int print_verdict_json(const struct ledger_check *c)
{
	_cleanup_json_ struct json_object *record = json_object_new_object();
	char hash[2 * LEDGER_CHAIN_HASH_SIZE + 1];

	format_hex(c->last.hash, sizeof(c->last.hash), hash);
	json_set(record, "whole", json_object_new_boolean(1));
	json_set_number(record, "events", c->n_events);
	json_set_number(record, "removed", c->anchored);
	json_set_number(record, "last", c->last.seq);
	json_set_text(record, "hash", hash);
	json_set_time(record, "from", c->first_time);
	json_set_time(record, "to", c->last_time);
	json_set_number(record, "addresses", c->n_addresses);
	json_set(record, "head_found",
		 c->kept.seq ? json_object_new_boolean(c->kept.seq >= c->anchored) : NULL);
	return json_print(record);
}

int ledger_verify(struct ctl *ctl, const struct args *args)
{
	const char *name = verb_option(ctl->verb, args, "--file");
	struct ledger_check check = {};
	int r = name ? check_file(ctl, args, name, &check) : check_service(ctl, args, &check);

	if (r)
		return r;
	if (ctl->json)
		return print_verdict_json(&check);
	print_verdict(&check);
	return 0;
}
