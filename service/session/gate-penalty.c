// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the gate holds against a source, and whom it turns away for it. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/event.h"
#include "session/gate.h"

#define SOURCE_TEXT_SIZE (INET6_ADDRSTRLEN + sizeof("/64"))

static const char *const kind_texts[] = {
	[PENALTY_CREDENTIAL] = "refused credentials",
	[PENALTY_ANONYMOUS] = "connections without credentials",
	[PENALTY_GRACE] = "connections that only stay",
	[PENALTY_CRASH] = "a crashed session",
};

static void format_source(const uint8_t source[16], char text[SOURCE_TEXT_SIZE])
{
	struct in6_addr address;
	char host[INET6_ADDRSTRLEN];

	memcpy(&address, source, sizeof(address));
	if (IN6_IS_ADDR_V4MAPPED(&address)) {
		inet_ntop(AF_INET, source + 12, host, sizeof(host));
		snprintf(text, SOURCE_TEXT_SIZE, "%s", host);
	} else {
		inet_ntop(AF_INET6, source, host, sizeof(host));
		snprintf(text, SOURCE_TEXT_SIZE, "%s/64", host);
	}
}

bool gate_penalty_refuses(const struct gate *g, const struct gate_peer *peer)
{
	uint8_t source[16];

	roster_source(peer->address, source);
	return !address_list_has(&g->options.exempt, peer->address) &&
	       penalties_refuse(&g->penalties, source, clock_monotonic());
}

void gate_penalty_add(struct gate *g, const struct roster_entry *e, enum penalty_kind kind)
{
	char text[SOURCE_TEXT_SIZE];
	uint64_t refused;

	if (e->exempt)
		return;
	refused = penalties_add(&g->penalties, e->source, kind, clock_monotonic());
	if (!refused)
		return;
	format_source(e->source, text);
	event_log(LOG_NOTICE, EVENT_SOURCE_REFUSED,
		  &(struct event_about){.peer = text, .reason = kind_texts[kind]},
		  "%s is refused for %llu s: %s", text,
		  (unsigned long long)((refused + USEC_PER_SEC - 1) / USEC_PER_SEC),
		  kind_texts[kind]);
}

void gate_penalty_end(struct gate *g, const struct roster_entry *e, const siginfo_t *info)
{
	/* What went wrong on our side is not held against anybody. */
	bool ours = info->si_code == CLD_EXITED ? info->si_status != 0 : !e->ending;

	if (ours || e->admitted || e->credential)
		return;
	gate_penalty_add(g, e,
			 clock_monotonic() >= e->accepted + g->options.grace * USEC_PER_SEC
				 ? PENALTY_GRACE
				 : PENALTY_ANONYMOUS);
}
