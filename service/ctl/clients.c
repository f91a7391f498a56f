// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/clients.h"

#include <stdio.h>

#include "base/clock.h"
#include "ctl/bus.h"
#include "ctl/check.h"
#include "ctl/objects.h"
#include "ctl/secret.h"
#include "ctl/table.h"
#include "ctl/verbs.h"
#include "dbus/names.h"

#define SENTENCE_SIZE   256
#define OVERLAP_DEFAULT (UINT64_C(24) * 60 * 60 * USEC_PER_SEC)

/* What it can show: its tokens, and how many certificates. */
static void cell_tokens(struct table *table, const struct json_object *client)
{
	const struct json_object *tokens = json_member(client, "tokens");
	size_t certificates = json_count(json_member(client, "certificates"));
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	char when[WHEN_STRING_SIZE];

	if (!stream) {
		table_cell(table, "?");
		return;
	}
	objects_print_source(client, stream);
	for (size_t i = 0; i < json_count(tokens); i++) {
		const struct json_object *token = json_at(tokens, i);
		const char *expires = objects_when(token, "expires", NULL, when);

		fprintf(stream, "%s%s", i ? ", " : "", json_text(token, "id"));
		if (expires)
			fprintf(stream, " (until %s)", expires);
	}
	if (certificates)
		fprintf(stream, "%s%zu certificate%s", json_count(tokens) ? ", " : "", certificates,
			certificates == 1 ? "" : "s");
	fclose(stream);
	table_cell(table, "%s", text && *text ? text : "none");
}

static int print_clients(const struct json_object *clients)
{
	static const char *const titles[] = {"NAME", "INTEGRATION", "CREATED", "SUSPENDED",
					     "USER", "TOKEN IDS",   NULL};
	char user[CLIENT_USER_NAME_SIZE];
	_cleanup_(table_freep) struct table *table = table_new(titles);
	char when[WHEN_STRING_SIZE];

	if (!table)
		return ctl_out_of_memory();
	for (size_t i = 0; i < json_count(clients); i++) {
		const struct json_object *client = json_at(clients, i);
		const char *integration = json_text(client, "integration");

		table_cell(table, "%s", json_text(client, "name"));
		table_cell(table, "%s", *integration ? integration : "-");
		table_cell(table, "%s", objects_when(client, "created", "-", when));
		table_cell(table, "%s", json_true(client, "suspended") ? "yes" : "no");
		client_user_name(json_object_get_int64(json_member(client, "user")), user);
		table_cell(table, "%s", user);
		cell_tokens(table, client);
	}
	return table_print(table);
}

int clients_run(struct ctl *ctl, const struct args *args)
{
	_cleanup_json_ struct json_object *clients = NULL;
	int r = objects_list(ctl, CAMWARD_INTERFACE_CLIENT, &clients);

	if (r)
		return r;
	if (ctl->json)
		return json_print_list("clients", clients);
	if (json_count(clients) == 0) {
		puts("No clients: nobody can watch. 'camwardctl client add NAME' makes one.");
		return 0;
	}
	return print_clients(clients);
}

/* An a{sv} of what was given. Returns -errno. */
static int append_options(sd_bus_message *call, const char *integration, uint64_t expires,
			  uint64_t others_end)
{
	int r = sd_bus_message_open_container(call, 'a', "{sv}");

	if (r >= 0 && integration)
		r = sd_bus_message_append(call, "{sv}", CAMWARD_OPTION_INTEGRATION, "s",
					  integration);
	if (r >= 0)
		r = bus_append_time(call, CAMWARD_OPTION_EXPIRES, expires);
	if (r >= 0)
		r = bus_append_time(call, CAMWARD_OPTION_OTHERS_END, others_end);
	return r < 0 ? r : sd_bus_message_close_container(call);
}

static int show_token(struct ctl *ctl, const struct args *args, const char *client, const char *id,
		      uint64_t expires, const char *token)
{
	_cleanup_json_ struct json_object *record = NULL;
	char sentence[SENTENCE_SIZE], when[WHEN_STRING_SIZE] = "", until[WHEN_STRING_SIZE + 8] = "";

	if (ctl->json) {
		record = json_object_new_object();
		if (!record)
			return ctl_out_of_memory();
		json_set_text(record, "client", client);
		if (id)
			json_set_text(record, "id", id);
		json_set_time(record, "expires", expires);
	}
	if (expires) {
		when_format_local(expires, when);
		snprintf(until, sizeof(until), ", until %s", when);
	}
	if (id)
		snprintf(sentence, sizeof(sentence), "Token %s of %s%s:", id, client, until);
	else
		snprintf(sentence, sizeof(sentence), "Client %s is added. Its token%s:", client,
			 until);
	return secret_show(token, sentence, record,
			   verb_option(ctl->verb, args, "--quiet") != NULL);
}

