// SPDX-License-Identifier: LGPL-2.1-or-later
/* Local subscribers as the broker sees them; the test is the camera, and who called on the bus. */
#include "base/memfd.h"
#include "broker/take-back.h"
#include "lease-bench.h"

#define USER  4711
#define OTHER 4712
#define SIZE  4096

static struct {
	int n;
	enum subscription_refusal refused;
	char reason[128];
	uint64_t lease;
	int socket;
} answered;

static void on_answer(void *userdata, const struct subscription_answer *answer)
{
	answered.n++;
	answered.refused = answer->refused;
	snprintf(answered.reason, sizeof(answered.reason), "%s",
		 answer->reason ? answer->reason : "");
	answered.lease = answer->lease;
	answered.socket = answer->refused ? -EBADF : dup(answer->socket);
}

static int setup(void **state)
{
	int r = bench_setup(state), before;
	struct bench *b = *state;

	memset(&answered, 0, sizeof(answered));
	answered.socket = -EBADF;
	bench_grant(b, &(struct control_grant){.client = "alice", .rights = RIGHT_RAW});
	before = b->done;
	assert_int_equal(control_bind_user(&b->broker, "alice", USER, bench_done, b), 0);
	while (b->done == before)
		bench_turn(b, USEC_PER_SEC);
	return r;
}

static int teardown(void **state)
{
	close_fd(answered.socket);
	return bench_teardown(state);
}

static int ask(struct bench *b, uint32_t user, const char *client, const char *camera,
	       uint32_t right)
{
	return subscription_open(&b->broker, &(struct subscription_request){
						     .user = user,
						     .client = client,
						     .camera = camera,
						     .right = right,
						     .done = on_answer,
						     .userdata = b,
					     });
}

/* The camera is asked for memory; *m and pages are what came. */
static void take_subscriber(struct bench *b, struct camera_subscriber *m,
			    int pages[CAMERA_SUBSCRIBER_FDS])
{
	if (!b->front.ring)
		fake_camera_serve(b, &b->front);
	assert_int_equal(bench_receive_within(b, 5 * USEC_PER_SEC, b->front.link, m, sizeof(*m),
					      pages, CAMERA_SUBSCRIBER_FDS),
			 CAMERA_SUBSCRIBER);
	assert_int_equal(m->epoch, b->front.epoch);
}

static struct camera_subscribed made_for(const struct camera_subscriber *m)
{
	struct camera_subscribed made = {
		.epoch = m->epoch,
		.lease = m->lease,
		.size = SIZE,
		.name = "front",
		.right = m->right,
		.stream = m->stream,
		.format = {.codec = RING_CODEC_H264,
			   .width = 16,
			   .height = 16,
			   .fps_numerator = 30,
			   .fps_denominator = 1},
	};

	return made;
}

static void send_made(struct bench *b, struct camera_subscribed *m, int memory)
{
	bench_send(b->front.link, CAMERA_SUBSCRIBED, CAMERA_MSG_VERSION, m, sizeof(*m), &memory, 1);
}

/* alice has a running subscription: the camera's ends of all that is between them. */
struct running {
	struct session_counters *counters;
	int memory, socket, reader;
};

static struct running run(struct bench *b)
{
	struct running r = {.memory = memfd_create_revocable("memory", SIZE)};
	int pages[CAMERA_SUBSCRIBER_FDS];
	struct camera_subscriber m;
	struct camera_subscribed made;
	struct camera_add_wake wake;
	struct subscriber_memory first;

