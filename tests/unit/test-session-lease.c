// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which rings a session takes: the check that must never fail, but would. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/memfd.h"
#include "base/ring-writer.h"
#include "session/lease.h"

static const struct ring_description mine = {
	.camera_uuid = {1, 2, 3},
	.camera_name = "front",
	.epoch = 7,
	.stream = RING_STREAM_MAIN,
	.codec = RING_CODEC_H264,
	.fps_denominator = 1,
};

/* Of the stream that it does not see yet. */
static struct ring_description other(void)
{
	struct ring_description d = mine;

	d.stream = RING_STREAM_SUB;
	return d;
}

static struct ring_writer *make(const struct ring_description *d)
{
	struct ring_writer *w;

	assert_int_equal(ring_writer_new(d, 16, 65536, &w), 0);
	return w;
}

static int accept_ring(struct lease *l, const struct ring_description *d)
{
	struct session_granted m = {
		.lease = 1, .epoch = mine.epoch, .stream = mine.stream, .camera = "front"};
	struct ring_writer *w = make(d);
	int fds[SESSION_GRANTED_FDS] = {ring_writer_fd(w), -EBADF, -EBADF, -EBADF}, r;
	void *page;

	*l = (struct lease)LEASE_NONE;
	strcpy(l->camera, "front");
	l->stream = RING_STREAM_MAIN;
	m.ring_size = ring_writer_size(w);
	memcpy(m.camera_uuid, mine.camera_uuid, UUID_SIZE);
	for (size_t i = 2; i < SESSION_GRANTED_FDS; i++)
		fds[i] = memfd_create_shared("page", sizeof(struct session_counters), &page);
	r = lease_accept(l, &m, fds);
	for (size_t i = 2; i < SESSION_GRANTED_FDS; i++)
		close_fd(fds[i]);
	ring_writer_free(w);
	return r;
}

static int take(struct lease *l, const struct ring_description *d, uint64_t epoch, uint32_t stream)
{
	struct session_ring m = {.epoch = epoch, .stream = stream};
	struct ring_writer *w = make(d);
	int fd = ring_writer_fd(w), r;

	m.ring_size = ring_writer_size(w);
	r = lease_take_ring(l, &m, &fd);
	ring_writer_free(w);
	return r;
}

static void it_takes_what_was_granted(void **state)
{
	struct ring_description d = mine;
	struct lease l;

	assert_int_equal(accept_ring(&l, &mine), 0);
	assert_true(l.granted);
	ring_reader_close(&l.ring);
	strcpy(d.camera_name, "back");
	assert_int_equal(accept_ring(&l, &d), -EBADE);
	assert_false(l.granted);
	d = mine;
	d.epoch++;
	assert_int_equal(accept_ring(&l, &d), -EBADE);
	d = other();
	assert_int_equal(accept_ring(&l, &d), -EBADE);
}

static void it_takes_the_other_stream_of_the_same_camera(void **state)
{
	const struct ring_description d = other();
	struct lease l;

	assert_int_equal(accept_ring(&l, &mine), 0);
	assert_int_equal(take(&l, &d, mine.epoch, RING_STREAM_SUB), 0);
	assert_int_equal(l.coming.description.stream, RING_STREAM_SUB);
	assert_int_equal(l.ring.description.stream, RING_STREAM_MAIN);
	ring_reader_close(&l.coming);
	ring_reader_close(&l.ring);
}

/* Each of them is the tripwire, and nothing of that ring can be read afterwards. */
static void it_takes_nothing_else(void **state)
{
	struct ring_description wrong[] = {other(), other(), other(), mine};
	const struct ring_description right = other();
	struct lease l;

	strcpy(wrong[0].camera_name, "back");
	wrong[1].camera_uuid[0]++;
	wrong[2].epoch++;
	assert_int_equal(accept_ring(&l, &mine), 0);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(take(&l, &wrong[i], mine.epoch, RING_STREAM_SUB), -EBADE);
		assert_null(l.coming.header);
	}
	/* What the broker says of it is to be so, too. */
	assert_int_equal(take(&l, &right, mine.epoch + 1, RING_STREAM_SUB), -EBADE);
	assert_int_equal(take(&l, &right, mine.epoch, RING_STREAM_MAIN), -EBADE);
	assert_int_equal(take(&l, &mine, mine.epoch, RING_STREAM_MAIN), -EBADE);
	assert_null(l.coming.header);
	wrong[0] = other();
	wrong[0].codec = RING_CODEC_JPEG;
	assert_int_equal(take(&l, &wrong[0], mine.epoch, RING_STREAM_SUB), -EPROTO);
	assert_null(l.coming.header);
	ring_reader_close(&l.ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_takes_what_was_granted),
		cmocka_unit_test(it_takes_the_other_stream_of_the_same_camera),
		cmocka_unit_test(it_takes_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
