// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>

#include "base/parse.h"
#include "ctl/bus.h"
#include "ctl/check.h"
#include "ctl/objects.h"
#include "ctl/table.h"
#include "ctl/text.h"
#include "ctl/verbs.h"
#include "dbus/names.h"

#define RIGHTS_MAX    3
#define SENTENCE_SIZE 256

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

static int print_grants(const struct json_object *grants)
{
	static const char *const titles[] = {"ID",   "CLIENT", "CAMERA", "RIGHTS",
					     "FROM", "UNTIL",  NULL};
	_cleanup_(table_freep) struct table *table = table_new(titles);
	char when[WHEN_STRING_SIZE];

	if (!table)
		return ctl_out_of_memory();
	for (size_t i = 0; i < json_count(grants); i++) {
		const struct json_object *grant = json_at(grants, i);

		table_cell(table, "%llu", (unsigned long long)json_number(grant, "id"));
		table_cell(table, "%s", json_text(grant, "client"));
		table_cell(table, "%s", json_text(grant, "camera"));
		cell_rights(table, json_member(grant, "rights"));
		table_cell(table, "%s", objects_when(grant, "not_before", "-", when));
		table_cell(table, "%s", objects_when(grant, "not_after", "-", when));
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

/* "live,still" -> a list that sd-bus takes, ended by NULL; the words are the constants'. */
static int parse_rights(struct ctl *ctl, const char *text, const char *ret[RIGHTS_MAX + 1])
{
	static const char *const known[RIGHTS_MAX] = {CAMWARD_RIGHT_LIVE, CAMWARD_RIGHT_STILL,
						      CAMWARD_RIGHT_RAW};
	bool given[RIGHTS_MAX] = {0};
	size_t n = 0, length, i;

	for (;; text += length + 1) {
		length = strcspn(text, ",");
		for (i = 0; i < RIGHTS_MAX; i++)
			if (strlen(known[i]) == length && strncmp(known[i], text, length) == 0)
				break;
		if (i == RIGHTS_MAX)
			return ctl_misused(ctl->verb,
					   "'%.*s' is not a right; the rights are live, still and "
					   "raw, separated by commas.",
					   (int)length, text);
		given[i] = true;
		if (!text[length])
			break;
	}
	for (i = 0; i < RIGHTS_MAX; i++)
		if (given[i])
			ret[n++] = known[i];
	ret[n] = NULL;
	return 0;
}

/* The whole message body of AddGrant. Returns -errno. */
static int append_grant(sd_bus_message *call, const char *client, const char *camera,
			const char **rights, uint64_t from, uint64_t until)
{
	int r = sd_bus_message_append(call, "ss", client, camera);

	if (r >= 0)
		r = sd_bus_message_open_container(call, 'a', "s");
	for (size_t i = 0; r >= 0 && rights[i]; i++)
		r = sd_bus_message_append_basic(call, 's', rights[i]);
	if (r >= 0)
		r = sd_bus_message_close_container(call);
	if (r >= 0)
		r = sd_bus_message_open_container(call, 'a', "{sv}");
	if (r >= 0)
		r = bus_append_time(call, CAMWARD_LIMIT_NOT_BEFORE, from);
	if (r >= 0)
		r = bus_append_time(call, CAMWARD_LIMIT_NOT_AFTER, until);
	return r < 0 ? r : sd_bus_message_close_container(call);
}

static void print_granted(const char *client, const char *camera, const char **rights,
			  uint64_t from, uint64_t until, uint64_t id)
{
	char when[WHEN_STRING_SIZE];

	printf("Client %s may watch camera %s (", client, camera);
	for (size_t i = 0; rights[i]; i++)
		printf("%s%s", i ? ", " : "", rights[i]);
	printf(")");
	if (from) {
		when_format_local(from, when);
		printf(" from %s", when);
	}
	if (until) {
		when_format_local(until, when);
		printf(" until %s", when);
	}
	printf(". Grant %llu.\n", (unsigned long long)id);
}

static int report_granted(const char *client, const char *camera, const char **rights,
			  uint64_t from, uint64_t until, uint64_t id)
{
	_cleanup_json_ struct json_object *record = json_object_new_object();
	struct json_object *list = json_object_new_array();

	if (!record || !list) {
		json_object_put(list);
		return ctl_out_of_memory();
	}
	for (size_t i = 0; rights[i]; i++)
		json_object_array_add(list, json_object_new_string(rights[i]));
	json_set_number(record, "id", id);
	json_set_text(record, "client", client);
	json_set_text(record, "camera", camera);
	json_set(record, "rights", list);
	json_set_time(record, "not_before", from);
	json_set_time(record, "not_after", until);
	return json_print(record);
}

/* The number of the grant whose path the reply holds. */
static int read_grant(sd_bus_message *reply, uint64_t *ret)
{
	_cleanup_free_ char *id = NULL;
	const char *path;
	int r = sd_bus_message_read(reply, "o", &path);

	if (r < 0)
		return bus_reply_failed(r);
	id = bus_path_id(CAMWARD_PATH_GRANTS, path);
	r = parse_u64(id, UINT64_MAX, ret);
	return r < 0 ? bus_reply_failed(r) : 0;
}

int grants_grant(struct ctl *ctl, const struct args *args)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	const char *client = args->operand[0], *camera = args->operand[1];
	const char *rights[RIGHTS_MAX + 1];
	uint64_t from, until, id;
	int r = check_name(ctl, "client", client);

	if (!r)
		r = check_name(ctl, "camera", camera);
	if (!r)
		r = parse_rights(ctl, args->operand[2], rights);
	if (!r)
		r = check_time(ctl, args, "--from", &from);
	if (!r)
		r = check_end(ctl, args, "--until", &until);
	if (!r && until && from >= until)
		r = ctl_misused(ctl->verb, "--until must be later than --from.");
	if (!r)
		r = bus_new_call(ctl, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER, "AddGrant", &call);
	if (r)
		return r;
	r = append_grant(call, client, camera, rights, from, until);
	if (r < 0)
		return bus_call_failed(r);
	r = bus_send(ctl, call, NULL, &reply);
	if (!r)
		r = read_grant(reply, &id);
	if (r)
		return r;
	if (ctl->json)
		return report_granted(client, camera, rights, from, until, id);
	print_granted(client, camera, rights, from, until, id);
	return 0;
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