	assert_int_equal(ask(b, USER, "", "front", RIGHT_LIVE), 0);
	take_subscriber(b, &m, pages);
	assert_int_equal(m.right, RIGHT_LIVE);
	r.counters =
		mmap(NULL, sizeof(*r.counters), PROT_READ | PROT_WRITE, MAP_SHARED, pages[0], 0);
	assert_true(r.counters != MAP_FAILED);
	close_fds(pages, CAMERA_SUBSCRIBER_FDS);
	made = made_for(&m);
	send_made(b, &made, r.memory);
	assert_int_equal(bench_receive_within(b, 5 * USEC_PER_SEC, b->front.link, &wake,
					      sizeof(wake), &r.socket, 1),
			 CAMERA_ADD_WAKE);
	assert_int_equal(wake.lease, m.lease);
	assert_int_equal(answered.n, 1);
	assert_int_equal(answered.refused, 0);
	assert_int_equal(answered.lease, m.lease);
	assert_int_equal(bench_receive_within(b, 5 * USEC_PER_SEC, answered.socket, &first,
					      sizeof(first), &r.reader, 1),
			 SUBSCRIBER_MEMORY);
	assert_true(subscriber_memory_valid(&first));
	assert_string_equal(first.camera, "front");
	assert_memory_equal(first.camera_uuid, b->front.camera->uuid, UUID_SIZE);
	return r;
}

static void drop(struct running *r)
{
	munmap(r->counters, sizeof(*r->counters));
	close_fd(r->memory);
	close_fd(r->socket);
	close_fd(r->reader);
}

/* What stood there goes with it, or right after it. */
static void assert_empty(int reader)
{
	uint64_t end = clock_monotonic() + 5 * USEC_PER_SEC;

	while (memfd_size(reader) != 0 && clock_monotonic() < end)
		usleep(1000);
	assert_int_equal(memfd_size(reader), 0);
}

/* At once, with nothing else done. */
static void assert_cut(struct running *r)
{
	char byte;

	assert_int_equal(pwrite(r->memory, "x", 1, 0), -1);
	assert_empty(r->reader);
	assert_int_equal(send(r->socket, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT), -1);
	assert_int_equal(recv(answered.socket, &byte, 1, MSG_DONTWAIT), 0);
}

static void test_who_is_asked_who(void **state)
{
	struct bench *b = *state;

	assert_int_equal(ask(b, OTHER, "", "front", RIGHT_LIVE), SUBSCRIPTION_NOBODY);
	assert_int_equal(ask(b, OTHER, "alice", "front", RIGHT_LIVE), SUBSCRIPTION_NOBODY);
	assert_int_equal(ask(b, USER, "bob", "front", RIGHT_LIVE), SUBSCRIPTION_NOBODY);
	assert_int_equal(ask(b, 0, "", "front", RIGHT_LIVE), SUBSCRIPTION_NOBODY);
	assert_int_equal(ask(b, USER, "", "back", RIGHT_LIVE), SUBSCRIPTION_NOT_FOUND);
	assert_int_equal(ask(b, USER, "", "nowhere", RIGHT_LIVE), SUBSCRIPTION_NOT_FOUND);
	assert_int_equal(ask(b, USER, "", "front", RIGHT_STILL), SUBSCRIPTION_NOT_FOUND);
	assert_int_equal(answered.n, 0);
	assert_true(list_empty(&b->broker.leases));
	assert_ledger(b, LEDGER_DENIED, "client", "alice");
}

static void test_revoking_cuts_before_it_is_done(void **state)
{
	struct bench *b = *state;
	struct running r = run(b);

	assert_int_equal(pwrite(r.memory, "frame", 5, 0), 5);
	r.counters->intent = r.counters->offered = 6;
	r.counters->done = 5;
	r.counters->acknowledged = 3;
	BENCH_CONTROL(b, control_revoke, "alice", "front");
	assert_cut(&r);
	assert_true(list_empty(&b->broker.leases));
	assert_ledger(b, LEDGER_CLOSED, "frames_low || ' ' || frames_high", "3 6");
	assert_ledger(b, LEDGER_CLOSED, "protocol", "0");
	drop(&r);
}

