// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/text.h"
#include "ctl/verbs.h"

static const char *const levels[] = {
	[DOCTOR_FINE] = "fine",
	[DOCTOR_WARNING] = "warning",
	[DOCTOR_PROBLEM] = "problem",
};

static struct json_object *make_finding(const char *check, enum doctor_level level,
					const char *what, const char *says)
{
	struct json_object *finding = json_object_new_object();

	json_set_text(finding, "check", check);
	json_set_text(finding, "level", levels[level]);
	json_set_text(finding, "says", says);
	json_set_text(finding, "do", level == DOCTOR_FINE ? "" : what);
	return finding;
}

void doctor_find(struct doctor *d, const char *check, enum doctor_level level, const char *what,
		 const char *says, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;
	int r;

	va_start(ap, says);
	r = vasprintf(&text, says, ap);
	va_end(ap);
	if (r < 0)
		text = NULL;
	json_object_array_add(d->findings, make_finding(check, level, what, text ? text : says));
	d->n_warnings += level == DOCTOR_WARNING;
	d->n_problems += level == DOCTOR_PROBLEM;
}

static int print_finding(const struct json_object *finding)
{
	_cleanup_free_ char *says = text_printable(json_text(finding, "says"));
	const char *what = json_text(finding, "do");

	if (!says)
		return ctl_out_of_memory();
	printf("%-8s %-12s %s\n", json_text(finding, "level"), json_text(finding, "check"), says);
	if (*what)
		printf("%21s -> %s\n", "", what);
	return 0;
}

static int print_all(const struct doctor *d)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_count(d->findings); i++)
		r = print_finding(json_at(d->findings, i));
	if (r)
		return r;
	if (d->n_problems || d->n_warnings)
		printf("\n%u problem%s, %u warning%s.\n", d->n_problems, TEXT_PLURAL(d->n_problems),
		       d->n_warnings, TEXT_PLURAL(d->n_warnings));
	else
		puts("\nNothing is wrong.");
	return 0;
}

static int print_json(const struct doctor *d)
{
	_cleanup_json_ struct json_object *record = json_object_new_object();

	json_set_number(record, "problems", d->n_problems);
	json_set_number(record, "warnings", d->n_warnings);
	json_set(record, "findings", json_object_get(d->findings));
	return json_print(record);
}

int doctor_run(struct ctl *ctl, const struct args *args)
{
	struct doctor d = {.ctl = ctl, .findings = json_object_new_array()};
	int r;

	if (!d.findings)
		return ctl_out_of_memory();
	doctor_look_at_system(&d);
	if (doctor_reach_service(&d)) {
		doctor_look_at_service(&d);
		doctor_look_at_cameras(&d);
		doctor_look_at_ledger(&d);
	}
	r = ctl->json ? print_json(&d) : print_all(&d);
	json_object_put(d.findings);
	json_object_put(d.manager);
	json_object_put(d.tree);
	return r ? r : d.n_problems ? CTL_FAILED : CTL_OK;
}
