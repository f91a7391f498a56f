// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/session-open.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/event.h"
#include "broker/broker.h"
#include "broker/camera.h"
#include "broker/gate-link.h"
#include "broker/lease.h"
#include "broker/policy-authenticate.h"

static int refuse_proof(struct session *session, int error)
{
	event_log(LOG_WARNING, EVENT_PROOF_REFUSED,
		  &(struct event_about){.peer = session->peer_text,
					.connection = session->connection},
		  "session %lu (%s): what it sent about its viewer's certificate is false; the "
		  "session is not to be trusted",
		  (unsigned long)session->connection, session->peer_text);
	return error == -EIO ? -EIO : -EACCES;
}

/* As good as none: its viewer is asked for credentials. */
static void pass_over(const struct session *session, const struct client *client, unsigned scheme)
{
	event_log(
		LOG_NOTICE, EVENT_CERTIFICATE_UNUSABLE,
		&(struct event_about){.client = client->name,
				      .peer = session->peer_text,
				      .connection = session->connection},
		"session %lu (%s): the certificate of %s proves nothing: its key signed by scheme "
		"0x%04x; accepted are ECDSA P-256, Ed25519, and RSA-PSS with SHA-256 and 2048 bits "
		"or more",
		(unsigned long)session->connection, session->peer_text, client->name, scheme);
}

int session_on_certificate(void *userdata, const void *message, int *fds)
{
	struct session *session = userdata;
	const struct session_certificate *m = message;
	const struct client *client;
	struct handshake handshake;
	int r = handshake_read(m->handshake, m->size, &session->signed_, &handshake);

	if (r == -ENOENT) /* nobody's */
		return 0;
	if (r < 0)
		return refuse_proof(session, r);
	client = policy_find_pin(session->broker->policy, handshake.spki, NULL);
	if (!client)
		return 0;
	r = handshake_verify(&handshake);
	if (r == -ENOTSUP) {
		pass_over(session, client, handshake.scheme);
		return 0;
	}
	if (r < 0)
		return refuse_proof(session, r);
	session->certificate.proven = true;
	memcpy(session->certificate.spki, handshake.spki, sizeof(handshake.spki));
	session->certificate.not_before = handshake.certificate.not_before;
	session->certificate.not_after = handshake.certificate.not_after;
	return 0;
}

static int authenticate_certificate(const struct session *session, const struct client **ret_client,
				    const struct token **ret_pin)
{
	uint64_t now = clock_realtime();
	bool set = broker_clock_is_set(), ends = session->certificate.not_after != 0;

	if (!session->certificate.proven ||
	    (ends && (!set || now >= session->certificate.not_after)) ||
	    (set && now < session->certificate.not_before))
		return -EACCES;
	return policy_authenticate_pin(session->broker->policy, session->certificate.spki, now, set,
				       ret_client, ret_pin);
}

/* For people who wonder which token is still needed. */
static void note_use(const struct policy *policy, const struct client *client,
		     const struct token *token)
{
	struct client *holder = policy_find_client(policy, client->name);
	struct token *own = holder ? client_find_credential(holder, token->id) : NULL;

	if (own)
		own->used = clock_realtime();
}

/* -EACCES: nobody, or not with this. */
static int authenticate(struct session *session, const struct session_credential *credential,
			const struct client **ret_client, const struct token **ret_token)
{
	int r = credential->kind == SESSION_CREDENTIAL_CERTIFICATE
			? authenticate_certificate(session, ret_client, ret_token)
			: policy_authenticate(session->broker->policy, credential->client,
					      credential->token, clock_realtime(),
					      broker_clock_is_set(), ret_client, ret_token);

	if (r == 0)
		note_use(session->broker->policy, *ret_client, *ret_token);
	if (r < 0 || !session->authenticated)
		gate_tell_credential(session->gate, session->connection, r == 0);
	if (r == 0)
		session->authenticated = true;
	return r;
}

/* The answer goes out first; then the link ends if these were too many. */
static int refuse_credential(struct session *session)
{
	session->broker->metrics.credentials_refused++;
	session_deny(session, SESSION_DENIED_CREDENTIAL);
	if (++session->refused < SESSION_REFUSED_MAX)
		return 0;
	event_log(LOG_NOTICE, EVENT_CREDENTIALS_REFUSED,
		  &(struct event_about){.peer = session->peer_text,
					.connection = session->connection},
		  "session %lu (%s): too many refused credentials",
		  (unsigned long)session->connection, session->peer_text);
	return -EACCES;
}

static void report(struct session *session, const struct session_open *m,
		   const struct client *client, const struct camera *camera, const char *reason)
{
	struct ledger_event event = {
		.right = m->right,
		.stream = m->stream,
		.protocol = m->protocol,
		.port = session->peer.port,
	};

	snprintf(event.client, sizeof(event.client), "%s", client->name);
	snprintf(event.camera, sizeof(event.camera), "%.*s", NAME_MAX_LENGTH, m->camera);
	if (camera)
		memcpy(event.camera_uuid, camera->uuid, UUID_SIZE);
	memcpy(event.peer, session->peer.address, sizeof(event.peer));
	snprintf(event.reason, sizeof(event.reason), "%s", reason);
	denial_report(session->broker, &event, session->peer_text);
}

