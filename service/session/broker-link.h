// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The session's end of its link to the broker (proto/session-msg.h). One question at a time; what
 * is not an answer to it ends the link, and with the link the session: broker_link_receive() and
 * broker_link_sign() do not return then.
 */
#pragma once

#include "proto/session-msg.h"

/* What the broker answers goes here. A negative return ends the session. */
struct broker_link_handlers {
	int (*granted)(void *userdata, const struct session_granted *m, int *fds);
	int (*denied)(void *userdata, enum session_denied_reason reason);
	int (*cameras)(void *userdata, const struct session_cameras *m);
	int (*end)(void *userdata, enum session_end_reason reason);
	/* To broker_link_switch(): the other ring, or all stays as it is. */
	int (*ring)(void *userdata, const struct session_ring *m, int *fds);
	int (*stays)(void *userdata);
};

struct broker_link {
	struct chan chan;
	const struct broker_link_handlers *handlers;
	void *userdata;
	struct session_signature signature; /* size 0: not there yet */
	uint64_t pending; /* since when an agent is being asked: CLOCK_MONOTONIC, us; 0: not */
	bool switching;   /* the broker is asked for the other ring */
	uint64_t keyframe_asked; /* CLOCK_MONOTONIC, us */
};

/* Takes the descriptor. */
void broker_link_init(struct broker_link *l, int fd, const struct broker_link_handlers *handlers,
		      void *userdata);

void broker_link_receive(struct broker_link *l);

/* A tls_sign_t. Waits for the answer for at most BROKER_LINK_SIGN_USEC. */
#define BROKER_LINK_SIGN_USEC (UINT64_C(3) * 1000 * 1000)
int broker_link_sign(void *userdata, const uint8_t digest[SESSION_DIGEST_SIZE],
		     uint8_t signature[SESSION_SIGNATURE_SIZE]);

/* Once, before a message whose credential is the certificate. */
void broker_link_certificate(struct broker_link *l, const uint8_t *handshake, size_t size);

/* Both erase the message with its credential. */
void broker_link_open(struct broker_link *l, struct session_open *m);
void broker_link_list(struct broker_link *l, struct session_list *m);

/* While nothing else is asked. No sooner than SESSION_SWITCH_USEC after the last. */
void broker_link_switch(struct broker_link *l, enum ring_stream stream);

/* At most one a BROKER_LINK_KEYFRAME_USEC; now: CLOCK_MONOTONIC, us. */
#define BROKER_LINK_KEYFRAME_USEC (UINT64_C(1000) * 1000)
void broker_link_keyframe(struct broker_link *l, uint64_t now);

void broker_link_done(struct broker_link *l, enum session_done_how how);
