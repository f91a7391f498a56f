// SPDX-License-Identifier: LGPL-2.1-or-later
/* org.camward.Camward1.Manager */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "broker/control.h"
#include "broker/gate-link.h"
#include "broker/session-link.h"
#include "dbus/agents.h"
#include "dbus/errors.h"
#include "dbus/objects.h"
#include "dbus/options.h"
#include "dbus/reply.h"
#include "dbus/rights.h"

static int method_add_client(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	_cleanup_free_ char *path = NULL;
	struct control_result result = {};
	struct errors_about about = {};
	const char *integration = "";
	uint64_t expires = 0;
	const struct options_key keys[] = {
		{CAMWARD_OPTION_INTEGRATION, 's', .text = &integration},
		{CAMWARD_OPTION_EXPIRES, 't', .number = &expires},
	};
	int r = sd_bus_message_read(m, "s", &about.name);

	if (r >= 0)
		r = options_read(m, keys, ARRAY_SIZE(keys), error);
	if (r >= 0)
		r = reply_new(m, &about, &reply);
	if (r < 0)
		return r;
	path = object_path(CAMWARD_PATH_CLIENTS, about.name);
	if (!path)
		return -ENOMEM;
	r = control_add_client(bus->broker, about.name, integration, expires, &result, reply_done,
			       reply);
	if (r == CONTROL_INVALID_NAME && name_valid(about.name))
		about.name = integration;
	if (r)
		return errors_set(error, r, &about);
	r = reply_promise(&reply, true, "os", path, result.token);
	erase(&result, sizeof(result));
	return r;
}
AUTHORIZE(add_client, AUTHORIZE_ACTION_MANAGE_CLIENTS, details_of_client)

static int method_remove_client(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	struct control_result result = {};
	struct errors_about about = {};
	int r = sd_bus_message_read(m, "s", &about.client);

	if (r >= 0)
		r = reply_new(m, &about, &reply);
	if (r < 0)
		return r;
	r = control_remove_client(bus->broker, about.client, &result, reply_done, reply);
	return r ? errors_set(error, r, &about) : reply_promise(&reply, false, "");
}
AUTHORIZE(remove_client, AUTHORIZE_ACTION_MANAGE_CLIENTS, details_of_client)

static int method_add_integration(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	_cleanup_free_ char *path = NULL;
	struct errors_about about = {};
	int r = sd_bus_message_read(m, "s", &about.name);

	if (r >= 0)
		r = reply_new(m, &about, &reply);
	if (r < 0)
		return r;
	path = object_path(CAMWARD_PATH_INTEGRATIONS, about.name);
	if (!path)
		return -ENOMEM;
	r = control_add_integration(bus->broker, about.name, reply_done, reply);
	return r ? errors_set(error, r, &about) : reply_promise(&reply, false, "o", path);
}
AUTHORIZE(add_integration, AUTHORIZE_ACTION_MANAGE_CLIENTS, details_of_integration)

static int method_add_grant(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	_cleanup_free_ char *path = NULL;
	struct control_result result = {};
	struct errors_about about = {};
	struct control_grant grant = {};
	const struct options_key keys[] = {
		{CAMWARD_OPTION_INTEGRATION, 's', .text = &grant.integration},
		{CAMWARD_LIMIT_NOT_BEFORE, 't', .number = &grant.not_before},
		{CAMWARD_LIMIT_NOT_AFTER, 't', .number = &grant.not_after},
		{CAMWARD_LIMIT_HOURS, 's', .text = &grant.hours},
		{CAMWARD_LIMIT_MAX_LEASES, 't', .number = &grant.max_leases},
		{CAMWARD_LIMIT_ONLY_SUB, 'b', .flag = &grant.only_sub},
		{CAMWARD_LIMIT_ASK_FIRST, 'b', .flag = &grant.ask_first},
	};
	int r = sd_bus_message_read(m, "ss", &about.client, &about.camera);

	if (r >= 0)
		r = rights_read(m, &grant.rights);
	if (r >= 0)
		r = options_read(m, keys, ARRAY_SIZE(keys), error);
	if (r >= 0)
		r = reply_new(m, &about, &reply);
	if (r < 0)
		return r;
	grant.client = about.client;
	grant.camera = about.camera;
	about.integration = grant.integration;
	r = control_add_grant(bus->broker, &grant, &result, reply_done, reply);
	if (r)
		return errors_set(error, r, &about);
	path = object_path_id(CAMWARD_PATH_GRANTS, result.id);
	return reply_promise(&reply, false, "o", path);
}
AUTHORIZE(add_grant, AUTHORIZE_ACTION_MANAGE_GRANTS, details_of_client_and_camera)

