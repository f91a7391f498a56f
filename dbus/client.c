// SPDX-License-Identifier: LGPL-2.1-or-later
/* org.camward.Camward1.Client */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "broker/control.h"
#include "broker/pin.h"
#include "broker/tls-issue.h"
#include "dbus/errors.h"
#include "dbus/objects.h"
#include "dbus/options.h"
#include "dbus/reply.h"

#define ID_TEXT_SIZE 24

static int method_add_token(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	char name[NAME_SIZE], id[ID_TEXT_SIZE];
	struct errors_about about = {.client = name};
	struct control_result result = {};
	uint64_t expires = 0, others_end = 0;
	const struct options_key keys[] = {
		{CAMWARD_OPTION_EXPIRES, 't', .number = &expires},
		{CAMWARD_OPTION_OTHERS_END, 't', .number = &others_end},
	};
	int r = object_take_name(&client_object, bus, m, name, error);

	if (r >= 0)
		r = options_read(m, keys, ARRAY_SIZE(keys), error);
	if (r >= 0)
		r = reply_new(m, &about, &reply);
	if (r < 0)
		return r;
	if (others_end)
		r = control_rotate_token(bus->broker, name, expires, others_end, &result,
					 reply_done, reply);
	else
		r = control_add_token(bus->broker, name, expires, &result, reply_done, reply);
	if (r)
		return errors_set(error, r, &about);
	snprintf(id, sizeof(id), "%" PRIu64, result.id);
	r = reply_promise(&reply, true, "ss", id, result.token);
	erase(&result, sizeof(result));
	return r;
}
AUTHORIZE(add_token, AUTHORIZE_ACTION_MANAGE_CLIENTS, details_of_client_object)

static int method_remove_token(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	char name[NAME_SIZE];
	struct errors_about about = {.client = name};
	struct control_result result = {};
	uint64_t id;
	int r = object_take_name(&client_object, bus, m, name, error);

	if (r >= 0)
		r = sd_bus_message_read(m, "s", &about.id);
	if (r >= 0)
		r = reply_new(m, &about, &reply);
	if (r < 0)
		return r;
	r = parse_u64(about.id, INT64_MAX, &id) < 0
		    ? CONTROL_NO_SUCH_TOKEN
		    : control_remove_token(bus->broker, name, id, &result, reply_done, reply);
	return r ? errors_set(error, r, &about) : reply_promise(&reply, false, "");
}
AUTHORIZE(remove_token, AUTHORIZE_ACTION_MANAGE_CLIENTS, details_of_client_object)

static int method_bind_user(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	char name[NAME_SIZE];
	struct errors_about about = {.client = name};
	uint32_t user;
	int r = object_take_name(&client_object, bus, m, name, error);

	if (r >= 0)
		r = sd_bus_message_read(m, "u", &user);
	if (r >= 0)
		r = reply_new(m, &about, &reply);
	if (r < 0)
		return r;
	r = control_bind_user(bus->broker, name, user, reply_done, reply);
	return r ? errors_set(error, r, &about) : reply_promise(&reply, false, "");
}
AUTHORIZE(bind_user, AUTHORIZE_ACTION_MANAGE_CLIENTS, details_of_client_object)

static int method_unbind_user(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	char name[NAME_SIZE];
	struct errors_about about = {.client = name};
	struct control_result result = {};
	int r = object_take_name(&client_object, bus, m, name, error);

	if (r >= 0)
		r = reply_new(m, &about, &reply);
	if (r < 0)
		return r;
	r = control_unbind_user(bus->broker, name, &result, reply_done, reply);
	return r ? errors_set(error, r, &about) : reply_promise(&reply, false, "");
}
AUTHORIZE(unbind_user, AUTHORIZE_ACTION_MANAGE_CLIENTS, details_of_client_object)

static int method_pin(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	char name[NAME_SIZE];
	struct errors_about about = {.client = name};
	uint64_t expires = 0;
	const struct options_key keys[] = {
		{CAMWARD_OPTION_EXPIRES, 't', .number = &expires},
	};
	int r = object_take_name(&client_object, bus, m, name, error);

	if (r >= 0)
		r = sd_bus_message_read(m, "s", &about.id);
	if (r >= 0)
		r = options_read(m, keys, ARRAY_SIZE(keys), error);
	if (r >= 0)
		r = reply_new(m, &about, &reply);
	if (r < 0)
		return r;
	r = control_pin(bus->broker, name, about.id, expires, reply_done, reply);
	return r ? errors_set(error, r, &about) : reply_promise(&reply, false, "");
}
AUTHORIZE(pin, AUTHORIZE_ACTION_MANAGE_CLIENTS, details_of_client_object)

