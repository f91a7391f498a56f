// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which process may be a camera: by its unit, and by the hardware behind the name. */
#include "broker/doorstep.h"
#include "broker/hardware.h"
#include "broker/peer-unit.h"
#include "door.h"

#define HERE  "platform-here 0 serial=A1 model=eye"
#define THERE "platform-there 0 serial=A1 model=eye"

static void test_units_have_names(void **state)
{
	char name[NAME_SIZE];

	assert_int_equal(peer_unit_parse("camward-gate.service", name), PEER_GATE);
	assert_int_equal(peer_unit_parse("camward-camera@front.service", name), PEER_CAMERA);
	assert_string_equal(name, "front");
	assert_int_equal(peer_unit_parse("camward-camera@a\\x2db.c_d.service", name), PEER_CAMERA);
	assert_string_equal(name, "a-b.c_d");
}

static void test_other_units_are_nobody(void **state)
{
	const char *const others[] = {
		"",
		"camward.service",
		"camward-gate.service.service",
		"xcamward-gate.service",
		"camward-camera@.service",
		"camward-camera@front",
		"camward-camera@front.scope",
		"camward-camera.service",
		"camward-camera@a-b.service", /* a/b */
		"camward-camera@a\\x2.service",
		"camward-camera@a\\x",
		"camward-camera@a\\x00b.service",
		"camward-camera@a\\x2fb.service",
		"camward-camera@Front.service",
		("camward-camera@0123456789012345678901234567890123456789"
		 "0123456789012345678901234.service"),
	};
	char name[NAME_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_int_equal(peer_unit_parse(others[i], name), -EPERM);
}

static void test_hardware_is_port_and_model(void **state)
{
	struct hardware h = {
		.id_path = "platform-here", .index = "0", .serial = "A1", .model = "eye"};
	char text[CAMERA_HARDWARE_SIZE];

	assert_int_equal(hardware_compose(&h, text), 0);
	assert_string_equal(text, HERE);
	h.serial = h.model = NULL;
	assert_int_equal(hardware_compose(&h, text), 0);
	assert_string_equal(text, "platform-here 0 serial= model=");
	h.id_path = NULL;
	assert_int_equal(hardware_compose(&h, text), -EUNATCH);
}

static void test_a_new_camera_becomes_known_with_its_hardware(void **state)
{
	struct bench *b = *state;
	int link = knock(b, "garden", HERE, 0);

	assert_let_in(b, "garden", link);
	assert_string_equal(policy_find_camera(b->broker.policy, "garden")->hardware, HERE);
	assert_let_in(b, "garden", knock(b, "garden", HERE, 0));
}

static void test_other_hardware_at_a_known_place_is_refused(void **state)
{
	struct bench *b = *state;
	struct camera *camera;

	assert_let_in(b, "garden", knock(b, "garden", HERE, 0));
	camera = camera_find(&b->broker, "garden");
	assert_refused(b, knock(b, "garden", "platform-here 0 serial=B2 model=eye", 0));
	assert_non_null(strstr(camera->trouble, "other hardware at a known place"));
	assert_string_equal(policy_find_camera(b->broker.policy, "garden")->hardware, HERE);
	assert_let_in(b, "garden", knock(b, "garden", HERE, 0));
}

static void test_an_older_camera_gets_its_hardware_at_first_sight(void **state)
{
	struct bench *b = *state;
	uint8_t uuid[UUID_SIZE];

	memcpy(uuid, b->front.camera->uuid, UUID_SIZE);
	assert_let_in(b, "front", knock(b, "front", HERE, 0));
	assert_memory_equal(b->front.camera->uuid, uuid, UUID_SIZE);
	assert_refused(b, knock(b, "front", "platform-there 0 serial=A1 model=eye", 0));
}

static void test_hardware_survives_a_restart(void **state)
{
	struct bench *b = *state;
	struct policy *policy;

	assert_let_in(b, "front", knock(b, "front", HERE, 0));
	assert_let_in(b, "garden", knock(b, "garden", THERE, 0));
	broker_close(&b->broker);
	assert_int_equal(broker_open(&b->broker, b->event, &b->options), 0);
	policy = b->broker.policy;
	assert_string_equal(policy_find_camera(policy, "front")->hardware, HERE);
	assert_string_equal(policy_find_camera(policy, "garden")->hardware, THERE);
	assert_string_equal(policy_find_camera(policy, "back")->hardware, "");
}

static void test_no_hardware_no_camera(void **state)
{
	struct bench *b = *state;

	assert_refused(b, knock(b, "garden", NULL, -ENODEV));
	assert_null(camera_find(&b->broker, "garden"));
	assert_refused(b, knock(b, "front", NULL, -EEXIST));
	assert_string_equal(b->front.camera->trouble, hardware_error_text(-EEXIST));
}

static const char *at_the_door;

static int look(struct broker *broker, struct admission *admission)
{
	return admission_camera(broker, admission, at_the_door, -ENODEV);
}

/* Whoever is not let in waits, and is let in as soon as the cause has gone. */
static void test_whoever_waits_is_looked_at_again(void **state)
{
	struct bench *b = *state;
	struct admission a = {.name = "garden"};
	struct doorstep *doorstep;
	int pair[2];

	assert_let_in(b, "garden", knock(b, "garden", HERE, 0));
	assert_int_equal(fdpass_pair(pair), 0);
	assert_int_equal(doorstep_new(&b->broker, look, &doorstep), 0);
	at_the_door = "platform-here 0 serial=B2 model=eye";
	a.fd = pair[1];
	assert_int_equal(look(&b->broker, &a), -EPERM);
	assert_int_equal(doorstep_wait(doorstep, &a), 0);
	bench_wait(b, DOORSTEP_INTERVAL + DOORSTEP_INTERVAL / 2);
	assert_string_not_equal(camera_find(&b->broker, "garden")->trouble, "");
	at_the_door = HERE;
	bench_wait(b, DOORSTEP_INTERVAL);
	assert_let_in(b, "garden", pair[0]);
	doorstep_free(doorstep);
}

static void test_nothing_is_wrong_once_it_has_gone(void **state)
{
	struct bench *b = *state;
	struct admission a = {.name = "front"}, another;
	struct doorstep *doorstep;
	int first[2], second[2];

	assert_int_equal(fdpass_pair(first), 0);
	assert_int_equal(fdpass_pair(second), 0);
	assert_int_equal(doorstep_new(&b->broker, look, &doorstep), 0);
	at_the_door = NULL;
	a.fd = first[1];
	assert_int_equal(look(&b->broker, &a), -EPERM);
	assert_int_equal(doorstep_wait(doorstep, &a), 0);
	/* Its process was started again: the one before is of no interest any more. */
	doorstep_clear(doorstep, "front");
	assert_refused(b, first[0]);
	another = a;
	another.fd = second[1];
	assert_int_equal(doorstep_wait(doorstep, &another), 0);
	bench_settle(b);
	assert_string_equal(b->front.camera->trouble, hardware_error_text(-ENODEV));
	close_fd(second[0]);
	bench_settle(b);
	assert_string_equal(b->front.camera->trouble, "");
	doorstep_free(doorstep);
}

#define BENCH_TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_units_have_names),
		cmocka_unit_test(test_other_units_are_nobody),
		cmocka_unit_test(test_hardware_is_port_and_model),
		BENCH_TEST(test_a_new_camera_becomes_known_with_its_hardware),
		BENCH_TEST(test_other_hardware_at_a_known_place_is_refused),
		BENCH_TEST(test_an_older_camera_gets_its_hardware_at_first_sight),
		BENCH_TEST(test_hardware_survives_a_restart),
		BENCH_TEST(test_no_hardware_no_camera),
		BENCH_TEST(test_whoever_waits_is_looked_at_again),
		BENCH_TEST(test_nothing_is_wrong_once_it_has_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
