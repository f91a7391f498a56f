// SPDX-License-Identifier: LGPL-2.1-or-later
/* camwardctl agent: a simple agent (org.camward.Camward1.Agent). Questions stand in a queue; on a
 * terminal the first one is put, with --json all are told at once and answers name theirs. */
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <termios.h>
#include <unistd.h>

#include "base/parse.h"
#include "ctl/bus.h"
#include "ctl/json.h"
#include "ctl/text.h"
#include "ctl/verbs.h"
#include "dbus/names.h"

#define OBJECT        "/org/camward/Agent"
#define QUESTIONS_MAX 64
#define LINE_SIZE     256

struct question {
	uint64_t lease;
	sd_bus_message *call;                               /* to be answered */
	const char *client, *camera, *grant, *right, *peer; /* the call's */
};

struct agent {
	struct ctl *ctl;
	sd_event *event;
	char *owner; /* camwardd's unique name; NULL: it does not run */
	size_t n;
	struct question questions[QUESTIONS_MAX];
	char line[LINE_SIZE];
	size_t line_length;
	int status;
};

static void tell(const char *event, const struct question *question)
{
	_cleanup_json_ struct json_object *fields = json_object_new_object();

	json_set_text(fields, "event", event);
	json_set_number(fields, "lease", question->lease);
	if (question->client) {
		json_set_text(fields, "client", question->client);
		json_set_text(fields, "camera", question->camera);
		json_set_text(fields, "right", question->right);
		json_set_text(fields, "peer", question->peer);
	}
	json_print_line(fields);
}

/* What has been typed so far was not meant for this question. */
static void put_first(const struct agent *agent)
{
	const struct question *question = &agent->questions[0];

	if (agent->ctl->json || !agent->n)
		return;
	tcflush(STDIN_FILENO, TCIFLUSH);
	printf("%s at %s asks for %s of camera %s. Allow? [y/N] ", question->client, question->peer,
	       question->right, question->camera);
	fflush(stdout);
}

static void drop(struct agent *agent, size_t i)
{
	sd_bus_message_unref(agent->questions[i].call);
	agent->n--;
	memmove(&agent->questions[i], &agent->questions[i + 1],
		(agent->n - i) * sizeof(*agent->questions));
}

static void answer(struct agent *agent, size_t i, bool yes)
{
	(void)sd_bus_reply_method_return(agent->questions[i].call, "b", yes);
	drop(agent, i);
}

/* Anybody on the bus may call us; only the service is answered. */
static bool is_from_service(const struct agent *agent, sd_bus_message *m)
{
	const char *sender = sd_bus_message_get_sender(m);

	return agent->owner && sender && strcmp(sender, agent->owner) == 0;
}

static int set_stranger(sd_bus_error *error)
{
	return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "Only camwardd may ask");
}

static int method_ask(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct agent *agent = userdata;
	struct question *question = &agent->questions[agent->n];
	int r;

	if (!is_from_service(agent, m))
		return set_stranger(error);
	if (agent->n == QUESTIONS_MAX)
		return sd_bus_reply_method_return(m, "b", false);
	r = sd_bus_message_read(m, "tssoss", &question->lease, &question->client, &question->camera,
				&question->grant, &question->right, &question->peer);
	if (r < 0)
		return r;
	question->call = sd_bus_message_ref(m);
	agent->n++;
	if (agent->ctl->json)
		tell("asked", question);
	else if (agent->n == 1)
		put_first(agent);
	return 1;
}

