// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dbus/agents.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "broker/camera.h"
#include "broker/lease.h"
#include "dbus/objects.h"
#include "dbus/rights.h"

/* Longer than the broker waits, which then asks for no answer any more. */
#define ASK_TIMEOUT (2 * AGENT_PATIENCE)

struct agents {
	struct bus *bus;
	struct agent_peer peer;
	char *name; /* its unique name; NULL: there is no agent */
	char *path;
	sd_bus_track *track;
	struct list questions;
};

struct question {
	struct list list;
	struct agents *agents;
	uint64_t lease;
	sd_bus_slot *slot;
};

static void question_free(struct question *question)
{
	list_remove(&question->list);
	sd_bus_slot_unref(question->slot);
	free(question);
}
DEFINE_CLEANUP(struct question *, question_free)

/* The agent is nobody's any more; what it was asked has no answer. */
static void forget(struct agents *agents)
{
	struct question *question, *tmp;

	list_for_each_safe (question, tmp, &agents->questions, list)
		question_free(question);
	agents->track = sd_bus_track_unref(agents->track);
	free(steal_pointer(&agents->name));
	free(steal_pointer(&agents->path));
}

static int on_answer(sd_bus_message *answer, void *userdata, sd_bus_error *error)
{
	_cleanup_(question_freep) struct question *question = userdata;
	struct broker *broker = question->agents->bus->broker;
	uint64_t lease = question->lease;
	int yes = 0;

	/* Only a plain yes is one. */
	if (sd_bus_message_is_method_error(answer, NULL) ||
	    sd_bus_message_read(answer, "b", &yes) <= 0)
		yes = 0;
	question_free(steal_pointer(&question));
	agent_answered(broker, lease, yes);
	return 0;
}

static int append_question(const struct agents *agents, const struct lease *lease,
			   sd_bus_message **ret)
{
	_cleanup_free_ char *grant = object_path_id(CAMWARD_PATH_GRANTS, lease->asked);
	int r = grant ? sd_bus_message_new_method_call(agents->bus->bus, ret, agents->name,
						       agents->path, CAMWARD_INTERFACE_AGENT, "Ask")
		      : -ENOMEM;

	if (r >= 0)
		r = sd_bus_message_set_auto_start(*ret, false);
	return r < 0 ? r
		     : sd_bus_message_append(*ret, "tssos", lease->id, lease->client,
					     lease->camera->name, grant, rights_text(lease->right));
}

static int ask(void *userdata, const struct lease *lease)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	_cleanup_(question_freep) struct question *question = calloc(1, sizeof(*question));
	struct agents *agents = userdata;
	int r;

	if (!question)
		return -ENOMEM;
	question->agents = agents;
	question->lease = lease->id;
	list_append(&agents->questions, &question->list);
	r = append_question(agents, lease, &m);
	if (r >= 0)
		r = sd_bus_message_append(m, "s", lease->peer_text);
	if (r >= 0)
		r = sd_bus_call_async(agents->bus->bus, &question->slot, m, on_answer, question,
				      ASK_TIMEOUT);
	if (r >= 0)
		(void)steal_pointer(&question);
	return r < 0 ? r : 0;
}

/* So that nobody is left before a question; whether it arrives does not matter. */
static void tell_cancelled(const struct agents *agents, uint64_t lease)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

	if (sd_bus_message_new_method_call(agents->bus->bus, &m, agents->name, agents->path,
					   CAMWARD_INTERFACE_AGENT, "Cancel") >= 0 &&
	    sd_bus_message_set_expect_reply(m, false) >= 0 &&
	    sd_bus_message_set_auto_start(m, false) >= 0 &&
	    sd_bus_message_append(m, "t", lease) >= 0)
		(void)sd_bus_send(agents->bus->bus, m, NULL);
}

static void cancel(void *userdata, const struct lease *lease)
{
	struct agents *agents = userdata;
	struct question *question, *tmp;

	list_for_each_safe (question, tmp, &agents->questions, list)
		if (question->lease == lease->id) {
			tell_cancelled(agents, lease->id);
			question_free(question);
		}
}

static int on_left(sd_bus_track *track, void *userdata)
{
	struct agents *agents = userdata;

	(void)agent_gone(agents->bus->broker);
	forget(agents);
	return 0;
}

static int take(struct agents *agents, sd_bus_message *call, const char *path)
{
	int r = sd_bus_track_new(agents->bus->bus, &agents->track, on_left, agents);

	if (r >= 0)
		r = sd_bus_track_add_sender(agents->track, call);
	if (r < 0)
		return r;
	/* It may have left while polkit was asked. */
	if (sd_bus_track_count(agents->track) == 0)
		return -ENOTCONN;
	agents->name = strdup(sd_bus_message_get_sender(call));
	agents->path = strdup(path);
	return agents->name && agents->path ? agent_come(agents->bus->broker, &agents->peer)
					    : -ENOMEM;
}

int agents_register(struct agents *agents, sd_bus_message *call, const char *path)
{
	int r;

	if (agents->name)
		return -EBUSY;
	r = take(agents, call, path);
	if (r < 0)
		forget(agents);
	return r;
}

int agents_unregister(struct agents *agents, sd_bus_message *call)
{
	unsigned ended;

	if (!agents->name || strcmp(agents->name, sd_bus_message_get_sender(call)) != 0)
		return -ENOENT;
	ended = agent_gone(agents->bus->broker);
	forget(agents);
	return (int)ended;
}

int agents_open(struct bus *bus, struct agents **ret)
{
	struct agents *agents = calloc(1, sizeof(*agents));

	if (!agents)
		return -ENOMEM;
	*agents = (struct agents){
		.bus = bus,
		.peer = {.userdata = agents, .ask = ask, .cancel = cancel},
	};
	list_init(&agents->questions);
	*ret = agents;
	return 0;
}

void agents_close(struct agents *agents)
{
	if (!agents)
		return;
	agents->bus->broker->agent.peer = NULL;
	forget(agents);
	free(agents);
}
