// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>

#include "ctl/bus.h"
#include "ctl/check.h"
#include "ctl/objects.h"
#include "ctl/table.h"
#include "ctl/verbs.h"
#include "dbus/names.h"

#define SENTENCE_SIZE 256
#define LIMITS_SIZE   256

static void cell_rights(struct table *table, const struct json_object *rights)
{
	char text[64] = "";

	for (size_t i = 0; i < json_count(rights); i++) {
		size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used, "%s%s", i ? "," : "",
			 json_object_get_string(json_at(rights, i)));
	}
	table_cell(table, "%s", text);
}

/* "mon-fri 08:00-18:00; 2 at once; asks first" */
static void cell_limits(struct table *table, const struct json_object *grant)
{
	const char *hours = json_text(grant, "hours"), *between = *hours ? "; " : "";
	unsigned long long max_leases = json_number(grant, "max_leases");
	char text[LIMITS_SIZE] = "";
	int n = snprintf(text, sizeof(text), "%s", hours);

	if (max_leases) {
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s%llu at once", between,
			      max_leases);
		between = "; ";
	}
	if (json_true(grant, "only_sub")) {
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%ssub only", between);
		between = "; ";
	}
	if (json_true(grant, "ask_first"))
		snprintf(text + n, sizeof(text) - (size_t)n, "%sasks first", between);
	table_cell(table, "%s", *text ? text : "-");
}

static void cell_holder(struct table *table, const struct json_object *grant)
{
	const char *integration = json_text(grant, "integration");

	if (*integration)
		table_cell(table, "all of %s", integration);
	else
		table_cell(table, "%s", json_text(grant, "client"));
}

static int print_grants(const struct json_object *grants)
{
	static const char *const titles[] = {"ID",    "CLIENT", "CAMERA", "RIGHTS", "FROM",
					     "UNTIL", "LIMITS", "SOURCE", NULL};
	_cleanup_(table_freep) struct table *table = table_new(titles);
	char when[WHEN_STRING_SIZE];

	if (!table)
		return ctl_out_of_memory();
	for (size_t i = 0; i < json_count(grants); i++) {
		const struct json_object *grant = json_at(grants, i);
		const char *source = json_text(grant, "source");

		table_cell(table, "%llu", (unsigned long long)json_number(grant, "id"));
		cell_holder(table, grant);
		table_cell(table, "%s", json_text(grant, "camera"));
		cell_rights(table, json_member(grant, "rights"));
		table_cell(table, "%s", objects_when(grant, "not_before", "-", when));
		table_cell(table, "%s", objects_when(grant, "not_after", "-", when));
		cell_limits(table, grant);
		table_cell(table, "%s", *source ? source : "-");
	}
	return table_print(table);
}

int grants_run(struct ctl *ctl, const struct args *args)
{
	_cleanup_json_ struct json_object *grants = NULL;
	int r = objects_list(ctl, CAMWARD_INTERFACE_GRANT, &grants);

	if (r)
		return r;
	if (ctl->json)
		return json_print_list("grants", grants);
	if (json_count(grants) == 0) {
		puts("No grants: nobody may watch. 'camwardctl grant CLIENT CAMERA live' makes "
		     "one.");
		return 0;
	}
	return print_grants(grants);
}

static int revoke_id(struct ctl *ctl, const char *id, uint32_t *ret_ended)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	_cleanup_free_ char *path = NULL;
	char missing[SENTENCE_SIZE];
	int r = check_id(ctl, "grant", id);

	if (!r)
		r = bus_path(CAMWARD_PATH_GRANTS, id, &path);
	if (!r)
		r = bus_new_call(ctl, path, CAMWARD_INTERFACE_GRANT, "Revoke", &call);
	if (r)
		return r;
	snprintf(missing, sizeof(missing),
		 "There is no grant %s. 'camwardctl grants' lists them; 'revoke CLIENT CAMERA' "
		 "takes names.",
		 id);
	r = bus_send(ctl, call, missing, &reply);
	if (r)
		return r;
	r = sd_bus_message_read(reply, "u", ret_ended);
	return r < 0 ? bus_reply_failed(r) : 0;
}

static int revoke_all(struct ctl *ctl, const char *client, const char *camera,
		      uint32_t *ret_removed, uint32_t *ret_ended)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	int r = check_name(ctl, "client", client);

	if (!r)
		r = check_name(ctl, "camera", camera);
	if (!r)
		r = bus_new_call(ctl, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER, "Revoke", &call);
	if (r)
		return r;
	r = sd_bus_message_append(call, "ss", client, camera);
	if (r < 0)
		return bus_call_failed(r);
	r = bus_send(ctl, call, NULL, &reply);
	if (r)
		return r;
	r = sd_bus_message_read(reply, "uu", ret_removed, ret_ended);
	return r < 0 ? bus_reply_failed(r) : 0;
}

int grants_revoke(struct ctl *ctl, const struct args *args)
{
	_cleanup_json_ struct json_object *record = NULL;
	uint32_t removed = 1, ended;
	int r;

	if (args->operand[1])
		r = revoke_all(ctl, args->operand[0], args->operand[1], &removed, &ended);
	else
		r = revoke_id(ctl, args->operand[0], &ended);
	if (r)
		return r;
	if (!ctl->json) {
		printf("%u grant%s revoked; %u viewer%s cut off.\n", removed,
		       removed == 1 ? " is" : "s are", ended, ended == 1 ? " was" : "s were");
		return 0;
	}
	record = json_object_new_object();
	json_set_number(record, "grants_removed", removed);
	json_set_number(record, "leases_ended", ended);
	return json_print(record);
}
