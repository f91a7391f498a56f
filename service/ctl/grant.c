// SPDX-License-Identifier: LGPL-2.1-or-later
/* The verb grant. */
#include <stdio.h>

#include "base/parse.h"
#include "ctl/bus.h"
#include "ctl/check.h"
#include "ctl/json.h"
#include "ctl/verbs.h"
#include "ctl/when.h"
#include "dbus/names.h"

#define RIGHTS_MAX     3
#define MAX_LEASES_MAX 10000

/* What was asked for; the strings are argv's, NULL if not given. */
struct asked {
	const char *client, *integration, *camera, *hours;
	const char *rights[RIGHTS_MAX + 1];
	uint64_t from, until, max_leases;
	bool only_sub, ask_first;
};

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

/* client camera rights, or --integration and the latter two. */
static int parse_holder(struct ctl *ctl, const struct args *args, struct asked *ret)
{
	const char *const *operand = args->operand;
	unsigned n = operand[2] ? 3 : 2;
	int r;

	ret->integration = verb_option(ctl->verb, args, "--integration");
	if (ret->integration && n == 3)
		return ctl_misused(ctl->verb,
				   "A grant is for a client or for an integration, not for both.");
	if (!ret->integration && n == 2)
		return ctl_misused(ctl->verb, "grant needs RIGHTS.");
	if (!ret->integration)
		ret->client = *operand++;
	r = ret->client ? check_name(ctl, "client", ret->client)
			: check_name(ctl, "integration", ret->integration);
	ret->camera = *operand++;
	if (!r)
		r = check_name(ctl, "camera", ret->camera);
	return r ? r : parse_rights(ctl, *operand, ret->rights);
}

static int parse_limits(struct ctl *ctl, const struct args *args, struct asked *ret)
{
	const char *max_leases = verb_option(ctl->verb, args, "--max-leases");
	int r = check_time(ctl, args, "--from", &ret->from);

	if (!r)
		r = check_end(ctl, args, "--until", &ret->until);
	if (r)
		return r;
	if (ret->until && ret->from >= ret->until)
		return ctl_misused(ctl->verb, "--until must be later than --from.");
	if (max_leases &&
	    (parse_u64(max_leases, MAX_LEASES_MAX, &ret->max_leases) < 0 || !ret->max_leases))
		return ctl_misused(ctl->verb, "--max-leases is a number from 1 to %d.",
				   MAX_LEASES_MAX);
	ret->hours = verb_option(ctl->verb, args, "--hours");
	ret->only_sub = verb_option(ctl->verb, args, "--only-sub") != NULL;
	ret->ask_first = verb_option(ctl->verb, args, "--ask-first") != NULL;
	return 0;
}

/* What is not given stays away. Returns -errno. */
static int append_limits(sd_bus_message *call, const struct asked *asked)
{
	int r = sd_bus_message_open_container(call, 'a', "{sv}");

	if (r >= 0 && asked->integration)
		r = sd_bus_message_append(call, "{sv}", CAMWARD_OPTION_INTEGRATION, "s",
					  asked->integration);
	if (r >= 0)
		r = bus_append_time(call, CAMWARD_LIMIT_NOT_BEFORE, asked->from);
	if (r >= 0)
		r = bus_append_time(call, CAMWARD_LIMIT_NOT_AFTER, asked->until);
	if (r >= 0 && asked->hours)
		r = sd_bus_message_append(call, "{sv}", CAMWARD_LIMIT_HOURS, "s", asked->hours);
	if (r >= 0 && asked->max_leases)
		r = sd_bus_message_append(call, "{sv}", CAMWARD_LIMIT_MAX_LEASES, "t",
					  asked->max_leases);
	if (r >= 0 && asked->only_sub)
		r = sd_bus_message_append(call, "{sv}", CAMWARD_LIMIT_ONLY_SUB, "b", 1);
	if (r >= 0 && asked->ask_first)
		r = sd_bus_message_append(call, "{sv}", CAMWARD_LIMIT_ASK_FIRST, "b", 1);
	return r < 0 ? r : sd_bus_message_close_container(call);
}

/* The whole message body of AddGrant. Returns -errno. */
static int append_grant(sd_bus_message *call, const struct asked *asked)
{
	int r = sd_bus_message_append(call, "ss", asked->client ? asked->client : "",
				      asked->camera);

	if (r >= 0)
		r = sd_bus_message_open_container(call, 'a', "s");
	for (size_t i = 0; r >= 0 && asked->rights[i]; i++)
		r = sd_bus_message_append_basic(call, 's', asked->rights[i]);
	if (r >= 0)
		r = sd_bus_message_close_container(call);
	return r < 0 ? r : append_limits(call, asked);
}

static void print_granted(const struct asked *asked, uint64_t id)
{
	char when[WHEN_STRING_SIZE];

	if (asked->client)
		printf("Client %s", asked->client);
	else
		printf("Every client of %s", asked->integration);
	printf(" may watch camera %s (", asked->camera);
	for (size_t i = 0; asked->rights[i]; i++)
		printf("%s%s", i ? ", " : "", asked->rights[i]);
	printf(asked->only_sub ? "; sub only)" : ")");
	if (asked->from) {
		when_format_local(asked->from, when);
		printf(" from %s", when);
	}
	if (asked->until) {
		when_format_local(asked->until, when);
		printf(" until %s", when);
	}
	if (asked->hours)
		printf(", %s", asked->hours);
	if (asked->max_leases)
		printf(", %llu at once", (unsigned long long)asked->max_leases);
	if (asked->ask_first)
		printf(", if somebody says yes each time");
	printf(". Grant %llu.\n", (unsigned long long)id);
}

static int report_granted(const struct asked *asked, uint64_t id)
{
	_cleanup_json_ struct json_object *record = json_object_new_object();
	struct json_object *list = json_object_new_array();

	if (!record || !list) {
		json_object_put(list);
		return ctl_out_of_memory();
	}
	for (size_t i = 0; asked->rights[i]; i++)
		json_object_array_add(list, json_object_new_string(asked->rights[i]));
	json_set_number(record, "id", id);
	json_set_text(record, "client", asked->client ? asked->client : "");
	json_set_text(record, "integration", asked->integration ? asked->integration : "");
	json_set_text(record, "camera", asked->camera);
	json_set(record, "rights", list);
	json_set_time(record, "not_before", asked->from);
	json_set_time(record, "not_after", asked->until);
	json_set_text(record, "hours", asked->hours ? asked->hours : "");
	json_set_number(record, "max_leases", asked->max_leases);
	json_set(record, "only_sub", json_object_new_boolean(asked->only_sub));
	json_set(record, "ask_first", json_object_new_boolean(asked->ask_first));
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

int grant_run(struct ctl *ctl, const struct args *args)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	struct asked asked = {};
	uint64_t id;
	int r = parse_holder(ctl, args, &asked);

	if (!r)
		r = parse_limits(ctl, args, &asked);
	if (!r)
		r = bus_new_call(ctl, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER, "AddGrant", &call);
	if (r)
		return r;
	r = append_grant(call, &asked);
	if (r < 0)
		return bus_call_failed(r);
	r = bus_send(ctl, call, NULL, &reply);
	if (!r)
		r = read_grant(reply, &id);
	if (r)
		return r;
	if (ctl->json)
		return report_granted(&asked, id);
	print_granted(&asked, id);
	return 0;
}
