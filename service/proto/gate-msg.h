// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The link between the gate and the broker. One message = one struct, fixed size (base/chan.h).
 *
 *	gate -> broker   LISTENING (once, first), CONNECTION (+2 fds), EXITED
 *	broker -> gate   SERVER (once, first), CREDENTIAL, ADMITTED, KILL
 *
 * A connection's number is the gate's; it is never used twice on one link.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/chan.h"
#include "proto/limits.h"

#define GATE_MSG_VERSION 1

enum gate_msg_type {
	/* gate -> broker */
	GATE_CONNECTION = 1,
	GATE_EXITED = 2,
	GATE_LISTENING = 3,
	/* broker -> gate */
	GATE_SERVER = 101,
	GATE_ADMITTED = 102,
	GATE_KILL = 103,
	GATE_CREDENTIAL = 104,
};

enum gate_service {
	GATE_SERVICE_RTSPS = 1,
	GATE_SERVICE_HTTPS = 2,
};

struct gate_peer {
	uint8_t address[16]; /* IPv6, or IPv4 mapped into it (RFC 4291, 2.5.5.2) */
	uint16_t port;       /* host byte order */
	uint16_t service;    /* enum gate_service: which listening socket accepted it */
	uint32_t reserved;
};

/* fds: [0] the broker's end of the session's link, [1] a dup of the viewer's TCP socket. */
#define GATE_CONNECTION_FDS 2
struct gate_connection {
	struct chan_header header;
	uint64_t connection;
	struct gate_peer peer;
};

/*
 * Where viewers come to: the addresses that its listening sockets are bound to, which nobody but
 * the kernel has told it. Not sent again by a gate that executes itself anew: they are the same.
 */
#define GATE_LISTENERS_MAX 8
struct gate_listening {
	struct chan_header header;
	uint32_t n_listeners;
	uint32_t reserved;
	struct gate_peer listeners[GATE_LISTENERS_MAX];
};

enum gate_exit {
	GATE_EXIT_ORDERLY = 1, /* exit status 0 */
	GATE_EXIT_FAILED = 2,  /* value: the exit status */
	GATE_EXIT_SIGNAL = 3,  /* value: the signal */
};

/* The exit status of a session whose tripwire fired: SESSION_TRIPWIRE. */
#define GATE_STATUS_TRIPWIRE 4

struct gate_exited {
	struct chan_header header;
	uint64_t connection;
	uint32_t how; /* enum gate_exit */
	uint32_t value;
};

/* The server's certificate chain, leaf first, so that it is loaded once and not in each session.
 * Its key stays in the broker. Comes again when it was issued anew. */
#define GATE_CHAIN_MAX 3
struct gate_server {
	struct chan_header header;
	uint32_t n_certificates;
	uint32_t sizes[GATE_CHAIN_MAX];
	uint8_t certificates[GATE_CHAIN_MAX][PROTO_CERTIFICATE_SIZE];
};

/* This connection has a lease now: it no longer counts among the unfinished ones. */
struct gate_admitted {
	struct chan_header header;
	uint64_t connection;
};

struct gate_kill {
	struct chan_header header;
	uint64_t connection;
};

enum gate_verdict {
	GATE_CREDENTIAL_ACCEPTED = 1,
	GATE_CREDENTIAL_REFUSED = 2,
};

/*
 * What became of a credential that came over this connection: each that was refused, and the first
 * that was accepted. Sent before the session hears of it, so that whoever has read the answer
 * finds the gate informed.
 */
struct gate_credential {
	struct chan_header header;
	uint64_t connection;
	uint32_t verdict; /* enum gate_verdict */
	uint32_t reserved;
};

/* Whether only this machine reaches a listening socket that is bound to the address. */
bool gate_is_loopback(const struct gate_peer *listener);

/* Whether the content is sound; the header has been checked already. For chan_rule.valid. */
bool gate_connection_valid(const void *message);
bool gate_exited_valid(const void *message);
bool gate_listening_valid(const void *message);
bool gate_server_valid(const void *message);
bool gate_credential_valid(const void *message);
