// SPDX-License-Identifier: LGPL-2.1-or-later
/* A local subscriber as the camera sees it, among them those that mean harm. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fdpass.h"
#include "base/memfd.h"
#include "camera/held.h"
#include "camera/subscriber.h"
#include "proto/session-msg.h"

#define SIZE 4096

struct scene {
	struct subscriber *subscriber;
	struct session_counters *counters;
	struct session_permit *permit;
	int far;    /* the subscriber's end */
	int near;   /* the broker's dup of the camera's */
	int memory; /* the broker's dup */
	uint64_t sequence;
};

static int make(void **state, uint32_t right)
{
	struct camera_subscriber asked = {.lease = 7, .right = right};
	struct scene *s = calloc(1, sizeof(*s));
	int pair[2], pages[2];
	void *page;

	pages[0] = memfd_create_shared("counters", sizeof(*s->counters), &page);
	s->counters = page;
	pages[1] = memfd_create_single_writer("permit", sizeof(*s->permit), &page);
	s->permit = page;
	s->permit->frames = UINT64_MAX;
	assert_int_equal(subscriber_new(&asked, pages, SIZE, &s->subscriber), 0);
	close_fds(pages, 2);
	assert_int_equal(fdpass_pair(pair), 0);
	s->far = pair[0];
	s->near = dup(pair[1]);
	s->memory = dup(subscriber_memory(s->subscriber));
	assert_false(subscriber_is_attached(s->subscriber));
	assert_int_equal(subscriber_attach(s->subscriber, pair[1]), 0);
	assert_int_equal(subscriber_attach(s->subscriber, pair[1]), -EEXIST);
	*state = s;
	return 0;
}

static int make_live(void **state)
{
	return make(state, RIGHT_LIVE);
}

static int make_raw(void **state)
{
	return make(state, RIGHT_RAW);
}

static int drop(void **state)
{
	struct scene *s = *state;

	subscriber_free(s->subscriber);
	munmap(s->counters, sizeof(*s->counters));
	munmap(s->permit, sizeof(*s->permit));
	close_fd(s->far);
	close_fd(s->near);
	close_fd(s->memory);
	free(s);
	return 0;
}

/* The next frame, of length bytes of a value that tells it from others. */
static int put(struct scene *s, size_t length, uint32_t flags)
{
	uint8_t bytes[2 * SIZE];
	struct ring_unit unit = {.sequence = ++s->sequence, .flags = flags};
	struct iovec pieces[] = {{bytes, length / 2}, {bytes + length / 2, length - length / 2}};

	memset(bytes, (int)s->sequence, sizeof(bytes));
	return subscriber_put(s->subscriber, &unit, pieces, ARRAY_SIZE(pieces));
}

static ssize_t take(struct scene *s, struct subscriber_frame *ret)
{
	ssize_t n = recv(s->far, ret, sizeof(*ret), MSG_DONTWAIT);

	return n < 0 ? -errno : n;
}

/* The next frame, which must be whole. */
static struct subscriber_frame take_whole(struct scene *s)
{
	struct subscriber_frame m;
	uint8_t bytes[SIZE];

	assert_int_equal(take(s, &m), sizeof(m));
	assert_true(subscriber_frame_valid(&m));
	assert_int_equal(pread(s->memory, bytes, m.length, (off_t)m.offset), m.length);
	for (size_t i = 0; i < m.length; i++)
		assert_int_equal(bytes[i], (uint8_t)m.sequence);
	return m;
}

static void give_back(struct scene *s, uint64_t sequence)
{
	struct subscriber_release m = {.header = {.type = SUBSCRIBER_RELEASE,
						  .version = SUBSCRIBER_MSG_VERSION,
						  .size = sizeof(m)},
				       .sequence = sequence};

	assert_int_equal(send(s->far, &m, sizeof(m), MSG_DONTWAIT), sizeof(m));
}

