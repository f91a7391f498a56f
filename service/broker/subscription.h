// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Who called Camera.Subscribe on the bus and takes the place of a session in a lease: a program of
 * this machine, to which frames go without a network (proto/subscriber-msg.h). Who it is, the bus
 * says: the user that it runs as, who must have been bound to a client (control_bind_user), root
 * too. What it may have is decided as for any viewer.
 *
 * The camera's process copies frames into the subscriber's memory and tells it over a socket. The
 * broker has both in hand, never looks into the memory and never reads from the socket: to end it,
 * it takes the memory back (take-back.h) and shuts the socket, and waits for nobody.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "broker/session-link.h"
#include "proto/camera-msg.h"

#define SUBSCRIPTIONS_MAX          64
#define SUBSCRIPTIONS_MAX_PER_USER 16
#define SUBSCRIPTION_TIMEOUT       (2 * USEC_PER_SEC) /* for the camera to make the memory */

struct broker;
struct lease;

enum subscription_refusal {
	SUBSCRIPTION_NOBODY = 1,  /* this user is no client, or not the one it says */
	SUBSCRIPTION_AMBIGUOUS,   /* it is several, and has to say which */
	SUBSCRIPTION_NOT_FOUND,   /* not granted, suspended or not existing, all alike */
	SUBSCRIPTION_UNAVAILABLE, /* granted, but there are no frames to be had just now */
	SUBSCRIPTION_LIMIT,       /* there are too many of them */
};

/* What the caller is told. */
struct subscription_answer {
	enum subscription_refusal refused; /* 0: granted */
	const char *reason;                /* UNAVAILABLE: for people */
	uint64_t lease;                    /* granted */
	int socket;                        /* granted: the subscriber's end; the subscription's */
};

typedef void (*subscription_done)(void *userdata, const struct subscription_answer *answer);

struct subscription {
	struct lease *lease;
	uint32_t user;
	int memory;                      /* -EBADF: the camera has made none yet */
	int socket;                      /* dup of the camera's end; -EBADF before it is granted */
	int far;                         /* the subscriber's end, until it has been handed over */
	bool asked;                      /* the camera has been asked for the memory */
	struct camera_subscribed made;   /* with memory: what the camera says of it */
	char trouble[PROTO_REASON_SIZE]; /* what the camera said when it could not; "" */
	sd_event_source *hangup;
	subscription_done done; /* NULL: the caller has been told */
	void *userdata;
};

struct subscription_request {
	uint32_t user;      /* as the bus vouches for it */
	const char *client; /* "": whichever this user is */
	const char *camera;
	uint32_t right, stream;
	subscription_done done;
	void *userdata;
};

/*
 * Decides and opens a lease (subscription-open.c). 0: done will be called, or has been, once, and
 * the end of the lease be told afterwards (struct observer), whatever comes of it. A refusal: there
 * is no lease. -errno.
 */
int subscription_open(struct broker *broker, const struct subscription_request *request);

/* The caller with this userdata has left the bus: what it has, or waits for, ends. */
void subscription_left(struct broker *broker, const void *userdata);

/* "user 1000"; and as an address, which it is not: 12 bytes of 0, then the user. */
void subscription_format_peer(uint32_t user, uint8_t address[16],
			      char text[SESSION_PEER_TEXT_SIZE]);

/* What lease*.c does with the lease's receiver. ask and grant return -errno. */
struct subscription *subscription_free(struct subscription *s);
int subscription_ask(struct subscription *s);
int subscription_grant(struct subscription *s);
void subscription_refuse(struct subscription *s, enum subscription_refusal refused,
			 const char *reason);
void subscription_cut(struct subscription *s);
/* May the camera still be busy with it? */
bool subscription_is_asked(const struct subscription *s);

/* The camera has made the memory, or will not; takes *memory if it keeps it. Errors are offences of
 * the camera's. */
int subscription_made(struct lease *lease, const struct camera_subscribed *m, int *memory);
void subscription_failed(struct lease *lease, const struct camera_unsubscribed *m);
