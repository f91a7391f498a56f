// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session/broker-link.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "session/exit.h"

/* What has been asked. */
enum state {
	STATE_NOTHING = 1 << 0,
	STATE_SIGN = 1 << 1,
	STATE_OPEN = 1 << 2,
	STATE_LIST = 1 << 3,
	STATE_SWITCH = 1 << 4,
};

static int handle_signature(void *userdata, const void *message, int *fds)
{
	struct broker_link *l = userdata;

	memcpy(&l->signature, message, sizeof(l->signature));
	l->chan.state = STATE_NOTHING;
	return 0;
}

static int handle_granted(void *userdata, const void *message, int *fds)
{
	struct broker_link *l = userdata;

	l->chan.state = STATE_NOTHING;
	return l->handlers->granted(l->userdata, message, fds);
}

static int handle_cameras(void *userdata, const void *message, int *fds)
{
	struct broker_link *l = userdata;

	l->chan.state = STATE_NOTHING;
	return l->handlers->cameras(l->userdata, message);
}

static int handle_pending(void *userdata, const void *message, int *fds)
{
	struct broker_link *l = userdata;

	l->pending = clock_monotonic();
	return 0;
}

static int handle_denied(void *userdata, const void *message, int *fds)
{
	const struct session_denied *m = message;
	struct broker_link *l = userdata;
	bool stays = l->chan.state == STATE_SWITCH;

	l->chan.state = STATE_NOTHING;
	l->switching = false;
	if (stays)
		return l->handlers->stays(l->userdata);
	l->pending = 0;
	return l->handlers->denied(l->userdata, (enum session_denied_reason)m->reason);
}

static int handle_ring(void *userdata, const void *message, int *fds)
{
	struct broker_link *l = userdata;

	l->switching = false;
	l->chan.state = STATE_NOTHING;
	return l->handlers->ring(l->userdata, message, fds);
}

static int handle_end(void *userdata, const void *message, int *fds)
{
	const struct session_end *m = message;
	struct broker_link *l = userdata;

	return l->handlers->end(l->userdata, (enum session_end_reason)m->reason);
}

static const struct chan_rule rules[] = {
	{
		.type = SESSION_SIGNATURE,
		.size = sizeof(struct session_signature),
		.once = true,
		.states = STATE_SIGN,
		.valid = session_signature_valid,
		.handler = handle_signature,
	},
	{
		.type = SESSION_GRANTED,
		.size = sizeof(struct session_granted),
		.n_fds = SESSION_GRANTED_FDS,
		.once = true,
		.states = STATE_OPEN,
		.valid = session_granted_valid,
		.handler = handle_granted,
	},
	{
		.type = SESSION_CAMERAS,
		.size = sizeof(struct session_cameras),
		.states = STATE_LIST,
		.valid = session_cameras_valid,
		.handler = handle_cameras,
	},
	{
		.type = SESSION_PENDING,
		.size = sizeof(struct session_pending),
		.states = STATE_OPEN,
		.handler = handle_pending,
	},
	{
		.type = SESSION_DENIED,
		.size = sizeof(struct session_denied),
		.states = STATE_OPEN | STATE_LIST | STATE_SWITCH,
		.valid = session_denied_valid,
		.handler = handle_denied,
	},
	{
		.type = SESSION_RING,
		.size = sizeof(struct session_ring),
		.n_fds = SESSION_RING_FDS,
		.states = STATE_SWITCH,
		.valid = session_ring_valid,
		.handler = handle_ring,
	},
	{
		.type = SESSION_END,
		.size = sizeof(struct session_end),
		.once = true,
		.states = CHAN_ANY_STATE,
		.valid = session_end_valid,
		.handler = handle_end,
	},
};

void broker_link_init(struct broker_link *l, int fd, const struct broker_link_handlers *handlers,
		      void *userdata)
{
	*l = (struct broker_link){.handlers = handlers, .userdata = userdata};
	chan_init(&l->chan, fd, SESSION_MSG_VERSION, rules, ARRAY_SIZE(rules), STATE_NOTHING, l);
}

void broker_link_receive(struct broker_link *l)
{
	int r = chan_receive(&l->chan);

	if (r == -EBADE) {
		struct session_tripwire m = {};

		(void)chan_send_message(&l->chan, SESSION_TRIPWIRE, &m);
		exit_now(SESSION_EXIT_TRIPWIRE);
	}
	if (r != 1 && r != -EAGAIN)
		exit_now(SESSION_EXIT_LINK);
}

static void sent(int r)
{
	if (r < 0)
		exit_now(SESSION_EXIT_LINK);
}

int broker_link_sign(void *userdata, const uint8_t digest[SESSION_DIGEST_SIZE],
		     uint8_t signature[SESSION_SIGNATURE_SIZE])
{
	struct broker_link *l = userdata;
	struct session_sign m = {};
	uint64_t now = clock_monotonic(), deadline = now + BROKER_LINK_SIGN_USEC;

	memcpy(m.digest, digest, sizeof(m.digest));
	l->chan.state = STATE_SIGN;
	sent(chan_send_message(&l->chan, SESSION_SIGN, &m));
	for (; !l->signature.size && now < deadline; now = clock_monotonic()) {
		struct pollfd p = {.fd = l->chan.fd, .events = POLLIN};
		struct timespec wait = {
			.tv_sec = (time_t)((deadline - now) / USEC_PER_SEC),
			.tv_nsec = (long)((deadline - now) % USEC_PER_SEC * NSEC_PER_USEC),
		};

		if (ppoll(&p, 1, &wait, NULL) > 0)
			broker_link_receive(l);
	}
	if (!l->signature.size)
		exit_now(SESSION_EXIT_LINK);
	memcpy(signature, l->signature.signature, l->signature.size);
	return (int)l->signature.size;
}

void broker_link_certificate(struct broker_link *l, const uint8_t *handshake, size_t size)
{
	struct session_certificate m = {.size = (uint32_t)size};

	memcpy(m.handshake, handshake, size);
	sent(chan_send_message(&l->chan, SESSION_CERTIFICATE, &m));
}

void broker_link_open(struct broker_link *l, struct session_open *m)
{
	l->chan.state = STATE_OPEN;
	sent(chan_send_message(&l->chan, SESSION_OPEN, m));
	erase(m, sizeof(*m));
}

void broker_link_list(struct broker_link *l, struct session_list *m)
{
	l->chan.state = STATE_LIST;
	sent(chan_send_message(&l->chan, SESSION_LIST, m));
	erase(m, sizeof(*m));
}

void broker_link_switch(struct broker_link *l, enum ring_stream stream)
{
	struct session_switch m = {.stream = stream};

	l->switching = true;
	l->chan.state = STATE_SWITCH;
	sent(chan_send_message(&l->chan, SESSION_SWITCH, &m));
}

void broker_link_keyframe(struct broker_link *l, uint64_t now)
{
	struct session_keyframe m = {};

	if (l->keyframe_asked && now - l->keyframe_asked < BROKER_LINK_KEYFRAME_USEC)
		return;
	l->keyframe_asked = now;
	sent(chan_send_message(&l->chan, SESSION_KEYFRAME, &m));
}

void broker_link_done(struct broker_link *l, enum session_done_how how)
{
	struct session_done m = {.how = how};

	/* The broker may have let go of this connection by itself: nobody is left to be told. */
	(void)chan_send_message(&l->chan, SESSION_DONE, &m);
}
