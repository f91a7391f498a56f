// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A link between two of the processes: messages of fixed size over SOCK_SEQPACKET, each judged by
 * a permit table before its handler sees it (the idea is OpenSSH's monitor). A message that the
 * table does not permit in the present state, has another size, another number of descriptors or
 * another version ends the link; no handler ever sees it.
 *
 * The state is a bit that the owner sets; a rule names the states in which its message may come.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fdpass.h"

/* Every message begins with this. version is that of its link (proto/). */
struct chan_header {
	uint16_t type;
	uint16_t version;
	uint32_t size; /* of the whole message */
};

#define CHAN_MESSAGE_MAX 16384
#define CHAN_ANY_STATE   UINT32_MAX

/* The message is readable only during the call. fds: exactly n_fds of the rule; what the handler
 * keeps it takes out by steal_fd(), the rest is closed after it. A negative return ends the link.
 */
typedef int (*chan_handler_t)(void *userdata, const void *message, int *fds);

struct chan_rule {
	uint16_t type;
	uint32_t size;
	uint8_t n_fds;
	bool once; /* a second one ends the link */
	uint32_t states;
	/* Pure check of the content (proto/); NULL: there is nothing to check. */
	bool (*valid)(const void *message);
	chan_handler_t handler;
};

#define CHAN_RULES_MAX 32

struct chan {
	int fd; /* owned */
	uint16_t version;
	const struct chan_rule *rules;
	size_t n_rules;
	uint32_t state;
	uint32_t seen; /* one bit a rule, for `once` */
	void *userdata;
};

/* Takes the descriptor. rules must outlive the channel. */
void chan_init(struct chan *c, int fd, uint16_t version, const struct chan_rule *rules,
	       size_t n_rules, uint32_t state, void *userdata);
void chan_close(struct chan *c);

/*
 * Receives one message and hands it to its handler. Returns 1 when one was handled, 0 at the end
 * of the link. Errors: -EAGAIN (nothing there), -EPROTO (not permitted), the handler's own. After
 * anything but 1 and -EAGAIN the link is over and its owner closes it. The handler may close the
 * channel itself; then it returns a negative value.
 */
int chan_receive(struct chan *c);

/* Fills in the header and sends; never blocks. A link whose peer does not read is over: -EAGAIN is
 * as final as -EPIPE. */
int chan_send(struct chan *c, uint16_t type, void *message, size_t size, const int *fds,
	      size_t n_fds);

#define chan_send_message(c, type, message) chan_send(c, type, message, sizeof(*(message)), NULL, 0)