/* Who maps it that often makes the kernel work, but nobody wait: what is new is not seen. */
static void test_a_crowd_of_mappings(void **state)
{
	enum {
		MAPPINGS = 20000
	};
	struct bench *b = *state;
	struct running r = run(b);
	int n = 0;

	assert_int_equal(pwrite(r.memory, "frame", 5, 0), 5);
	while (n < MAPPINGS &&
	       mmap(NULL, SIZE, PROT_READ, MAP_SHARED | MAP_POPULATE, r.reader, 0) != MAP_FAILED)
		n++;
	assert_true(n > 0);
	BENCH_CONTROL(b, control_revoke, "alice", "front");
	assert_cut(&r);
	while (take_back_running())
		usleep(1000);
	drop(&r);
}

static void test_unbinding_cuts(void **state)
{
	struct bench *b = *state;
	struct running r = run(b);

	BENCH_CONTROL(b, control_unbind_user, "alice");
	assert_cut(&r);
	drop(&r);
}

static void test_the_camera_goes(void **state)
{
	struct bench *b = *state;
	struct running r = run(b);

	fake_camera_stop(&b->front);
	bench_settle(b);
	assert_cut(&r);
	drop(&r);
}

static void test_who_closes_has_left(void **state)
{
	struct bench *b = *state;
	struct running r = run(b);

	close_fd(steal_fd(&answered.socket));
	bench_settle(b);
	assert_true(list_empty(&b->broker.leases));
	assert_empty(r.reader);
	assert_ledger(b, LEDGER_CLOSED, "reason", "viewer left");
	drop(&r);
}

static void test_who_only_shuts_its_side_has_left(void **state)
{
	struct bench *b = *state;
	struct running r = run(b);

	assert_int_equal(shutdown(answered.socket, SHUT_WR), 0);
	bench_settle(b);
	assert_true(list_empty(&b->broker.leases));
	assert_cut(&r);
	assert_ledger(b, LEDGER_CLOSED, "reason", "viewer left");
	drop(&r);
}

static void test_who_leaves_the_bus_has_left(void **state)
{
	struct bench *b = *state;
	struct running r = run(b);

	subscription_left(&b->broker, "somebody else");
	assert_false(list_empty(&b->broker.leases));
	subscription_left(&b->broker, b);
	assert_cut(&r);
	assert_int_equal(answered.n, 1);
	drop(&r);
}

static void test_who_leaves_while_it_waits_is_told_nothing(void **state)
{
	struct bench *b = *state;
	int pages[CAMERA_SUBSCRIBER_FDS];
	struct camera_subscriber m;
	struct camera_drop_wake drop_wake;

	assert_int_equal(ask(b, USER, "", "front", RIGHT_RAW), 0);
	take_subscriber(b, &m, pages);
	close_fds(pages, CAMERA_SUBSCRIBER_FDS);
	subscription_left(&b->broker, b);
	assert_int_equal(answered.n, 0);
	assert_true(list_empty(&b->broker.leases));
	assert_int_equal(bench_receive(b, b->front.link, &drop_wake, sizeof(drop_wake)),
			 CAMERA_DROP_WAKE);
	assert_int_equal(drop_wake.lease, m.lease);
}

/* The answer may have become another one while the memory was made. */
static void test_a_suspension_in_between(void **state)
{
	struct bench *b = *state;
	_cleanup_close_ int memory = memfd_create_revocable("memory", SIZE);
	int pages[CAMERA_SUBSCRIBER_FDS];
	struct camera_subscribed made;
	struct camera_subscriber m;

	assert_int_equal(ask(b, USER, "", "front", RIGHT_LIVE), 0);
	take_subscriber(b, &m, pages);
	close_fds(pages, CAMERA_SUBSCRIBER_FDS);
	BENCH_CONTROL(b, control_suspend, SUSPENSION_CLIENT, "alice", "x");
	assert_int_equal(answered.n, 1);
	assert_int_equal(answered.refused, SUBSCRIPTION_NOT_FOUND);
	made = made_for(&m);
	send_made(b, &made, memory);
	bench_settle(b);
	assert_true(list_empty(&b->broker.leases));
	assert_true(link_is_open(&b->front.camera->link));
}

