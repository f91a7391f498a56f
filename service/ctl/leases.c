// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>

#include "ctl/bus.h"
#include "ctl/check.h"
#include "ctl/objects.h"
#include "ctl/table.h"
#include "ctl/verbs.h"
#include "dbus/names.h"

#define SENTENCE_SIZE  256
#define REASON_DEFAULT "ended by an administrator"

static uint64_t sum(const struct json_object *counters)
{
	uint64_t total = 0;

	if (!counters)
		return 0;
	json_object_object_foreach(counters, reason, count)
	{
		(void)reason;
		total += json_object_get_uint64(count);
	}
	return total;
}

static int print_leases(const struct json_object *leases)
{
	static const char *const titles[] = {"ID",       "CLIENT", "CAMERA", "RIGHT",
					     "STREAM",   "STATE",  "FRAMES", "SKIPPED",
					     "PROTOCOL", "PEER",   "SINCE",  NULL};
	_cleanup_(table_freep) struct table *table = table_new(titles);
	char when[WHEN_STRING_SIZE];

	if (!table)
		return ctl_out_of_memory();
	for (size_t i = 0; i < json_count(leases); i++) {
		const struct json_object *lease = json_at(leases, i);

		table_cell(table, "%llu", (unsigned long long)json_number(lease, "id"));
		table_cell(table, "%s", json_text(lease, "client"));
		table_cell(table, "%s", json_text(lease, "camera"));
		table_cell(table, "%s", json_text(lease, "right"));
		table_cell(table, "%s", json_text(lease, "stream"));
		table_cell(table, "%s", json_text(lease, "state"));
		table_cell(table, "%llu", (unsigned long long)json_number(lease, "delivered"));
		table_cell(table, "%llu", (unsigned long long)sum(json_member(lease, "skipped")));
		table_cell(table, "%s", json_text(lease, "protocol"));
		table_cell(table, "%s", json_text(lease, "peer"));
		table_cell(table, "%s", objects_when(lease, "since", "-", when));
	}
	return table_print(table);
}

int leases_run(struct ctl *ctl, const struct args *args)
{
	_cleanup_json_ struct json_object *leases = NULL;
	int r = objects_list(ctl, CAMWARD_INTERFACE_LEASE, &leases);

	if (r)
		return r;
	if (ctl->json)
		return json_print_list("leases", leases);
	if (json_count(leases) == 0) {
		puts("No leases: nobody is watching.");
		return 0;
	}
	return print_leases(leases);
}

int leases_end(struct ctl *ctl, const struct args *args)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	_cleanup_json_ struct json_object *record = NULL;
	_cleanup_free_ char *path = NULL;
	const char *id = args->operand[0], *reason = verb_option(ctl->verb, args, "--reason");
	char missing[SENTENCE_SIZE];
	int r = check_id(ctl, "lease", id);

	if (!reason)
		reason = REASON_DEFAULT;
	if (!r)
		r = check_reason(ctl, reason);
	if (!r)
		r = bus_path(CAMWARD_PATH_LEASES, id, &path);
	if (!r)
		r = bus_new_call(ctl, path, CAMWARD_INTERFACE_LEASE, "End", &call);
	if (r)
		return r;
	r = sd_bus_message_append(call, "s", reason);
	if (r < 0)
		return bus_call_failed(r);
	snprintf(missing, sizeof(missing),
		 "There is no lease %s: it has ended, or never was. 'camwardctl leases' lists "
		 "those that run.",
		 id);
	r = bus_send(ctl, call, missing, NULL);
	if (r)
		return r;
	if (!ctl->json) {
		printf("Lease %s is ended. Its viewer may come back as long as a grant allows "
		       "it.\n",
		       id);
		return 0;
	}
	record = json_object_new_object();
	json_set_number(record, "id", strtoull(id, NULL, 10));
	json_set_text(record, "reason", reason);
	return json_print(record);
}
