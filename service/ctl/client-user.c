// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which user of this machine is a client. The service knows numbers only; names are this side's. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>

#include "base/parse.h"
#include "ctl/bus.h"
#include "ctl/check.h"
#include "ctl/json.h"
#include "ctl/verbs.h"
#include "dbus/names.h"

/* The user of this name or number. */
static int find_user(const char *text, uint32_t *ret)
{
	const struct passwd *user = getpwnam(text);
	uint64_t number;

	if (!user && parse_u64(text, UINT32_MAX - 1, &number) < 0)
		return ctl_fail("This machine has no user '%s': 'getent passwd' lists them.", text);
	*ret = user ? user->pw_uid : (uint32_t)number;
	return 0;
}

void client_user_name(int64_t user, char ret[CLIENT_USER_NAME_SIZE])
{
	const struct passwd *known = user < 0 ? NULL : getpwuid((uid_t)user);

	if (user < 0)
		snprintf(ret, CLIENT_USER_NAME_SIZE, "-");
	else if (known)
		snprintf(ret, CLIENT_USER_NAME_SIZE, "%.*s", CLIENT_USER_NAME_SIZE - 1,
			 known->pw_name);
	else
		snprintf(ret, CLIENT_USER_NAME_SIZE, "%lld", (long long)user);
}

static int bind_user(struct ctl *ctl, const char *client, uint32_t user)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	char missing[BUS_SENTENCE_SIZE];
	int r = bus_new_named_call(ctl, &bus_client, client, "BindUser", missing, &call);

	if (r)
		return r;
	r = sd_bus_message_append(call, "u", user);
	return r < 0 ? bus_call_failed(r) : bus_send(ctl, call, missing, NULL);
}

static int unbind_user(struct ctl *ctl, const char *client)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	char missing[BUS_SENTENCE_SIZE];
	int r = bus_new_named_call(ctl, &bus_client, client, "UnbindUser", missing, &call);

	return r ? r : bus_send(ctl, call, missing, NULL);
}

static int tell(struct ctl *ctl, const char *client, int64_t user)
{
	_cleanup_json_ struct json_object *record = NULL;
	char name[CLIENT_USER_NAME_SIZE];

	client_user_name(user, name);
	if (!ctl->json && user < 0)
		printf("No user of this machine is client %s any more.\n", client);
	else if (!ctl->json)
		printf("The user %s of this machine is client %s from now on.\n", name, client);
	if (!ctl->json)
		return 0;
	record = json_object_new_object();
	json_set_text(record, "client", client);
	json_set(record, "user", json_object_new_int64(user));
	return json_print(record);
}

int client_user_run(struct ctl *ctl, const struct args *args)
{
	const char *client = args->operand[0], *text = args->operand[1];
	bool remove = verb_option(ctl->verb, args, "--remove") != NULL;
	uint32_t user = 0;
	int r = check_name(ctl, "client", client);

	if (!r && remove == (text != NULL))
		r = ctl_misused(ctl->verb, "Name a user, or give --remove.");
	if (!r && text)
		r = find_user(text, &user);
	if (!r)
		r = text ? bind_user(ctl, client, user) : unbind_user(ctl, client);
	return r ? r : tell(ctl, client, text ? (int64_t)user : -1);
}
