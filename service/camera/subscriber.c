// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/subscriber.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/memfd.h"
#include "camera/held.h"
#include "proto/session-msg.h"

/* Between two frames it can have given back no more than it held; more would keep us busy. */
#define RELEASES_MAX (SUBSCRIBER_HELD_MAX + 1)

struct subscriber {
	uint32_t right;
	int socket; /* -EBADF: it gets no frames yet */
	int memory;
	struct session_counters *counters;
	struct session_permit *permit; /* read only */
	struct held held;
	bool waits;                /* for a keyframe */
	bool asked;                /* for one */
	bool has_room;             /* it has given something back since there was none */
	uint32_t dropped, skipped; /* since the frame before */
};

static void raise(_Atomic uint64_t *counter)
{
	/* Nobody else writes it. */
	uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, value + 1, memory_order_release);
}

/* Pages are the broker's, who never makes them smaller. */
static int map_pages(struct subscriber *s, const int pages[CAMERA_SUBSCRIBER_FDS])
{
	void *page =
		mmap(NULL, sizeof(*s->counters), PROT_READ | PROT_WRITE, MAP_SHARED, pages[0], 0);

	if (page == MAP_FAILED)
		return -errno;
	s->counters = page;
	page = mmap(NULL, sizeof(*s->permit), PROT_READ, MAP_SHARED, pages[1], 0);
	if (page == MAP_FAILED)
		return -errno;
	s->permit = page;
	return 0;
}

int subscriber_new(const struct camera_subscriber *asked, const int pages[CAMERA_SUBSCRIBER_FDS],
		   uint64_t size, struct subscriber **ret)
{
	_cleanup_(subscriber_freep) struct subscriber *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	*s = (struct subscriber){.right = asked->right,
				 .socket = -EBADF,
				 .memory = -EBADF,
				 .held.size = size,
				 .waits = asked->right == RIGHT_LIVE,
				 .has_room = true};
	r = map_pages(s, pages);
	if (r < 0)
		return r;
	s->memory = memfd_create_revocable("camward-subscriber", size);
	if (s->memory < 0)
		return s->memory;
	*ret = steal_pointer(&s);
	return 0;
}

struct subscriber *subscriber_free(struct subscriber *s)
{
	if (!s)
		return NULL;
	if (s->counters)
		munmap(s->counters, sizeof(*s->counters));
	if (s->permit)
		munmap(s->permit, sizeof(*s->permit));
	close_fd(s->memory);
	close_fd(s->socket);
	free(s);
	return NULL;
}

int subscriber_memory(const struct subscriber *s)
{
	return s->memory;
}

int subscriber_attach(struct subscriber *s, int socket)
{
	if (s->socket >= 0)
		return -EEXIST;
	s->socket = socket;
	return 0;
}

bool subscriber_is_attached(const struct subscriber *s)
{
	return s->socket >= 0;
}

static int take_release(struct subscriber *s, const struct subscriber_release *m, ssize_t n)
{
	if (n != sizeof(*m) || m->header.type != SUBSCRIBER_RELEASE ||
	    m->header.version != SUBSCRIBER_MSG_VERSION || m->header.size != sizeof(*m) ||
	    held_release(&s->held, m->sequence) < 0)
		return -EPROTO;
	raise(&s->counters->acknowledged);
	s->has_room = true;
	return 0;
}

/* Descriptors that come along have no place to go to, and the kernel drops them. */
static int take_releases(struct subscriber *s)
{
	struct subscriber_release m;

	for (int i = 0; i < RELEASES_MAX; i++) {
		ssize_t n = recv(s->socket, &m, sizeof(m), MSG_DONTWAIT | MSG_TRUNC);
		int r;

		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -EPIPE;
		if (n == 0)
			return -EPIPE;
		r = take_release(s, &m, n);
		if (r < 0)
			return r;
	}
	return -EPROTO;
}

static void skip(struct subscriber *s, enum session_skip_reason reason)
{
	raise(&s->counters->skipped[reason]);
	s->skipped++;
}

/* Memory that is being taken back stays locked for as long as its subscriber has seen to by mapping
 * it often; it is frozen before that begins, and a write would wait. */