static void test_it_begins_with_a_keyframe(void **state)
{
	struct scene *s = *state;
	struct subscriber_frame m;

	assert_true(subscriber_take_request(s->subscriber));
	assert_false(subscriber_take_request(s->subscriber));
	assert_int_equal(put(s, 100, 0), 0);
	assert_int_equal(take(s, &m), -EAGAIN);
	assert_int_equal(put(s, 100, RING_UNIT_KEYFRAME), 0);
	m = take_whole(s);
	assert_int_equal(m.sequence, 2);
	assert_int_equal(m.skipped, 1);
	assert_int_equal(m.flags, RING_UNIT_KEYFRAME);
	assert_int_equal(put(s, 99, 0), 0);
	assert_int_equal(take_whole(s).skipped, 0);
	assert_int_equal(s->counters->offered, 3);
	assert_int_equal(s->counters->done, 2);
	assert_int_equal(s->counters->intent, 2);
	assert_int_equal(s->counters->skipped[SESSION_SKIP_JOIN], 1);
	assert_int_equal(s->counters->first_sequence, 3);
	assert_int_equal(s->counters->last_sequence, 4);
}

static void test_what_is_held_stays(void **state)
{
	struct scene *s = *state;
	struct subscriber_frame first, m;
	uint8_t byte;

	assert_int_equal(put(s, 1000, RING_UNIT_KEYFRAME), 0);
	first = take_whole(s);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(put(s, 700, 0), 0);
		m = take_whole(s);
		give_back(s, m.sequence);
		assert_int_equal(pread(s->memory, &byte, 1, (off_t)first.offset + 999), 1);
		assert_int_equal(byte, 1);
		if (i == 3) /* there is no more room behind it */
			break;
	}
	assert_int_equal(put(s, 700, 0), 0);
	assert_int_equal(take(s, &m), -EAGAIN);
	assert_int_equal(s->counters->skipped[SESSION_SKIP_OVERRUN], 1);
	assert_int_equal(s->counters->acknowledged, 4);
}

static void test_who_gives_back_nothing_gets_nothing_more(void **state)
{
	struct scene *s = *state;
	struct subscriber_frame m;

	(void)subscriber_take_request(s->subscriber);
	for (int i = 0; i < 3 * SUBSCRIBER_HELD_MAX; i++)
		assert_int_equal(put(s, 10, i ? 0 : RING_UNIT_KEYFRAME), 0);
	assert_int_equal(s->counters->done, SUBSCRIBER_HELD_MAX);
	assert_int_equal(s->counters->offered, 3 * SUBSCRIBER_HELD_MAX);
	/* Nor is a keyframe made on its account. */
	assert_false(subscriber_take_request(s->subscriber));
	for (int i = 0; i < SUBSCRIBER_HELD_MAX; i++)
		assert_int_equal(take_whole(s).sequence, i + 1);
	assert_int_equal(take(s, &m), -EAGAIN);
	give_back(s, 1);
	assert_int_equal(put(s, 10, 0), 0);
	assert_true(subscriber_take_request(s->subscriber));
	assert_int_equal(put(s, 10, RING_UNIT_KEYFRAME), 0);
	assert_int_equal(take_whole(s).skipped, 2 * SUBSCRIBER_HELD_MAX + 1);
}

/* The ledger's disk stalls: nothing goes that a power cut could hide. */
static void test_nothing_goes_without_a_permit(void **state)
{
	struct scene *s = *state;
	struct subscriber_frame m;

	s->permit->frames = 1;
	assert_int_equal(put(s, 10, RING_UNIT_KEYFRAME), 0);
	assert_int_equal(take_whole(s).sequence, 1);
	(void)subscriber_take_request(s->subscriber);
	assert_int_equal(put(s, 10, RING_UNIT_KEYFRAME), 0);
	assert_int_equal(take(s, &m), -EAGAIN);
	assert_int_equal(s->counters->skipped[SESSION_SKIP_LATE], 1);
	assert_int_equal(s->counters->intent, 1);
	s->permit->frames = 3;
	assert_true(subscriber_take_request(s->subscriber));
	assert_int_equal(put(s, 10, 0), 0);
	assert_int_equal(take(s, &m), -EAGAIN);
	assert_int_equal(put(s, 10, RING_UNIT_KEYFRAME), 0);
	assert_int_equal(take_whole(s).skipped, 2);
}

