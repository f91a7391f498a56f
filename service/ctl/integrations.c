// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>

#include "ctl/bus.h"
#include "ctl/check.h"
#include "ctl/objects.h"
#include "ctl/table.h"
#include "ctl/verbs.h"
#include "dbus/names.h"

static void cell_clients(struct table *table, const struct json_object *integration)
{
	const struct json_object *clients = json_member(integration, "clients");
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream) {
		table_cell(table, "?");
		return;
	}
	objects_print_source(integration, stream);
	for (size_t i = 0; i < json_count(clients); i++)
		fprintf(stream, "%s%s", i ? ", " : "", json_object_get_string(json_at(clients, i)));
	fclose(stream);
	table_cell(table, "%s", text && *text ? text : "none");
}

static int print_integrations(const struct json_object *integrations)
{
	static const char *const titles[] = {"NAME", "CREATED", "SUSPENDED", "CLIENTS", NULL};
	_cleanup_(table_freep) struct table *table = table_new(titles);
	char when[WHEN_STRING_SIZE];

	if (!table)
		return ctl_out_of_memory();
	for (size_t i = 0; i < json_count(integrations); i++) {
		const struct json_object *integration = json_at(integrations, i);

		table_cell(table, "%s", json_text(integration, "name"));
		table_cell(table, "%s", objects_when(integration, "created", "-", when));
		table_cell(table, "%s", json_true(integration, "suspended") ? "yes" : "no");
		cell_clients(table, integration);
	}
	return table_print(table);
}

int integrations_run(struct ctl *ctl, const struct args *args)
{
	_cleanup_json_ struct json_object *integrations = NULL;
	int r = objects_list(ctl, CAMWARD_INTERFACE_INTEGRATION, &integrations);

	if (r)
		return r;
	if (ctl->json)
		return json_print_list("integrations", integrations);
	if (json_count(integrations) == 0) {
		puts("No integrations. 'camwardctl integration add NAME' makes one.");
		return 0;
	}
	return print_integrations(integrations);
}

static int report(const char *name, const uint32_t *grants_removed)
{
	_cleanup_json_ struct json_object *record = json_object_new_object();

	if (!record)
		return ctl_out_of_memory();
	json_set_text(record, "integration", name);
	if (grants_removed)
		json_set_number(record, "grants_removed", *grants_removed);
	return json_print(record);
}

int integrations_add(struct ctl *ctl, const struct args *args)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	const char *name = args->operand[0];
	int r = check_name(ctl, "integration", name);

	if (!r)
		r = bus_new_call(ctl, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER, "AddIntegration",
				 &call);
	if (r)
		return r;
	r = sd_bus_message_append(call, "s", name);
	if (r < 0)
		return bus_call_failed(r);
	r = bus_send(ctl, call, NULL, NULL);
	if (r)
		return r;
	if (ctl->json)
		return report(name, NULL);
	printf("Integration %s is added. 'camwardctl client add NAME --integration %s' and 'client "
	       "move' bring\nclients into it.\n",
	       name, name);
	return 0;
}

int integrations_rename(struct ctl *ctl, const struct args *args)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	const char *name = args->operand[0], *new_name = args->operand[1];
	char missing[BUS_SENTENCE_SIZE];
	int r = check_name(ctl, "integration", name);

	if (!r)
		r = check_name(ctl, "integration", new_name);
	if (!r)
		r = bus_new_named_call(ctl, &bus_integration, name, "Rename", missing, &call);
	if (r)
		return r;
	r = sd_bus_message_append(call, "s", new_name);
	if (r < 0)
		return bus_call_failed(r);
	r = bus_send(ctl, call, missing, NULL);
	if (r)
		return r;
	if (ctl->json)
		return report(new_name, NULL);
	printf("Integration %s is called %s from now on.\n", name, new_name);
	return 0;
}

int integrations_remove(struct ctl *ctl, const struct args *args)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	const char *name = args->operand[0];
	char missing[BUS_SENTENCE_SIZE];
	uint32_t grants;
	int r = bus_new_named_call(ctl, &bus_integration, name, "Remove", missing, &call);

	if (!r)
		r = bus_send(ctl, call, missing, &reply);
	if (r)
		return r;
	r = sd_bus_message_read(reply, "u", &grants);
	if (r < 0)
		return bus_reply_failed(r);
	if (ctl->json)
		return report(name, &grants);
	printf("Integration %s is removed, with %u grant%s.\n", name, grants,
	       grants == 1 ? "" : "s");
	return 0;
}