static int method_issue_certificate(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	char name[NAME_SIZE];
	struct errors_about about = {.client = name};
	struct tls_issued issued;
	const void *request = NULL;
	size_t size = 0;
	uint64_t expires = 0;
	const struct options_key keys[] = {
		{CAMWARD_OPTION_EXPIRES, 't', .number = &expires},
	};
	int r = object_take_name(&client_object, bus, m, name, error);

	if (r >= 0)
		r = sd_bus_message_read_array(m, 'y', &request, &size);
	if (r >= 0)
		r = options_read(m, keys, ARRAY_SIZE(keys), error);
	if (r >= 0)
		r = reply_new(m, &about, &reply);
	if (r < 0)
		return r;
	r = control_issue(bus->broker, name, request, size, expires, &issued, reply_done, reply);
	if (r)
		return errors_set(error, r, &about);
	return reply_promise_bytes(&reply, issued.der, issued.size);
}
AUTHORIZE(issue_certificate, AUTHORIZE_ACTION_MANAGE_CLIENTS, details_of_client_object)

/* Of methods that take one text more, and answer how many leases they ended. */
typedef int (*change_fn)(struct broker *broker, const char *name, const char *text,
			 struct control_result *ret, control_done done, void *userdata);

/* name: room for the client's, which about refers to; said: where in about an error finds the text.
 */
static int change(sd_bus_message *m, struct bus *bus, char name[NAME_SIZE],
		  struct errors_about *about, const char **said, change_fn control,
		  sd_bus_error *error)
{
	_cleanup_(reply_freep) struct reply *reply = NULL;
	struct control_result result = {};
	int r = object_take_name(&client_object, bus, m, name, error);

	if (r >= 0)
		r = sd_bus_message_read(m, "s", said);
	if (r >= 0)
		r = reply_new(m, about, &reply);
	if (r < 0)
		return r;
	r = control(bus->broker, name, *said, &result, reply_done, reply);
	if (r)
		return errors_set(error, r, about);
	return reply_promise(&reply, false, "u", result.leases_ended);
}

static int method_unpin(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	char name[NAME_SIZE];
	struct errors_about about = {.client = name};

	return change(m, userdata, name, &about, &about.id, control_unpin, error);
}
AUTHORIZE(unpin, AUTHORIZE_ACTION_MANAGE_CLIENTS, details_of_client_object)

static int method_rename(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	char name[NAME_SIZE];
	struct errors_about about = {.client = name};

	return change(m, userdata, name, &about, &about.name, control_rename_client, error);
}
AUTHORIZE(rename, AUTHORIZE_ACTION_MANAGE_CLIENTS, details_of_client_object)

static int method_move(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	char name[NAME_SIZE];
	struct errors_about about = {.client = name};

	return change(m, userdata, name, &about, &about.integration, control_move_client, error);
}
AUTHORIZE(move, AUTHORIZE_ACTION_MANAGE_CLIENTS, details_of_move)

static int method_remove(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	char name[NAME_SIZE];
	struct errors_about about = {.client = name};
	struct control_result result = {};
	int r = object_take_name(&client_object, bus, m, name, error);

	if (r >= 0)
		r = reply_new(m, &about, &reply);
	if (r < 0)
		return r;
	r = control_remove_client(bus->broker, name, &result, reply_done, reply);
	return r ? errors_set(error, r, &about) : reply_promise(&reply, false, "");
}
AUTHORIZE(remove, AUTHORIZE_ACTION_MANAGE_CLIENTS, details_of_client_object)

static int get_user(sd_bus *b, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct client *client = userdata;

	return sd_bus_message_append(
		reply, "x", client->has_user && !client->user_pending ? (int64_t)client->user : -1);
}