int clients_make(struct ctl *ctl, const char *name, const char *integration, uint64_t expires,
		 sd_bus_message **ret_reply, const char **ret_token)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	const char *path;
	int r = bus_new_call(ctl, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER, "AddClient", &call);

	if (r)
		return r;
	r = sd_bus_message_append(call, "s", name);
	if (r >= 0)
		r = append_options(call, integration, expires, 0);
	if (r < 0)
		return bus_call_failed(r);
	r = bus_send(ctl, call, NULL, ret_reply);
	if (r)
		return r;
	sd_bus_message_sensitive(*ret_reply);
	r = sd_bus_message_read(*ret_reply, "os", &path, ret_token);
	return r < 0 ? bus_reply_failed(r) : 0;
}

int clients_add(struct ctl *ctl, const struct args *args)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *name = args->operand[0], *token;
	const char *integration = verb_option(ctl->verb, args, "--integration");
	uint64_t expires = 0;
	int r = check_name(ctl, "client", name);

	if (!r && integration)
		r = check_name(ctl, "integration", integration);
	if (!r)
		r = check_end(ctl, args, "--expires", &expires);
	if (!r)
		r = clients_make(ctl, name, integration, expires, &reply, &token);
	return r ? r : show_token(ctl, args, name, NULL, expires, token);
}

int clients_remove(struct ctl *ctl, const struct args *args)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	_cleanup_json_ struct json_object *record = NULL;
	const char *name = args->operand[0];
	int r = check_name(ctl, "client", name);

	if (!r)
		r = bus_new_call(ctl, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER, "RemoveClient",
				 &call);
	if (r)
		return r;
	r = sd_bus_message_append(call, "s", name);
	if (r < 0)
		return bus_call_failed(r);
	r = bus_send(ctl, call, NULL, NULL);
	if (r)
		return r;
	if (!ctl->json) {
		printf("Client %s is removed, with its tokens and grants; it watches nothing any "
		       "more.\n",
		       name);
		return 0;
	}
	record = json_object_new_object();
	json_set_text(record, "client", name);
	return json_print(record);
}

static int add_token(struct ctl *ctl, const struct args *args, const char *name, uint64_t expires,
		     uint64_t others_end)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	char missing[BUS_SENTENCE_SIZE];
	const char *id, *token;
	int r = bus_new_named_call(ctl, &bus_client, name, "AddToken", missing, &call);

	if (r)
		return r;
	r = append_options(call, NULL, expires, others_end);
	if (r < 0)
		return bus_call_failed(r);
	r = bus_send(ctl, call, missing, &reply);
	if (r)
		return r;
	sd_bus_message_sensitive(reply);
	r = sd_bus_message_read(reply, "ss", &id, &token);
	if (r < 0)
		return bus_reply_failed(r);
	return show_token(ctl, args, name, id, expires, token);
}

static int remove_token(struct ctl *ctl, const char *name, const char *id)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	_cleanup_json_ struct json_object *record = NULL;
	char missing[BUS_SENTENCE_SIZE];
	int r = bus_new_named_call(ctl, &bus_client, name, "RemoveToken", missing, &call);

	if (r)
		return r;
	r = sd_bus_message_append(call, "s", id);
	if (r < 0)
		return bus_call_failed(r);
	r = bus_send(ctl, call, missing, NULL);
	if (r)
		return r;
	if (!ctl->json) {
		printf("Token %s of %s is removed; whoever watched with it no longer does.\n", id,
		       name);
		return 0;
	}
	record = json_object_new_object();
	json_set_text(record, "client", name);
	json_set_text(record, "id", id);
	return json_print(record);
}

/* When the client's other tokens end; 0: they do not. */
static int check_rotation(struct ctl *ctl, const struct args *args, uint64_t *ret)
{
	bool rotate = verb_option(ctl->verb, args, "--rotate") != NULL;
	int r = check_end(ctl, args, "--overlap", ret);

	if (!r && *ret && !rotate)
		return ctl_misused(ctl->verb, "--overlap goes with --rotate only.");
	if (!r && !*ret && rotate)
		*ret = clock_realtime() + OVERLAP_DEFAULT;
	return r;
}

int clients_token(struct ctl *ctl, const struct args *args)
{
	const char *name = args->operand[0], *id = verb_option(ctl->verb, args, "--remove");
	uint64_t expires = 0, others_end = 0;
	int r = check_name(ctl, "client", name);

	if (!r)
		r = check_end(ctl, args, "--expires", &expires);
	if (!r)
		r = check_rotation(ctl, args, &others_end);
	if (r)
		return r;
	if (!id)
		return add_token(ctl, args, name, expires, others_end);
	if (others_end)
		return ctl_misused(ctl->verb, "--remove does not go with --rotate.");
	if (expires || verb_option(ctl->verb, args, "--quiet"))
		return ctl_misused(ctl->verb, "--remove goes with neither --expires nor --quiet.");
	return remove_token(ctl, name, id);
}
