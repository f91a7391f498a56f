// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/agent.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/event.h"
#include "broker/broker.h"
#include "broker/camera.h"
#include "broker/lease.h"

void agent_init(struct agent *agent)
{
	*agent = (struct agent){.patience = AGENT_PATIENCE, .quiet = AGENT_QUIET};
}

int agent_come(struct broker *broker, const struct agent_peer *peer)
{
	if (broker->agent.peer)
		return -EBUSY;
	broker->agent.peer = peer;
	event_log(LOG_NOTICE, EVENT_AGENT_CAME, NULL, "an agent can be asked who may watch");
	observe(broker, agent_changed);
	redecide_all(broker);
	return 0;
}

unsigned agent_gone(struct broker *broker)
{
	unsigned ended;

	broker->agent.peer = NULL;
	ended = redecide_all(broker);
	event_log(LOG_NOTICE, EVENT_AGENT_WENT, NULL,
		  "the agent has gone: nobody can be asked; %u leases have ended", ended);
	observe(broker, agent_changed);
	return ended;
}

static bool has_said_no(const struct agent *agent, const struct lease *lease)
{
	uint64_t now = clock_monotonic();

	for (size_t i = 0; i < AGENT_NOES_MAX; i++)
		if (agent->noes[i].grant == lease->asked && agent->noes[i].until > now &&
		    !strcmp(agent->noes[i].client, lease->client))
			return true;
	return false;
}

/* In place of the one that is over first. */
void agent_note_no(struct lease *lease)
{
	struct agent *agent = &lease->broker->agent;
	size_t oldest = 0;

	for (size_t i = 1; i < AGENT_NOES_MAX; i++)
		if (agent->noes[i].until < agent->noes[oldest].until)
			oldest = i;
	snprintf(agent->noes[oldest].client, NAME_SIZE, "%s", lease->client);
	agent->noes[oldest].grant = lease->asked;
	agent->noes[oldest].until = clock_monotonic() + agent->quiet;
}

static bool is_asked_too_much(const struct lease *asking)
{
	unsigned all = 0, of_client = 0;
	struct lease *lease;

	list_for_each (lease, &asking->broker->leases, list) {
		if (lease == asking || lease->state != LEASE_ASKING)
			continue;
		all++;
		of_client += !strcmp(lease->client, asking->client);
	}
	return all >= AGENT_ASKED_MAX || of_client >= AGENT_ASKED_PER_CLIENT;
}

int agent_ask(struct lease *lease)
{
	struct agent *agent = &lease->broker->agent;

	if (!agent->peer || has_said_no(agent, lease) || is_asked_too_much(lease))
		return -EACCES;
	return agent->peer->ask(agent->peer->userdata, lease);
}

void agent_answered(struct broker *broker, uint64_t id, bool yes)
{
	struct lease *lease = lease_find(broker, id);

	if (!lease || lease->state != LEASE_ASKING)
		return;
	event_log(LOG_NOTICE, yes ? EVENT_AGENT_ALLOWED : EVENT_AGENT_REFUSED,
		  &(struct event_about){.camera = lease->camera->name,
					.client = lease->client,
					.peer = lease->peer_text,
					.lease = lease->id},
		  "the agent says %s to %s at %s for %s", yes ? "yes" : "no", lease->client,
		  lease->peer_text, lease->camera->name);
	if (yes)
		lease_approved(lease);
	else
		lease_disapproved(lease, "the agent said no");
}

void agent_forget(struct lease *lease)
{
	const struct agent_peer *peer = lease->broker->agent.peer;

	if (peer)
		peer->cancel(peer->userdata, lease);
}