static int write_pieces(int fd, uint64_t offset, const struct iovec *pieces, size_t n_pieces)
{
	while (n_pieces > 0) {
		size_t n = n_pieces < IOV_MAX ? n_pieces : IOV_MAX;
		uint64_t length = 0;

		for (size_t i = 0; i < n; i++)
			length += pieces[i].iov_len;
		if (memfd_is_frozen(fd) ||
		    pwritev(fd, pieces, (int)n, (off_t)offset) != (ssize_t)length)
			return -EPIPE;
		offset += length;
		pieces += n;
		n_pieces -= n;
	}
	return 0;
}

/* There is room for as many as it can hold: when that is full, it gives back what it has not been
 * told of. */
static int tell(struct subscriber *s, const struct ring_unit *unit, uint64_t offset,
		uint32_t length)
{
	struct subscriber_frame m = {
		.header = {.type = SUBSCRIBER_FRAME,
			   .version = SUBSCRIBER_MSG_VERSION,
			   .size = sizeof(m)},
		.sequence = unit->sequence,
		.captured_monotonic = unit->captured_monotonic,
		.captured_realtime = unit->captured_realtime,
		.offset = offset,
		.length = length,
		.flags = unit->flags,
		.dropped = s->dropped,
		.skipped = s->skipped,
	};

	if (send(s->socket, &m, sizeof(m), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	return errno == EAGAIN ? -EPROTO : -EPIPE;
}

static int hand_over(struct subscriber *s, const struct ring_unit *unit, const struct iovec *pieces,
		     size_t n_pieces, uint64_t length)
{
	struct session_counters *c = s->counters;
	uint64_t offset;
	int r = length <= UINT32_MAX ? held_take(&s->held, unit->sequence, length, &offset)
				     : -ENOSPC;

	if (r < 0)
		return r;
	raise(&c->intent);
	r = write_pieces(s->memory, offset, pieces, n_pieces);
	if (r >= 0)
		r = tell(s, unit, offset, (uint32_t)length);
	if (r < 0)
		return r;
	if (!atomic_load_explicit(&c->first_sequence, memory_order_relaxed))
		atomic_store_explicit(&c->first_sequence, unit->sequence + 1, memory_order_relaxed);
	atomic_store_explicit(&c->last_sequence, unit->sequence + 1, memory_order_relaxed);
	raise(&c->done);
	return 0;
}

/* Whether one more may be begun, whatever becomes of the power. */
static bool is_permitted(const struct subscriber *s)
{
	return atomic_load_explicit(&s->counters->intent, memory_order_relaxed) <
	       atomic_load_explicit(&s->permit->frames, memory_order_acquire);
}

static void wait_for_keyframe(struct subscriber *s)
{
	s->waits = s->right == RIGHT_LIVE;
	s->asked = false;
}

int subscriber_put(struct subscriber *s, const struct ring_unit *unit, const struct iovec *pieces,
		   size_t n_pieces)
{
	bool keyframe = unit->flags & RING_UNIT_KEYFRAME;
	uint64_t length = 0;
	int r = take_releases(s);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n_pieces; i++)
		length += pieces[i].iov_len;
	raise(&s->counters->offered);
	s->dropped += unit->dropped_before;
	if (!is_permitted(s)) {
		skip(s, SESSION_SKIP_LATE);
		wait_for_keyframe(s);
		return 0;
	}
	if (s->waits && !keyframe) {
		skip(s, SESSION_SKIP_JOIN);
		return 0;
	}
	r = hand_over(s, unit, pieces, n_pieces, length);
	if (r == -ENOSPC) {
		skip(s, SESSION_SKIP_OVERRUN);
		wait_for_keyframe(s);
		s->has_room = false;
		return 0;
	}
	if (r < 0)
		return r;
	s->waits = false;
	s->dropped = s->skipped = 0;
	return 0;
}

bool subscriber_take_request(struct subscriber *s)
{
	bool request = s->waits && s->has_room && !s->asked && subscriber_is_attached(s);

	s->asked |= request;
	return request;
}