static void test_the_camera_cannot(void **state)
{
	struct bench *b = *state;
	int pages[CAMERA_SUBSCRIBER_FDS];
	struct camera_unsubscribed failed = {.reason = "no raw pictures"};
	struct camera_subscriber m;

	assert_int_equal(ask(b, USER, "", "front", RIGHT_RAW), 0);
	take_subscriber(b, &m, pages);
	close_fds(pages, CAMERA_SUBSCRIBER_FDS);
	failed.epoch = m.epoch;
	failed.lease = m.lease;
	camera_send(&b->front, CAMERA_UNSUBSCRIBED, &failed);
	bench_settle(b);
	assert_int_equal(answered.refused, SUBSCRIPTION_UNAVAILABLE);
	assert_string_equal(answered.reason, "no raw pictures");
	assert_true(list_empty(&b->broker.leases));
}

/* Memory that could not be taken back: the camera's process is out of its mind. */
static void test_memory_that_is_not_revocable(void **state)
{
	struct bench *b = *state;
	int pages[CAMERA_SUBSCRIBER_FDS];
	struct camera_subscribed made;
	struct camera_subscriber m;
	void *map;
	_cleanup_close_ int memory = memfd_create_single_writer("memory", SIZE, &map);

	assert_int_equal(ask(b, USER, "", "front", RIGHT_LIVE), 0);
	take_subscriber(b, &m, pages);
	close_fds(pages, CAMERA_SUBSCRIBER_FDS);
	made = made_for(&m);
	send_made(b, &made, memory);
	bench_settle(b);
	assert_false(link_is_open(&b->front.camera->link));
	assert_int_equal(answered.refused, SUBSCRIPTION_UNAVAILABLE);
	munmap(map, SIZE);
}

static void test_another_cameras_name_fires_the_tripwire(void **state)
{
	struct bench *b = *state;
	_cleanup_close_ int memory = memfd_create_revocable("memory", SIZE);
	int pages[CAMERA_SUBSCRIBER_FDS];
	struct camera_subscribed made;
	struct camera_subscriber m;

	assert_int_equal(ask(b, USER, "", "front", RIGHT_LIVE), 0);
	take_subscriber(b, &m, pages);
	close_fds(pages, CAMERA_SUBSCRIBER_FDS);
	made = made_for(&m);
	strcpy(made.name, "back");
	send_made(b, &made, memory);
	bench_settle(b);
	assert_int_equal(answered.refused, SUBSCRIPTION_NOT_FOUND);
	assert_non_null(policy_find_suspension(b->broker.policy, SUSPENSION_CAMERA, "front"));
	assert_ledger(b, LEDGER_TRIPWIRE, "camera", "front");
}

static void test_a_silent_camera(void **state)
{
	struct bench *b = *state;
	int pages[CAMERA_SUBSCRIBER_FDS];
	struct camera_subscriber m;

	assert_int_equal(ask(b, USER, "", "front", RIGHT_LIVE), 0);
	take_subscriber(b, &m, pages);
	close_fds(pages, CAMERA_SUBSCRIBER_FDS);
	bench_wait(b, SUBSCRIPTION_TIMEOUT + USEC_PER_SEC / 2);
	assert_int_equal(answered.refused, SUBSCRIPTION_UNAVAILABLE);
	assert_true(list_empty(&b->broker.leases));
}

#define BENCH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(test_who_is_asked_who),
		BENCH(test_revoking_cuts_before_it_is_done),
		BENCH(test_a_crowd_of_mappings),
		BENCH(test_unbinding_cuts),
		BENCH(test_the_camera_goes),
		BENCH(test_who_closes_has_left),
		BENCH(test_who_only_shuts_its_side_has_left),
		BENCH(test_who_leaves_the_bus_has_left),
		BENCH(test_who_leaves_while_it_waits_is_told_nothing),
		BENCH(test_a_suspension_in_between),
		BENCH(test_the_camera_cannot),
		BENCH(test_memory_that_is_not_revocable),
		BENCH(test_another_cameras_name_fires_the_tripwire),
		BENCH(test_a_silent_camera),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