static int method_cancel(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct agent *agent = userdata;
	uint64_t lease;
	int r;

	if (!is_from_service(agent, m))
		return set_stranger(error);
	r = sd_bus_message_read(m, "t", &lease);
	for (size_t i = 0; r >= 0 && i < agent->n; i++) {
		if (agent->questions[i].lease != lease)
			continue;
		drop(agent, i);
		if (agent->ctl->json)
			tell("cancelled", &(struct question){.lease = lease});
		else if (i == 0)
			puts("\nNo answer is wanted any more.");
		if (i == 0)
			put_first(agent);
		break;
	}
	return r < 0 ? r : sd_bus_reply_method_return(m, "");
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_NAMES("Ask", "tssoss",
				 SD_BUS_PARAM(lease) SD_BUS_PARAM(client) SD_BUS_PARAM(camera)
					 SD_BUS_PARAM(grant) SD_BUS_PARAM(right) SD_BUS_PARAM(peer),
				 "b", SD_BUS_PARAM(allowed), method_ask,
				 SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_NAMES("Cancel", "t", SD_BUS_PARAM(lease), "", "", method_cancel,
				 SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

static int enrol(struct agent *agent)
{
	_cleanup_(sd_bus_creds_unrefp) sd_bus_creds *creds = NULL;
	_cleanup_message_ sd_bus_message *call = NULL;
	const char *owner;
	int r = bus_new_call(agent->ctl, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER, "RegisterAgent",
			     &call);

	if (r)
		return r;
	r = sd_bus_message_append(call, "o", OBJECT);
	if (r < 0)
		return bus_call_failed(r);
	r = bus_send(agent->ctl, call, NULL, NULL);
	if (r)
		return r;
	free(steal_pointer(&agent->owner));
	if (sd_bus_get_name_creds(agent->ctl->bus, CAMWARD_BUS_NAME, SD_BUS_CREDS_UNIQUE_NAME,
				  &creds) < 0 ||
	    sd_bus_creds_get_unique_name(creds, &owner) < 0)
		return ctl_fail("camwardd has left the bus.");
	agent->owner = strdup(owner);
	if (!agent->owner)
		return ctl_out_of_memory();
	if (!agent->ctl->json)
		puts("You are asked from now on. When this ends, so does who watches by your "
		     "word.");
	fflush(stdout);
	return 0;
}

static int end(struct agent *agent, int status)
{
	agent->status = status;
	return sd_event_exit(agent->event, 0);
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct agent *agent = userdata;
	const char *name, *before, *now;
	int r = sd_bus_message_read(m, "sss", &name, &before, &now);

	if (r < 0 || (agent->owner && strcmp(agent->owner, now) == 0))
		return r;
	while (agent->n)
		drop(agent, 0);
	free(steal_pointer(&agent->owner));
	if (!*now) {
		fputs("camwardctl: camwardd has stopped; waiting for it.\n", stderr);
		return 0;
	}
	r = enrol(agent);
	return r ? end(agent, r) : 0;
}

static bool means_yes(const char *text)
{
	return !strcasecmp(text, "y") || !strcasecmp(text, "yes");
}

/* "12 yes" with --json; else about the first question. */
static void take_line(struct agent *agent, char *line)
{
	char *word = agent->ctl->json ? strchr(line, ' ') : NULL;
	uint64_t lease;

	if (!agent->ctl->json) {
		if (agent->n) {
			answer(agent, 0, means_yes(line));
			put_first(agent);
		}
		return;
	}
	if (word)
		*word++ = '\0';
	if (!word || parse_u64(line, UINT64_MAX, &lease) < 0) {
		fputs("camwardctl: an answer is 'LEASE yes' or 'LEASE no'.\n", stderr);
		return;
	}
	for (size_t i = 0; i < agent->n; i++)
		if (agent->questions[i].lease == lease) {
			answer(agent, i, means_yes(word));
			return;
		}
}

static int unregister(struct agent *agent)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	uint32_t ended;
	int r = bus_new_call(agent->ctl, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER, "UnregisterAgent",
			     &call);

	if (!r)
		r = bus_send(agent->ctl, call, NULL, &reply);
	if (r)
		return r;
	r = sd_bus_message_read(reply, "u", &ended);
	if (r < 0)
		return bus_reply_failed(r);
	if (!agent->ctl->json && ended)
		printf("%u viewer%s cut off.\n", ended, ended == 1 ? " was" : "s were");
	return 0;
}

static int on_input(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct agent *agent = userdata;
	char *end_of_line;
	ssize_t n = read(fd, agent->line + agent->line_length, LINE_SIZE - 1 - agent->line_length);

	if (n <= 0)
		return end(agent, agent->owner ? unregister(agent) : 0);
	agent->line_length += (size_t)n;
	agent->line[agent->line_length] = '\0';
	while ((end_of_line = strchr(agent->line, '\n'))) {
		*end_of_line++ = '\0';
		take_line(agent, agent->line);
		agent->line_length -= (size_t)(end_of_line - agent->line);
		memmove(agent->line, end_of_line, agent->line_length + 1);
	}
	if (agent->line_length == LINE_SIZE - 1)
		agent->line_length = 0;
	return 0;
}

static int prepare(struct agent *agent)
{
	sd_bus *bus = agent->ctl->bus;
	int r = sd_event_default(&agent->event);

	if (r >= 0)
		r = sd_bus_attach_event(bus, agent->event, 0);
	if (r >= 0)
		r = sd_bus_add_object_vtable(bus, NULL, OBJECT, CAMWARD_INTERFACE_AGENT, vtable,
					     agent);
	if (r >= 0)
		r = sd_bus_add_match(bus, NULL,
				     "type='signal',sender='org.freedesktop.DBus',"
				     "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
				     "arg0='" CAMWARD_BUS_NAME "'",
				     on_owner, agent);
	if (r < 0)
		return ctl_fail("The bus cannot be listened to: %s.", strerror(-r));
	r = sd_event_add_io(agent->event, NULL, STDIN_FILENO, EPOLLIN, on_input, agent);
	return r < 0 ? ctl_fail("Standard input gives no answers (%s): run it in a terminal, or "
				"answer through a pipe.",
				strerror(-r))
		     : 0;
}

int agent_run(struct ctl *ctl, const struct args *args)
{
	struct agent agent = {.ctl = ctl};
	int r = bus_open(ctl);

	if (!r)
		r = prepare(&agent);
	if (!r)
		r = enrol(&agent);
	if (!r) {
		int failed = sd_event_loop(agent.event);

		r = failed < 0 ? ctl_fail("The bus is gone: %s.", strerror(-failed)) : agent.status;
	}
	while (agent.n)
		drop(&agent, 0);
	ctl->bus = sd_bus_flush_close_unref(ctl->bus);
	sd_event_unref(agent.event);
	free(agent.owner);
	return r;
}