static int get_tokens(sd_bus *b, const char *path, const char *interface, const char *property,
		      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct client *client = userdata;
	int r = sd_bus_message_open_container(reply, 'a', "(sttt)");

	for (size_t i = 0; r >= 0 && i < client->n_tokens; i++) {
		const struct token *token = &client->tokens[i];
		char id[ID_TEXT_SIZE];

		if (token->pending)
			continue;
		snprintf(id, sizeof(id), "%" PRIu64, token->id);
		r = sd_bus_message_append(reply, "(sttt)", id, token->created, token->expires,
					  token->used);
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_certificates(sd_bus *b, const char *path, const char *interface,
			    const char *property, sd_bus_message *reply, void *userdata,
			    sd_bus_error *error)
{
	const struct client *client = userdata;
	int r = sd_bus_message_open_container(reply, 'a', "(sttbt)");

	for (size_t i = 0; r >= 0 && i < client->n_pins; i++) {
		const struct token *pin = &client->pins[i];
		char fingerprint[PIN_TEXT_SIZE];

		if (pin->pending)
			continue;
		pin_format(pin->hash, fingerprint);
		r = sd_bus_message_append(reply, "(sttbt)", fingerprint, pin->created, pin->expires,
					  (int)pin->issued_here, pin->used);
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_suspended(sd_bus *b, const char *path, const char *interface, const char *property,
			 sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct client *client = userdata;
	const struct policy *policy = object_bus(b)->broker->policy;

	return sd_bus_message_append(
		reply, "b",
		policy_find_suspension(policy, SUSPENSION_ALL, "") ||
			policy_find_suspension(policy, SUSPENSION_CLIENT, client->name) ||
			(client->integration[0] &&
			 policy_find_suspension(policy, SUSPENSION_INTEGRATION,
						client->integration)));
}

static void *find(const struct bus *bus, const char *name)
{
	struct client *client = policy_find_client(bus->broker->policy, name);

	return client && !client->pending ? client : NULL;
}

static int list(const struct bus *bus, struct object_paths *paths)
{
	const struct policy *policy = bus->broker->policy;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < policy->n_clients; i++)
		if (!policy->clients[i]->pending)
			r = object_paths_add(
				paths, object_path(CAMWARD_PATH_CLIENTS, policy->clients[i]->name));
	return r;
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	AUTHORIZED_METHOD("AddToken", "a{sv}", SD_BUS_PARAM(options), "ss",
			  SD_BUS_PARAM(id) SD_BUS_PARAM(token), add_token, SD_BUS_VTABLE_SENSITIVE),
	AUTHORIZED_METHOD("RemoveToken", "s", SD_BUS_PARAM(id), "", "", remove_token, 0),
	AUTHORIZED_METHOD("BindUser", "u", SD_BUS_PARAM(user), "", "", bind_user, 0),
	AUTHORIZED_METHOD("UnbindUser", "", "", "", "", unbind_user, 0),
	AUTHORIZED_METHOD("Pin", "sa{sv}", SD_BUS_PARAM(fingerprint) SD_BUS_PARAM(options), "", "",
			  pin, 0),
	AUTHORIZED_METHOD("IssueCertificate", "aya{sv}",
			  SD_BUS_PARAM(request) SD_BUS_PARAM(options), "ay",
			  SD_BUS_PARAM(certificate), issue_certificate, 0),
	AUTHORIZED_METHOD("Unpin", "s", SD_BUS_PARAM(fingerprint), "u", SD_BUS_PARAM(leases_ended),
			  unpin, 0),
	AUTHORIZED_METHOD("Rename", "s", SD_BUS_PARAM(name), "u", SD_BUS_PARAM(leases_ended),
			  rename, 0),
	AUTHORIZED_METHOD("Move", "s", SD_BUS_PARAM(integration), "u", SD_BUS_PARAM(leases_ended),
			  move, 0),
	AUTHORIZED_METHOD("Remove", "", "", "", "", remove, 0),
	OBJECT_TEXT("Name", struct client, name, SD_BUS_VTABLE_PROPERTY_CONST),
	OBJECT_TEXT("Integration", struct client, integration, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	OBJECT_TEXT("Source", struct client, source, SD_BUS_VTABLE_PROPERTY_CONST),
	OBJECT_U64("Created", struct client, created, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Tokens", "a(sttt)", get_tokens, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Certificates", "a(sttbt)", get_certificates, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("User", "x", get_user, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Suspended", "b", get_suspended, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_VTABLE_END,
};

const struct object_kind client_object = {
	.path = CAMWARD_PATH_CLIENTS,
	.interface = CAMWARD_INTERFACE_CLIENT,
	.vtable = vtable,
	.find = find,
	.list = list,
	.missing = CONTROL_NO_SUCH_CLIENT,
};
