// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a session asks the broker for, and what comes back. */
#include <string.h>

#include "session/session.h"

static int on_granted(void *userdata, const struct session_granted *m, int *fds)
{
	struct session *s = userdata;

	s->asked = false;
	s->granted = clock_monotonic();
	return lease_accept(&s->lease, m, fds);
}

static int on_denied(void *userdata, enum session_denied_reason reason)
{
	struct session *s = userdata;

	s->asked = false;
	s->denied = reason;
	return 0;
}

static int on_ring(void *userdata, const struct session_ring *m, int *fds)
{
	struct session *s = userdata;

	return lease_take_ring(&s->lease, m, fds);
}

static int on_stays(void *userdata)
{
	struct session *s = userdata;

	pace_refused(&s->rtsp.pace, s->now);
	return 0;
}

static int on_cameras(void *userdata, const struct session_cameras *m)
{
	struct session *s = userdata;

	s->asked = false;
	return s->phase == SESSION_PHASE_SERVING ? s->ops->cameras(s, m) : 0;
}

static int on_end(void *userdata, enum session_end_reason reason)
{
	struct session *s = userdata;

	session_end_orderly(s, SESSION_DONE_SERVER);
	return 0;
}

const struct broker_link_handlers session_broker_handlers = {
	.granted = on_granted,
	.denied = on_denied,
	.cameras = on_cameras,
	.end = on_end,
	.ring = on_ring,
	.stays = on_stays,
};

bool session_has_certificate(const struct session *s)
{
	return s->certificate_sent || tls_has_certificate(&s->tls);
}

/* The broker keeps what it has seen. */
static void send_certificate(struct session *s)
{
	if (s->certificate_sent)
		return;
	broker_link_certificate(&s->link, s->tls.record.bytes, s->tls.record.size);
	s->certificate_sent = true;
	handshake_record_release(&s->tls.record);
}

static void fill_credential(struct session *s, struct session_credential *c,
			    const struct authorization *who)
{
	if (!who) {
		send_certificate(s);
		c->kind = SESSION_CREDENTIAL_CERTIFICATE;
		return;
	}
	c->kind = SESSION_CREDENTIAL_TOKEN;
	memcpy(c->client, who->name, sizeof(who->name));
	memcpy(c->token, who->token, sizeof(who->token));
}

void session_open_lease(struct session *s, const struct authorization *who,
			const struct session_wish *wish)
{
	struct session_open m = {
		.right = RIGHT_LIVE,
		.stream = wish->stream,
		.may_switch = wish->may_switch,
		.protocol = wish->protocol,
		.has_nonce = wish->has_nonce,
	};

	fill_credential(s, &m.credential, who);
	memcpy(m.nonce, wish->nonce, sizeof(m.nonce));
	memcpy(m.exporter, s->exporter, sizeof(m.exporter));
	strncpy(s->lease.camera, wish->camera, sizeof(s->lease.camera) - 1);
	memcpy(m.camera, s->lease.camera, sizeof(s->lease.camera));
	s->lease.stream = wish->stream;
	s->lease.may_switch = wish->may_switch;
	s->asked = true;
	broker_link_open(&s->link, &m);
}

void session_list_cameras(struct session *s, const struct authorization *who)
{
	struct session_list m = {};

	fill_credential(s, &m.credential, who);
	s->asked = true;
	broker_link_list(&s->link, &m);
}