static void test_raw_pictures_need_no_keyframe(void **state)
{
	struct scene *s = *state;

	assert_false(subscriber_take_request(s->subscriber));
	for (int i = 0; i < 3; i++)
		assert_int_equal(put(s, SIZE / 2, 0), 0);
	assert_int_equal(take_whole(s).sequence, 1);
	assert_int_equal(take_whole(s).sequence, 2);
	give_back(s, 2);
	give_back(s, 1);
	assert_int_equal(put(s, SIZE / 2, 0), 0);
	assert_int_equal(take_whole(s).skipped, 1);
}

static void test_a_release_of_what_is_not_held_ends_it(void **state)
{
	struct scene *s = *state;

	assert_int_equal(put(s, 10, 0), 0);
	give_back(s, 2);
	assert_int_equal(put(s, 10, 0), -EPROTO);
}

static void test_a_second_release_ends_it(void **state)
{
	struct scene *s = *state;

	assert_int_equal(put(s, 10, 0), 0);
	assert_int_equal(put(s, 10, 0), 0);
	give_back(s, 2);
	give_back(s, 2);
	assert_int_equal(put(s, 10, 0), -EPROTO);
}

static void test_a_flood_ends_it(void **state)
{
	struct scene *s = *state;
	uint64_t n = 0;

	assert_int_equal(put(s, 10, 0), 0);
	while (send(s->far, &n, sizeof(n), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		n++;
	assert_true(n > SUBSCRIBER_HELD_MAX);
	assert_int_equal(put(s, 10, 0), -EPROTO);
}

/* Gives back what it has guessed, and reads nothing. */
static void test_who_does_not_read_is_ended(void **state)
{
	struct scene *s = *state;
	int r = 0;

	for (int i = 0; i < 100000 && r == 0; i++) {
		r = put(s, 10, 0);
		if (r == 0)
			give_back(s, s->sequence);
	}
	assert_int_equal(r, -EPROTO);
	assert_true(s->counters->intent - s->counters->done <= 1);
}

static void test_odd_messages_end_it(void **state)
{
	static const struct subscriber_release right = {
		.header = {.type = SUBSCRIBER_RELEASE,
			   .version = SUBSCRIBER_MSG_VERSION,
			   .size = sizeof(right)},
		.sequence = 1};
	struct subscriber_release wrong[4];
	uint8_t longer[sizeof(right) + 1];
	struct scene *s = *state;

	for (size_t i = 0; i < 6; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(wrong); k++)
			wrong[k] = right;
		wrong[0].header.type = SUBSCRIBER_FRAME;
		wrong[1].header.version++;
		wrong[2].header.size--;
		memcpy(longer, &right, sizeof(right));
		assert_int_equal(put(s, 10, 0), 0);
		if (i < 3)
			send(s->far, &wrong[i], sizeof(right), 0);
		else if (i == 3)
			send(s->far, &right, sizeof(right) - 1, 0);
		else if (i == 4)
			send(s->far, longer, sizeof(longer), 0);
		else
			send(s->far, "", 0, 0);
		assert_true(put(s, 10, 0) < 0);
		drop(state);
		make_raw(state);
		s = *state;
	}
}

static void test_descriptors_that_come_along_are_dropped(void **state)
{
	struct subscriber_release m = {.header = {.type = SUBSCRIBER_RELEASE,
						  .version = SUBSCRIBER_MSG_VERSION,
						  .size = sizeof(m)},
				       .sequence = 1};
	struct scene *s = *state;
	int before, after;

	assert_int_equal(put(s, 10, 0), 0);
	assert_int_equal(fdpass_send(s->far, &m, sizeof(m), &s->memory, 1), 0);
	/* The lowest that is free. */
	before = dup(s->near);
	close(before);
	assert_int_equal(put(s, 10, 0), 0);
	after = dup(s->near);
	close(after);
	assert_int_equal(after, before);
}

static void test_who_goes_is_gone(void **state)
{
	struct scene *s = *state;

	assert_int_equal(put(s, 10, 0), 0);
	close_fd(steal_fd(&s->far));
	assert_int_equal(put(s, 10, 0), -EPIPE);
}

static void test_a_socket_that_was_shut_takes_nothing(void **state)
{
	struct scene *s = *state;
	struct subscriber_frame m;

	assert_int_equal(shutdown(s->near, SHUT_RDWR), 0);
	assert_int_equal(put(s, 10, 0), -EPIPE);
	assert_int_equal(take(s, &m), 0);
	assert_int_equal(s->counters->done, 0);
}

/* The other half of the end: whatever the camera is just doing, not a byte can be seen any more. */
static void test_memory_that_was_taken_back_is_empty(void **state)
{
	struct scene *s = *state;
	_cleanup_close_ int reader = memfd_reopen_read_only(s->memory);
	struct subscriber_frame m;
	uint8_t byte;

	assert_true(reader >= 0);
	assert_int_equal(put(s, 10, 0), 0);
	m = take_whole(s);
	assert_int_equal(memfd_take_back(s->memory), 0);
	assert_int_equal(pread(reader, &byte, 1, (off_t)m.offset), 0);
	assert_int_equal(put(s, 10, 0), -EPIPE);
	assert_int_equal(pread(reader, &byte, 1, 0), 0);
	assert_int_equal(memfd_size(reader), 0);
	assert_int_equal(s->counters->done, 1);
	assert_int_equal(s->counters->intent, 2);
	/* Nobody makes it grow again. */
	assert_int_equal(ftruncate(s->memory, SIZE), -1);
	assert_int_equal(pwrite(s->memory, "x", 1, 0), -1);
}

/* The first half of that, which takes no time however often the memory is mapped. */
static void test_frozen_memory_stays_as_it_is(void **state)
{
	struct scene *s = *state;
	struct subscriber_frame m;

	assert_int_equal(put(s, 10, 0), 0);
	m = take_whole(s);
	assert_int_equal(memfd_freeze(s->memory), 0);
	assert_int_equal(put(s, 10, 0), -EPIPE);
	assert_int_equal(pwrite(s->memory, "x", 1, (off_t)m.offset), -1);
	assert_int_equal(memfd_take_back(s->memory), 0);
	assert_int_equal(memfd_size(s->memory), 0);
}

/* A write, even one that fails, takes the inode's lock, which the taking back holds for as long as
 * it goes on; and it sets the time of change. */
static void test_frozen_memory_is_not_written(void **state)
{
	const struct timespec past[2] = {};
	struct scene *s = *state;
	struct stat st;

	assert_false(memfd_is_frozen(s->memory));
	assert_int_equal(futimens(s->memory, past), 0);
	assert_int_equal(put(s, 10, 0), 0);
	assert_int_equal(fstat(s->memory, &st), 0);
	assert_true(st.st_mtim.tv_sec > 0);
	assert_int_equal(memfd_freeze(s->memory), 0);
	assert_true(memfd_is_frozen(s->memory));
	assert_int_equal(futimens(s->memory, past), 0);
	assert_int_equal(put(s, 10, 0), -EPIPE);
	assert_int_equal(fstat(s->memory, &st), 0);
	assert_int_equal(st.st_mtim.tv_sec, 0);
	assert_int_equal(s->counters->done, 1);
	assert_true(memfd_is_frozen(-EBADF));
}

static void test_memory_is_what_the_broker_expects(void **state)
{
	struct scene *s = *state;
	_cleanup_close_ int reader = memfd_reopen_read_only(s->memory), other = -EBADF;
	void *map;

	assert_int_equal(memfd_verify_revocable(s->memory, SIZE), 0);
	assert_int_equal(memfd_verify_revocable(s->memory, SIZE + 1), -EPROTO);
	other = memfd_create_shared("other", SIZE, &map);
	assert_int_equal(memfd_verify_revocable(other, SIZE), -EPERM);
	munmap(map, SIZE);
	assert_int_equal(pwrite(reader, "x", 1, 0), -1);
	assert_int_equal(ftruncate(reader, 0), -1);
	assert_int_equal(fcntl(reader, F_ADD_SEALS, F_SEAL_SHRINK), -1);
}

static void test_held_room_is_made_in_order(void **state)
{
	struct held h = {.size = 100};
	uint64_t offset;

	assert_int_equal(held_take(&h, 1, 101, &offset), -ENOSPC);
	assert_int_equal(held_take(&h, 1, 0, &offset), -ENOSPC);
	assert_int_equal(held_take(&h, 1, 40, &offset), 0);
	assert_int_equal(offset, 0);
	assert_int_equal(held_take(&h, 2, 40, &offset), 0);
	assert_int_equal(offset, 40);
	assert_int_equal(held_take(&h, 3, 40, &offset), -ENOSPC);
	assert_int_equal(held_take(&h, 3, 20, &offset), 0);
	assert_int_equal(offset, 80);
	assert_int_equal(held_take(&h, 4, 1, &offset), -ENOSPC);
	assert_int_equal(held_release(&h, 2), 0);
	assert_int_equal(held_take(&h, 4, 1, &offset), -ENOSPC);
	assert_int_equal(held_release(&h, 1), 0);
	assert_int_equal(held_take(&h, 4, 81, &offset), -ENOSPC);
	assert_int_equal(held_take(&h, 4, 30, &offset), 0);
	assert_int_equal(offset, 0);
	assert_int_equal(held_take(&h, 5, 50, &offset), 0);
	assert_int_equal(offset, 30);
	assert_int_equal(held_take(&h, 6, 1, &offset), -ENOSPC);
	assert_int_equal(held_release(&h, 2), -ENOENT);
	assert_int_equal(held_release(&h, 3), 0);
	assert_int_equal(held_take(&h, 6, 20, &offset), 0);
	assert_int_equal(offset, 80);
	assert_int_equal(held_release(&h, 6), 0);
	assert_int_equal(held_release(&h, 6), -ENOENT);
}

#define LIVE(f) cmocka_unit_test_setup_teardown(f, make_live, drop)
#define RAW(f)  cmocka_unit_test_setup_teardown(f, make_raw, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIVE(test_it_begins_with_a_keyframe),
		LIVE(test_what_is_held_stays),
		LIVE(test_who_gives_back_nothing_gets_nothing_more),
		LIVE(test_nothing_goes_without_a_permit),
		RAW(test_raw_pictures_need_no_keyframe),
		RAW(test_a_release_of_what_is_not_held_ends_it),
		RAW(test_a_second_release_ends_it),
		RAW(test_a_flood_ends_it),
		RAW(test_who_does_not_read_is_ended),
		RAW(test_odd_messages_end_it),
		RAW(test_descriptors_that_come_along_are_dropped),
		RAW(test_who_goes_is_gone),
		RAW(test_a_socket_that_was_shut_takes_nothing),
		RAW(test_memory_that_was_taken_back_is_empty),
		RAW(test_frozen_memory_stays_as_it_is),
		RAW(test_frozen_memory_is_not_written),
		RAW(test_memory_is_what_the_broker_expects),
		cmocka_unit_test(test_held_room_is_made_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
