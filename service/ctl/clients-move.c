// SPDX-License-Identifier: LGPL-2.1-or-later
/* A client's name and its integration, and what is left when it goes for good. */
#include <stdio.h>
#include <string.h>

#include "ctl/bus.h"
#include "ctl/check.h"
#include "ctl/json.h"
#include "ctl/objects.h"
#include "ctl/verbs.h"
#include "dbus/names.h"

/* Client.Rename and .Move: one text goes, the number of leases that ended comes back. */
static int change(struct ctl *ctl, const char *name, const char *method, const char *text,
		  uint32_t *ret_ended)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	char missing[BUS_SENTENCE_SIZE];
	int r = bus_new_named_call(ctl, &bus_client, name, method, missing, &call);

	if (r)
		return r;
	r = sd_bus_message_append(call, "s", text);
	if (r < 0)
		return bus_call_failed(r);
	r = bus_send(ctl, call, missing, &reply);
	if (r)
		return r;
	r = sd_bus_message_read(reply, "u", ret_ended);
	return r < 0 ? bus_reply_failed(r) : 0;
}

static int report(const char *client, const char *integration, uint32_t ended)
{
	_cleanup_json_ struct json_object *record = json_object_new_object();

	if (!record)
		return ctl_out_of_memory();
	json_set_text(record, "client", client);
	if (integration)
		json_set_text(record, "integration", integration);
	json_set_number(record, "leases_ended", ended);
	return json_print(record);
}

static void print_ended(uint32_t ended)
{
	if (ended)
		printf(" %u viewer%s cut off.\n", ended, ended == 1 ? " was" : "s were");
	else
		putchar('\n');
}

int clients_rename(struct ctl *ctl, const struct args *args)
{
	const char *name = args->operand[0], *new_name = args->operand[1];
	uint32_t ended = 0;
	int r = check_name(ctl, "client", name);

	if (!r)
		r = check_name(ctl, "client", new_name);
	if (!r)
		r = change(ctl, name, "Rename", new_name, &ended);
	if (r)
		return r;
	if (ctl->json)
		return report(new_name, NULL, ended);
	printf("Client %s is called %s from now on.", name, new_name);
	print_ended(ended);
	return 0;
}

int clients_move(struct ctl *ctl, const struct args *args)
{
	const char *name = args->operand[0], *integration = args->operand[1];
	bool out = verb_option(ctl->verb, args, "--out") != NULL;
	uint32_t ended = 0;
	int r = check_name(ctl, "client", name);

	if (!r && out == (integration != NULL))
		r = ctl_misused(ctl->verb, "Name the INTEGRATION, or give --out.");
	if (!r && integration)
		r = check_name(ctl, "integration", integration);
	if (!r)
		r = change(ctl, name, "Move", integration ? integration : "", &ended);
	if (r)
		return r;
	if (ctl->json)
		return report(name, integration ? integration : "", ended);
	if (integration)
		printf("Client %s is of %s from now on.", name, integration);
	else
		printf("Client %s is of no integration from now on.", name);
	print_ended(ended);
	return 0;
}

static int call_text(struct ctl *ctl, const char *method, const char *kind, const char *name)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	int r = bus_new_call(ctl, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER, method, &call);

	if (r)
		return r;
	r = kind ? sd_bus_message_append(call, "ss", kind, name)
		 : sd_bus_message_append(call, "s", name);
	return r < 0 ? bus_call_failed(r) : bus_send(ctl, call, NULL, NULL);
}

static bool is_suspended(const struct json_object *manager, const char *name)
{
	const struct json_object *list = json_member(manager, "suspensions");

	for (size_t i = 0; i < json_count(list); i++)
		if (!strcmp(json_text(json_at(list, i), "kind"), CAMWARD_SUSPEND_CLIENT) &&
		    !strcmp(json_text(json_at(list, i), "name"), name))
			return true;
	return false;
}

/* The client goes first: its suspension holds until there is nobody left to be set free. */
int clients_forget(struct ctl *ctl, const struct args *args)
{
	_cleanup_json_ struct json_object *manager = NULL, *record = NULL;
	const char *name = args->operand[0];
	bool suspended;
	int r = check_name(ctl, "client", name);

	if (!r)
		r = objects_manager(ctl, &manager);
	if (r)
		return r;
	suspended = is_suspended(manager, name);
	r = call_text(ctl, "RemoveClient", NULL, name);
	if (!r && suspended)
		r = call_text(ctl, "Resume", CAMWARD_SUSPEND_CLIENT, name);
	if (r)
		return r;
	if (!ctl->json) {
		printf("Client %s is forgotten, with its tokens, certificates, grants%s. The "
		       "ledger "
		       "keeps what it\nsays of it for as long as camward.conf says (events-days, "
		       "addresses-days).\n",
		       name, suspended ? " and its suspension" : "");
		return 0;
	}
	record = json_object_new_object();
	json_set_text(record, "client", name);
	json_set(record, "was_suspended", json_object_new_boolean(suspended));
	return json_print(record);
}
