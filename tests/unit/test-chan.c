// SPDX-License-Identifier: LGPL-2.1-or-later
/* Links: descriptors counted exactly, messages judged by the permit table before any handler. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/chan.h"
#include "base/cleanup.h"

enum {
	PLAIN = 1,
	WITH_FD = 2,
	ONCE = 3,
	LATER = 4,
	CHECKED = 5
};
enum {
	EARLY = 1 << 0,
	LATE = 1 << 1
};

struct message {
	struct chan_header header;
	uint64_t value;
};

struct fixture {
	struct chan chan;
	int peer;
	unsigned handled;
	uint64_t value;
	int fd;
};

static int on_message(void *userdata, const void *message, int *fds)
{
	struct fixture *f = userdata;

	f->handled++;
	f->value = ((const struct message *)message)->value;
	return 0;
}

static int on_fd(void *userdata, const void *message, int *fds)
{
	struct fixture *f = userdata;

	f->handled++;
	f->fd = steal_fd(&fds[0]);
	return 0;
}

static bool even(const void *message)
{
	return ((const struct message *)message)->value % 2 == 0;
}

static const struct chan_rule rules[] = {
	{PLAIN, sizeof(struct message), 0, false, EARLY | LATE, NULL, on_message},
	{WITH_FD, sizeof(struct message), 1, false, CHAN_ANY_STATE, NULL, on_fd},
	{ONCE, sizeof(struct message), 0, true, CHAN_ANY_STATE, NULL, on_message},
	{LATER, sizeof(struct message), 0, false, LATE, NULL, on_message},
	{CHECKED, sizeof(struct message), 0, false, CHAN_ANY_STATE, even, on_message},
};

static int setup(void **state)
{
	static struct fixture f;
	int pair[2];

	assert_int_equal(fdpass_pair(pair), 0);
	f = (struct fixture){.peer = pair[1], .fd = -1};
	chan_init(&f.chan, pair[0], 1, rules, ARRAY_SIZE(rules), EARLY, &f);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	close_fd(f->peer);
	close_fd(f->fd);
	chan_close(&f->chan);
	return 0;
}

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static int give(struct fixture *f, uint16_t type, uint64_t value, uint16_t version, size_t size,
		const int *fds, size_t n_fds)
{
	struct message m = {.header = {type, version, (uint32_t)size}, .value = value};

	assert_int_equal(fdpass_send(f->peer, &m, size, fds, n_fds), 0);
	return chan_receive(&f->chan);
}

static int give_plain(struct fixture *f, uint16_t type, uint64_t value)
{
	return give(f, type, value, 1, sizeof(struct message), NULL, 0);
}

static void permitted_message_reaches_its_handler(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(give_plain(f, PLAIN, 42), 1);
	assert_int_equal(f->handled, 1);
	assert_true(f->value == 42);
}

static void nothing_there_is_eagain_and_the_end_is_zero(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(chan_receive(&f->chan), -EAGAIN);
	close_fd(steal_fd(&f->peer));
	assert_int_equal(chan_receive(&f->chan), 0);
}

static void unknown_type_ends_the_link(void **state)
{
	assert_int_equal(give_plain(*state, 99, 0), -EPROTO);
	assert_int_equal(((struct fixture *)*state)->handled, 0);
}

static void wrong_version_ends_the_link(void **state)
{
	assert_int_equal(give(*state, PLAIN, 0, 2, sizeof(struct message), NULL, 0), -EPROTO);
}

static void wrong_size_ends_the_link(void **state)
{
	assert_int_equal(give(*state, PLAIN, 0, 1, sizeof(struct message) - 1, NULL, 0), -EPROTO);
	assert_int_equal(give(*state, PLAIN, 0, 1, 4, NULL, 0), -EPROTO);
}

static void size_field_must_tell_the_truth(void **state)
{
	struct fixture *f = *state;
	struct message m = {.header = {PLAIN, 1, sizeof(m) + 8}};

	assert_int_equal(fdpass_send(f->peer, &m, sizeof(m), NULL, 0), 0);
	assert_int_equal(chan_receive(&f->chan), -EPROTO);
}

static void oversized_message_ends_the_link(void **state)
{
	struct fixture *f = *state;
	static uint8_t big[CHAN_MESSAGE_MAX + 1];

	memcpy(big, &(struct chan_header){PLAIN, 1, sizeof(big)}, sizeof(struct chan_header));
	assert_int_equal(fdpass_send(f->peer, big, sizeof(big), NULL, 0), 0);
	assert_int_equal(chan_receive(&f->chan), -EMSGSIZE);
}

static void message_of_another_state_ends_the_link(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(give_plain(f, LATER, 0), -EPROTO);
	f->chan.state = LATE;
	assert_int_equal(give_plain(f, LATER, 0), 1);
}

static void second_of_a_kind_that_comes_once_ends_the_link(void **state)
{
	assert_int_equal(give_plain(*state, ONCE, 0), 1);
	assert_int_equal(give_plain(*state, ONCE, 0), -EPROTO);
}

static void content_is_checked_before_the_handler(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(give_plain(f, CHECKED, 2), 1);
	assert_int_equal(give_plain(f, CHECKED, 3), -EPROTO);
	assert_int_equal(f->handled, 1);
}

static void descriptors_are_counted_exactly(void **state)
{
	struct fixture *f = *state;
	int before = count_fds(), fds[] = {0, 0, 0, 0};

	assert_int_equal(give(f, WITH_FD, 0, 1, sizeof(struct message), NULL, 0), -EPROTO);
	assert_int_equal(give(f, WITH_FD, 0, 1, sizeof(struct message), fds, 2), -EPROTO);
	assert_int_equal(give(f, PLAIN, 0, 1, sizeof(struct message), fds, 1), -EPROTO);
	assert_int_equal(give(f, PLAIN, 0, 1, sizeof(struct message), fds, 4), -EPROTO);
	assert_int_equal(count_fds(), before);
	assert_int_equal(give(f, WITH_FD, 0, 1, sizeof(struct message), fds, 1), 1);
	assert_true(f->fd >= 0);
	assert_int_equal(fcntl(f->fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(count_fds(), before + 1);
}

static void too_many_descriptors_are_all_closed(void **state)
{
	struct fixture *f = *state;
	int fds[8] = {}, before = count_fds();
	char control[CMSG_SPACE(sizeof(fds))] = {};
	struct message m = {.header = {WITH_FD, 1, sizeof(m)}};
	struct iovec iov = {&m, sizeof(m)};
	struct msghdr h = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(c), fds, sizeof(fds));
	assert_true(sendmsg(f->peer, &h, 0) > 0);
	assert_int_equal(chan_receive(&f->chan), -EPROTO);
	assert_int_equal(count_fds(), before);
}

static void descriptors_without_a_byte_are_closed(void **state)
{
	struct fixture *f = *state;
	int before = count_fds();

	assert_int_equal(fdpass_send(f->peer, "", 0, (int[]){f->peer}, 1), 0);
	assert_int_equal(chan_receive(&f->chan), -EPROTO);
	assert_int_equal(count_fds(), before);
}

static void a_backlog_is_held_for_a_peer_that_is_slow(void **state)
{
	struct fixture *f = *state;
	struct message m = {};

	assert_int_equal(fdpass_set_backlog(f->chan.fd), 0);
	for (unsigned i = 0; i < FDPASS_BACKLOG; i++)
		assert_int_equal(chan_send_message(&f->chan, PLAIN, &m), 0);
}

static void a_peer_that_does_not_read_is_never_waited_for(void **state)
{
	struct fixture *f = *state;
	struct message m = {};
	int r = 0;

	for (unsigned i = 0; i < 100000 && r == 0; i++)
		r = chan_send_message(&f->chan, PLAIN, &m);
	assert_int_equal(r, -EAGAIN);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(permitted_message_reaches_its_handler),
		TEST(nothing_there_is_eagain_and_the_end_is_zero),
		TEST(unknown_type_ends_the_link),
		TEST(wrong_version_ends_the_link),
		TEST(wrong_size_ends_the_link),
		TEST(size_field_must_tell_the_truth),
		TEST(oversized_message_ends_the_link),
		TEST(message_of_another_state_ends_the_link),
		TEST(second_of_a_kind_that_comes_once_ends_the_link),
		TEST(content_is_checked_before_the_handler),
		TEST(descriptors_are_counted_exactly),
		TEST(too_many_descriptors_are_all_closed),
		TEST(descriptors_without_a_byte_are_closed),
		TEST(a_backlog_is_held_for_a_peer_that_is_slow),
		TEST(a_peer_that_does_not_read_is_never_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
