// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/chan.h"

#include <assert.h>
#include <errno.h>

#include "base/cleanup.h"

void chan_init(struct chan *c, int fd, uint16_t version, const struct chan_rule *rules,
	       size_t n_rules, uint32_t state, void *userdata)
{
	assert(n_rules <= CHAN_RULES_MAX);
	*c = (struct chan){
		.fd = fd,
		.version = version,
		.rules = rules,
		.n_rules = n_rules,
		.state = state,
		.userdata = userdata,
	};
}

void chan_close(struct chan *c)
{
	close_fd(steal_fd(&c->fd));
}

static const struct chan_rule *find_rule(const struct chan *c, uint16_t type)
{
	for (size_t i = 0; i < c->n_rules; i++)
		if (c->rules[i].type == type)
			return &c->rules[i];
	return NULL;
}

/* The rule that permits this message now, or NULL. */
static const struct chan_rule *permit(struct chan *c, const struct chan_header *h, size_t size,
				      size_t n_fds)
{
	const struct chan_rule *rule;
	uint32_t bit;

	if (size < sizeof(*h) || h->size != size || h->version != c->version)
		return NULL;
	rule = find_rule(c, h->type);
	if (!rule || rule->size != size || rule->n_fds != n_fds || !(rule->states & c->state))
		return NULL;
	bit = UINT32_C(1) << (rule - c->rules);
	if (rule->once && (c->seen & bit))
		return NULL;
	if (rule->valid && !rule->valid(h))
		return NULL;
	c->seen |= bit;
	return rule;
}

int chan_receive(struct chan *c)
{
	union {
		struct chan_header header;
		uint8_t bytes[CHAN_MESSAGE_MAX];
	} message;
	int fds[FDPASS_MAX], r;
	size_t n_fds;
	const struct chan_rule *rule;
	ssize_t n = fdpass_recv(c->fd, message.bytes, sizeof(message), fds, FDPASS_MAX, &n_fds);

	if (n <= 0)
		return (int)n;
	rule = permit(c, &message.header, (size_t)n, n_fds);
	r = rule ? rule->handler(c->userdata, message.bytes, fds) : -EPROTO;
	close_fds(fds, n_fds);
	/* Credentials pass here. */
	erase(message.bytes, (size_t)n);
	return r < 0 ? r : 1;
}

int chan_send(struct chan *c, uint16_t type, void *message, size_t size, const int *fds,
	      size_t n_fds)
{
	struct chan_header *h = message;

	assert(size <= CHAN_MESSAGE_MAX);
	*h = (struct chan_header){.type = type, .version = c->version, .size = (uint32_t)size};
	return fdpass_send(c->fd, message, size, fds, n_fds);
}