static int method_revoke(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	struct control_result result = {};
	struct errors_about about = {};
	int r = sd_bus_message_read(m, "ss", &about.client, &about.camera);

	if (r >= 0)
		r = reply_new(m, &about, &reply);
	if (r < 0)
		return r;
	r = control_revoke(bus->broker, about.client, about.camera, &result, reply_done, reply);
	if (r)
		return errors_set(error, r, &about);
	return reply_promise(&reply, false, "uu", result.grants_removed, result.leases_ended);
}
AUTHORIZE(revoke, AUTHORIZE_ACTION_MANAGE_GRANTS, details_of_client_and_camera)

static int set_unknown_kind(sd_bus_error *error, const char *kind)
{
	return sd_bus_error_setf(error, CAMWARD_ERROR_INVALID_LIMITS,
				 "There is no kind '%s': use all, camera, client or integration",
				 kind);
}

static int set_name_with_all(sd_bus_error *error)
{
	return sd_bus_error_setf(error, CAMWARD_ERROR_INVALID_NAME,
				 "'all' takes no name: leave it empty");
}

static int method_suspend(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	struct control_result result = {};
	struct errors_about about = {};
	enum suspension_kind kind;
	const char *text, *reason;
	int r = sd_bus_message_read(m, "sss", &text, &about.name, &reason);

	if (r < 0)
		return r;
	if (suspension_kind_from_text(text, &kind) < 0)
		return set_unknown_kind(error, text);
	if (kind == SUSPENSION_ALL && about.name[0])
		return set_name_with_all(error);
	about.client = about.camera = about.name;
	r = reply_new(m, &about, &reply);
	if (r < 0)
		return r;
	r = control_suspend(bus->broker, kind, about.name, reason, &result, reply_done, reply);
	if (r)
		return errors_set(error, r, &about);
	return reply_promise(&reply, false, "u", result.leases_ended);
}
AUTHORIZE(suspend, AUTHORIZE_ACTION_SUSPEND, details_of_scope)

static int method_resume(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	_cleanup_(reply_freep) struct reply *reply = NULL;
	struct errors_about about = {};
	enum suspension_kind kind;
	const char *text;
	int r = sd_bus_message_read(m, "ss", &text, &about.name);

	if (r < 0)
		return r;
	if (suspension_kind_from_text(text, &kind) < 0)
		return set_unknown_kind(error, text);
	if (kind == SUSPENSION_ALL && about.name[0])
		return set_name_with_all(error);
	r = reply_new(m, &about, &reply);
	if (r < 0)
		return r;
	r = control_resume(bus->broker, kind, about.name, reply_done, reply);
	return r ? errors_set(error, r, &about) : reply_promise(&reply, false, "");
}
AUTHORIZE(resume, AUTHORIZE_ACTION_SUSPEND, details_of_scope)

static int method_register_agent(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	const char *path;
	int r = sd_bus_message_read(m, "o", &path);

	if (r >= 0)
		r = agents_register(bus->agents, m, path);
	if (r == -EBUSY)
		return sd_bus_error_set(error, CAMWARD_ERROR_AGENT_EXISTS,
					"Another program is asked already: end that one first");
	return r < 0 ? r : sd_bus_reply_method_return(m, "");
}
AUTHORIZE(register_agent, AUTHORIZE_ACTION_BE_AGENT, details_of_nothing)

static int method_unregister_agent(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	int ended = agents_unregister(bus->agents, m);

	if (ended == -ENOENT)
		return sd_bus_error_set(
			error, CAMWARD_ERROR_NOT_THE_AGENT,
			"The caller is not the agent: there is nothing to take back");
	return ended < 0 ? ended : sd_bus_reply_method_return(m, "u", (uint32_t)ended);
}
AUTHORIZE(unregister_agent, AUTHORIZE_ACTION_BE_AGENT, details_of_nothing)

static int get_cloned(sd_bus *b, const char *path, const char *interface, const char *property,
		      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "b", (int)object_bus(b)->broker->cloned);
}

static int get_settings_overdue(sd_bus *b, const char *path, const char *interface,
				const char *property, sd_bus_message *reply, void *userdata,
				sd_bus_error *error)
{
	return sd_bus_message_append(reply, "b", (int)object_bus(b)->broker->reload.overdue);
}

static int get_version(sd_bus *b, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", CAMWARD_VERSION);
}

static int get_fingerprint(sd_bus *b, const char *path, const char *interface, const char *property,
			   sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s",
				     tls_identity_spki_sha256(object_bus(b)->broker->identity));
}

static int get_certificate(sd_bus *b, const char *path, const char *interface, const char *property,
			   sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s",
				     tls_identity_chain_pem(object_bus(b)->broker->identity));
}

static int get_seal_root(sd_bus *b, const char *path, const char *interface, const char *property,
			 sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", seal_root_pem(object_bus(b)->broker->seal_root));
}

