// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session/lease.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "proto/camera-msg.h"

enum granted_fd {
	FD_RING,
	FD_WAKE,
	FD_COUNTERS,
	FD_PERMIT,
};

/* The ring says itself, as its camera's process was told by its own unit, whose pictures it
 * carries. That has to be what the viewer asked for and what the broker means to give. */
static bool is_what_was_asked_for(const struct lease *l, const struct session_granted *m)
{
	const struct ring_description *d = &l->ring.description;

	return strcmp(d->camera_name, l->camera) == 0 && strcmp(d->camera_name, m->camera) == 0 &&
	       memcmp(d->camera_uuid, m->camera_uuid, UUID_SIZE) == 0 && d->epoch == m->epoch &&
	       d->stream == m->stream && d->stream == l->stream;
}

static void take_proof(struct lease *l, const struct session_granted *m)
{
	l->certificate_size = m->seal_certificate_size;
	memcpy(l->certificate, m->seal_certificate, l->certificate_size);
	l->statement_size = m->statement_size;
	memcpy(l->statement, m->statement, l->statement_size);
}

static int map(int fd, size_t size, int protection, void *ret)
{
	void *page = mmap(NULL, size, protection, MAP_SHARED, fd, 0);

	if (page == MAP_FAILED)
		return -errno;
	*(void **)ret = page;
	return 0;
}

static int map_pages(struct lease *l, const int *fds)
{
	int r = map(fds[FD_COUNTERS], sizeof(*l->counters), PROT_READ | PROT_WRITE, &l->counters);

	return r < 0 ? r : map(fds[FD_PERMIT], sizeof(*l->permit), PROT_READ, &l->permit);
}

int lease_accept(struct lease *l, const struct session_granted *m, int *fds)
{
	int r = ring_reader_open(&l->ring, fds[FD_RING], m->ring_size);

	if (r < 0)
		return r;
	r = is_what_was_asked_for(l, m) ? map_pages(l, fds) : -EBADE;
	if (r < 0) {
		ring_reader_close(&l->ring);
		return r;
	}
	l->wake = steal_fd(&fds[FD_WAKE]);
	l->id = m->lease;
	take_proof(l, m);
	l->granted = true;
	return 0;
}

/* Of the very camera and epoch that it sees, and of the other stream. */
static bool is_the_other(const struct lease *l, const struct session_ring *m)
{
	const struct ring_description *d = &l->coming.description, *own = &l->ring.description;

	return strcmp(d->camera_name, l->camera) == 0 &&
	       memcmp(d->camera_uuid, own->camera_uuid, UUID_SIZE) == 0 && d->epoch == own->epoch &&
	       d->epoch == m->epoch && d->stream == m->stream && d->stream != own->stream;
}

int lease_take_ring(struct lease *l, const struct session_ring *m, const int *fds)
{
	int r;

	ring_reader_close(&l->coming);
	r = ring_reader_open(&l->coming, fds[0], m->ring_size);
	if (r < 0)
		return r;
	if (!is_the_other(l, m))
		r = -EBADE;
	else if (l->coming.description.codec != l->ring.description.codec)
		r = -EPROTO; /* the viewer was told of one */
	if (r < 0)
		ring_reader_close(&l->coming);
	return r;
}

struct h264_parameter_sets lease_parameter_sets(const struct lease *l)
{
	const struct ring_description *d = &l->ring.description;
	struct h264_parameter_sets sets;

	h264_find_parameter_sets(slice_of(d->parameter_sets, d->parameter_sets_size), &sets);
	return sets;
}

void lease_drain_wake(struct lease *l)
{
	struct camera_wake wake;
	ssize_t n;

	/* One call is the rule: a wake says which unit it is for, and only one that lags behind the
	 * ring has others behind it. */
	do
		n = recv(l->wake, &wake, sizeof(wake), MSG_DONTWAIT);
	while (n == sizeof(wake) && wake.index + 1 < atomic_load(&l->ring.header->head));
	if (n == 0)
		close_fd(steal_fd(&l->wake));
}