/* When what it came with ends by itself; a token's end is in the policy. */
static uint64_t until(const struct session *session, const struct token *token)
{
	return token->id >= POLICY_PIN_ID_FIRST ? session->certificate.not_after : 0;
}

/* camera: NULL when there is none of this name. */
static struct policy_verdict decide(struct session *session, const struct session_open *m,
				    const struct client *client, const struct token *token,
				    const struct camera *camera)
{
	struct policy_request request = {
		.client = client->name,
		.token = token->id,
		.until = until(session, token),
		.right = m->right,
		.stream = m->stream,
	};
	struct policy_verdict verdict;

	if (camera)
		memcpy(request.camera, camera->uuid, UUID_SIZE);
	verdict = redecide_opening(session->broker, &request);
	return verdict;
}

static void open_lease(struct session *session, const struct session_open *m,
		       const struct client *client, const struct token *token)
{
	struct camera *camera = camera_find(session->broker, m->camera);
	struct policy_verdict verdict = decide(session, m, client, token, camera);
	struct lease_request request = {
		.session = session,
		.camera = camera,
		.client = client->name,
		.token = token->id,
		.until = until(session, token),
		.grant = verdict.grant,
		.ask = verdict.reason == POLICY_ASK,
		.right = m->right,
		.stream = m->stream,
		.may_switch = m->may_switch,
		.protocol = m->protocol,
		.has_nonce = m->has_nonce,
		.nonce = m->nonce,
		.exporter = m->exporter,
	};
	int r;

	if (!verdict.allowed && !request.ask) {
		session_deny(session, session_denial(verdict.reason));
		report(session, m, client, camera, policy_reason_text(verdict.reason));
		return;
	}
	r = lease_open(session->broker, &request);
	if (r < 0 && request.ask) {
		session_deny(session, SESSION_DENIED_NOT_FOUND);
		report(session, m, client, camera, policy_reason_text(verdict.reason));
	} else if (r < 0) {
		session_deny(session, SESSION_DENIED_UNAVAILABLE);
		report(session, m, client, camera, lease_unavailable_text(r));
	}
}

int session_on_open(void *userdata, const void *message, int *fds)
{
	struct session *session = userdata;
	const struct session_open *m = message;
	const struct client *client;
	const struct token *token;

	if (session->bound[0] && strcmp(session->bound, m->camera) != 0)
		return -EPROTO;
	if (++session->opens > SESSION_OPENS_MAX)
		return -EPROTO;
	/* After END, and when the service stops, there is nothing to be had. */
	if (session->link.chan.state != SESSION_STATE_NEW || session->broker->stopping) {
		session_deny(session, SESSION_DENIED_UNAVAILABLE);
		return 0;
	}
	session->link.chan.state = SESSION_STATE_OPENING;
	if (authenticate(session, &m->credential, &client, &token) < 0)
		return refuse_credential(session);
	open_lease(session, m, client, token);
	return 0;
}

static void list_cameras(struct session *session, const struct client *client,
			 const struct token *token, struct session_cameras *ret)
{
	struct policy_request request = {.client = client->name,
					 .token = token->id,
					 .until = until(session, token),
					 .agent = session->broker->agent.peer != NULL};
	struct camera *camera;

	list_for_each (camera, &session->broker->cameras, list) {
		struct session_camera *c = &ret->cameras[ret->n_cameras];

		memcpy(request.camera, camera->uuid, UUID_SIZE);
		c->rights = policy_rights(session->broker->policy, &request, clock_realtime(),
					  broker_clock_is_set());
		if (!c->rights)
			continue;
		snprintf(c->name, sizeof(c->name), "%s", camera->name);
		memcpy(c->uuid, camera->uuid, UUID_SIZE);
		c->online = camera_is_online(camera);
		c->streams = policy_streams(session->broker->policy, &request, clock_realtime(),
					    broker_clock_is_set()) &
			     camera_possible_streams(camera);
		if (++ret->n_cameras == SESSION_CAMERAS_MAX)
			return;
	}
}

int session_on_list(void *userdata, const void *message, int *fds)
{
	struct session *session = userdata;
	const struct session_list *m = message;
	struct session_cameras answer = {};
	const struct client *client;
	const struct token *token;

	if (++session->lists > SESSION_LISTS_MAX)
		return -EPROTO;
	if (authenticate(session, &m->credential, &client, &token) < 0)
		return refuse_credential(session);
	list_cameras(session, client, token, &answer);
	link_send_message(&session->link, SESSION_CAMERAS, &answer);
	return 0;
}