static int get_suspensions(sd_bus *b, const char *path, const char *interface, const char *property,
			   sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct policy *policy = object_bus(b)->broker->policy;
	int r = sd_bus_message_open_container(reply, 'a', "(ssst)");

	for (size_t i = 0; r >= 0 && i < policy->n_suspensions; i++) {
		const struct suspension *s = policy->suspensions[i];

		r = sd_bus_message_append(reply, "(ssst)", suspension_kind_to_text(s->kind),
					  s->name, s->reason, s->since);
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_ready(sd_bus *b, const char *path, const char *interface, const char *property,
		     sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "b", (int)broker_is_ready(object_bus(b)->broker));
}

static int get_listeners(sd_bus *b, const char *path, const char *interface, const char *property,
			 sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct gate *gate = gate_first(object_bus(b)->broker);
	int r = sd_bus_message_open_container(reply, 'a', "(ssq)");

	for (uint32_t i = 0; r >= 0 && gate && i < gate->listening.n_listeners; i++) {
		const struct gate_peer *l = &gate->listening.listeners[i];
		char address[SESSION_ADDRESS_TEXT_SIZE];

		session_format_address(l, address);
		r = sd_bus_message_append(reply, "(ssq)",
					  l->service == GATE_SERVICE_RTSPS ? "rtsps" : "https",
					  address, l->port);
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_has_agent(sd_bus *b, const char *path, const char *interface, const char *property,
			 sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "b", object_bus(b)->broker->agent.peer != NULL);
}

static int get_watching(sd_bus *b, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "b", object_bus(b)->broker->light.n > 0);
}

static int get_metrics(sd_bus *b, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	_cleanup_free_ char *text = metrics_text(object_bus(b)->broker);

	return text ? sd_bus_message_append(reply, "s", text) : -ENOMEM;
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	AUTHORIZED_METHOD("AddClient", "sa{sv}", SD_BUS_PARAM(name) SD_BUS_PARAM(options), "os",
			  SD_BUS_PARAM(client) SD_BUS_PARAM(token), add_client,
			  SD_BUS_VTABLE_SENSITIVE),
	AUTHORIZED_METHOD("RemoveClient", "s", SD_BUS_PARAM(name), "", "", remove_client, 0),
	AUTHORIZED_METHOD("AddIntegration", "s", SD_BUS_PARAM(name), "o", SD_BUS_PARAM(integration),
			  add_integration, 0),
	AUTHORIZED_METHOD("AddGrant", "ssasa{sv}",
			  SD_BUS_PARAM(client) SD_BUS_PARAM(camera) SD_BUS_PARAM(rights)
				  SD_BUS_PARAM(limits),
			  "o", SD_BUS_PARAM(grant), add_grant, 0),
	AUTHORIZED_METHOD("Revoke", "ss", SD_BUS_PARAM(client) SD_BUS_PARAM(camera), "uu",
			  SD_BUS_PARAM(grants_removed) SD_BUS_PARAM(leases_ended), revoke, 0),
	AUTHORIZED_METHOD("Suspend", "sss",
			  SD_BUS_PARAM(kind) SD_BUS_PARAM(name) SD_BUS_PARAM(reason), "u",
			  SD_BUS_PARAM(leases_ended), suspend, 0),
	AUTHORIZED_METHOD("Resume", "ss", SD_BUS_PARAM(kind) SD_BUS_PARAM(name), "", "", resume, 0),
	AUTHORIZED_METHOD("RegisterAgent", "o", SD_BUS_PARAM(agent), "", "", register_agent, 0),
	AUTHORIZED_METHOD("UnregisterAgent", "", "", "u", SD_BUS_PARAM(leases_ended),
			  unregister_agent, 0),
	SD_BUS_PROPERTY("Cloned", "b", get_cloned, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Fingerprint", "s", get_fingerprint, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("ServerCertificate", "s", get_certificate, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("SealRoot", "s", get_seal_root, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Suspensions", "a(ssst)", get_suspensions, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("HasAgent", "b", get_has_agent, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Watching", "b", get_watching, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Metrics", "s", get_metrics, 0, 0),
	SD_BUS_PROPERTY("SettingsOverdue", "b", get_settings_overdue, 0, 0),
	SD_BUS_PROPERTY("Ready", "b", get_ready, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Listeners", "a(ssq)", get_listeners, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_SIGNAL_WITH_ARGS(
		"LeaseEnded",
		SD_BUS_ARGS("t", id, "s", client, "s", camera, "s", reason, "t", delivered), 0),
	SD_BUS_SIGNAL_WITH_ARGS("Denied",
				SD_BUS_ARGS("s", client, "s", camera, "s", peer, "s", reason), 0),
	SD_BUS_VTABLE_END,
};

const struct object_kind manager_object = {
	.path = CAMWARD_PATH,
	.interface = CAMWARD_INTERFACE_MANAGER,
	.vtable = vtable,
};
