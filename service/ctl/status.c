// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>
#include <string.h>

#include "ctl/cameras.h"
#include "ctl/listeners.h"
#include "ctl/objects.h"
#include "ctl/suspend.h"
#include "ctl/text.h"
#include "ctl/verbs.h"
#include "dbus/names.h"

#define LABEL "%-14s"

static int print_cameras(const struct json_object *cameras)
{
	_cleanup_(table_freep) struct table *table = table_new_plain(4, 2);

	if (!table)
		return ctl_out_of_memory();
	for (size_t i = 0; i < json_count(cameras); i++) {
		const struct json_object *camera = json_at(cameras, i);
		unsigned long long viewers = json_number(camera, "viewers");

		table_cell(table, "%s", json_text(camera, "name"));
		cameras_cell_condition(table, camera);
		if (viewers)
			table_cell(table, "%llu viewer%s", viewers, TEXT_PLURAL(viewers));
		else
			table_cell(table, "no viewer");
		cameras_cell_picture(table, camera);
	}
	return table_print(table);
}

static int print_suspensions(const struct json_object *suspensions)
{
	_cleanup_(table_freep) struct table *table = table_new_plain(2, 2);
	char since[WHEN_STRING_SIZE];

	if (!table)
		return ctl_out_of_memory();
	for (size_t i = 0; i < json_count(suspensions); i++) {
		const struct json_object *one = json_at(suspensions, i);
		const char *kind = json_text(one, "kind"), *name = json_text(one, "name");

		table_cell(table, "%s%s%s", suspend_noun(kind), *name ? " " : "", name);
		table_cell(table, "since %s: %s", objects_when(one, "since", "unknown", since),
			   json_text(one, "reason"));
	}
	return table_print(table);
}

/* A PEM's one line of content. */
static void print_seal_root(const char *pem)
{
	const char *start = strchr(pem, '\n');
	int length = start ? (int)strcspn(start + 1, "\n") : 0;

	if (length)
		printf(LABEL "%.*s\n", "seal root", length, start + 1);
	else
		printf(LABEL "-\n", "seal root");
}

static int print_status(const struct json_object *status)
{
	const struct json_object *cameras = json_member(status, "cameras");
	const struct json_object *suspensions = json_member(status, "suspensions");
	unsigned long long viewers = json_number(status, "viewers");
	const char *fingerprint = json_text(status, "fingerprint");
	int r = 0;

	printf(LABEL "%s, %s\n", "camward", json_text(status, "version"),
	       json_true(status, "ready") ? "ready"
					  : "not ready: no gate is there, nobody can connect");
	if (json_count(json_member(status, "listeners"))) {
		printf(LABEL, "listens on");
		listeners_print(status);
	}
	printf(LABEL "%s%s\n", "fingerprint", *fingerprint ? "sha256/" : "-", fingerprint);
	print_seal_root(json_text(status, "seal_root"));
	if (json_true(status, "cloned"))
		puts("CLONED        the keys were made on another machine: if that one is in use, "
		     "'camwardctl identity renew'");
	if (json_true(status, "settings_overdue"))
		puts("SETTINGS      cannot be read, their file system does not answer: what was "
		     "read "
		     "last stays in force");
	if (viewers)
		printf(LABEL "%llu\n", "viewers", viewers);
	else
		printf(LABEL "none\n", "viewers");
	if (json_count(cameras) == 0) {
		printf(LABEL "none\n", "cameras");
	} else {
		puts("cameras");
		r = print_cameras(cameras);
	}
	if (r)
		return r;
	if (json_true(status, "has_agent"))
		printf(LABEL "somebody is asked\n", "agent");
	if (json_count(suspensions) == 0) {
		printf(LABEL "none\n", "suspensions");
		return 0;
	}
	puts("suspensions");
	return print_suspensions(suspensions);
}

/* Who is still being asked about, or prepared for, watches nothing. */
static size_t count_running(const struct json_object *leases)
{
	size_t n = 0;

	for (size_t i = 0; i < json_count(leases); i++)
		n += !strcmp(json_text(json_at(leases, i), "state"), "running");
	return n;
}

int status_run(struct ctl *ctl, const struct args *args)
{
	_cleanup_json_ struct json_object *manager = NULL, *tree = NULL, *leases = NULL,
					  *status = NULL;
	static const char *const taken[] = {
		"version",   "ready",       "fingerprint",     "server_certificate",
		"seal_root", "suspensions", "has_agent",       "watching",
		"cloned",    "listeners",   "settings_overdue"};
	int r = objects_manager(ctl, &manager);

	if (!r)
		r = objects_fetch(ctl, &tree);
	if (r)
		return r;
	leases = objects_select(tree, CAMWARD_INTERFACE_LEASE);
	status = json_object_new_object();
	if (!leases || !status)
		return ctl_out_of_memory();
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		json_set(status, taken[i], json_object_get(json_member(manager, taken[i])));
	json_set_number(status, "viewers", count_running(leases));
	json_set(status, "cameras", objects_select(tree, CAMWARD_INTERFACE_CAMERA));
	json_set(status, "leases", json_object_get(leases));
	return ctl->json ? json_print(status) : print_status(status);
}

int status_seal_root(struct ctl *ctl, const struct args *args)
{
	_cleanup_json_ struct json_object *manager = NULL, *only = NULL;
	int r = objects_manager(ctl, &manager);

	if (r)
		return r;
	if (!ctl->json) {
		fputs(json_text(manager, "seal_root"), stdout);
		return 0;
	}
	only = json_object_new_object();
	json_set(only, "seal_root", json_object_get(json_member(manager, "seal_root")));
	return json_print(only);
}

int status_metrics(struct ctl *ctl, const struct args *args)
{
	_cleanup_json_ struct json_object *manager = NULL, *only = NULL;
	int r = objects_manager(ctl, &manager);

	if (r)
		return r;
	if (!ctl->json) {
		fputs(json_text(manager, "metrics"), stdout);
		return 0;
	}
	only = json_object_new_object();
	json_set(only, "metrics", json_object_get(json_member(manager, "metrics")));
	return json_print(only);
}
