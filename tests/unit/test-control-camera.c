// SPDX-License-Identifier: LGPL-2.1-or-later
/* Adopt, rename and forget: what stays with the camera, what ends, and what is refused. */
#include "door.h"
#include "lease-bench.h"

#define HERE  "platform-here 0 serial=A1 model=eye"
#define THERE "platform-there 0 serial=B2 model=eye"
#define OTHER "platform-here 0 serial=B2 model=eye"

/* What a call comes to: its own error, or what done was told. */
#define OUTCOME(b, call, ...)                                              \
	({                                                                 \
		int before_ = (b)->done;                                   \
		int r_ = call(&(b)->broker, __VA_ARGS__, bench_done, (b)); \
		while (r_ == 0 && (b)->done == before_)                    \
			bench_turn((b), USEC_PER_SEC);                     \
		r_ ? r_ : (b)->error;                                      \
	})

static int forget(struct bench *b, const char *name, unsigned grants)
{
	struct control_result result = {};
	int r = OUTCOME(b, control_forget_camera, name, &result);

	assert_int_equal(result.grants_removed, grants);
	return r;
}

static struct camera *camera(struct bench *b, const char *name)
{
	return camera_find(&b->broker, name);
}

static struct camera_record *record(struct bench *b, const char *name)
{
	return policy_find_camera(b->broker.policy, name);
}

static void restart(struct bench *b)
{
	broker_close(&b->broker);
	assert_int_equal(broker_open(&b->broker, b->event, &b->options), 0);
	b->front.camera = b->back.camera = NULL;
}

static void assert_names_file(struct bench *b, const char *expected)
{
	char path[128], text[256] = "";
	FILE *file;

	bench_settle(b);
	snprintf(path, sizeof(path), "%s/" STORE_NAMES_FILE, b->directory);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) == strlen(expected));
	fclose(file);
	assert_string_equal(text, expected);
}

static void assert_granted(struct bench *b, const char *name, size_t n)
{
	assert_int_equal(b->broker.policy->n_grants, n);
	if (n)
		assert_memory_equal(b->broker.policy->grants[0]->camera, record(b, name)->uuid,
				    UUID_SIZE);
}

static void adopted_hardware_is_let_in(void **state)
{
	struct bench *b = *state;

	fake_camera_stop(&b->front);
	assert_let_in(b, "front", knock(b, "front", HERE, 0));
	assert_int_equal(OUTCOME(b, control_adopt_camera, "front", HERE), CONTROL_NOTHING_TO_ADOPT);
	assert_refused(b, knock(b, "front", OTHER, 0));
	assert_string_equal(camera(b, "front")->refused, OTHER);
	assert_int_equal(OUTCOME(b, control_adopt_camera, "front", "something else"),
			 CONTROL_OTHER_HARDWARE);
	assert_refused(b, knock(b, "front", OTHER, 0));
	assert_int_equal(OUTCOME(b, control_adopt_camera, "front", OTHER), 0);
	assert_string_equal(camera(b, "front")->trouble, "");
	assert_let_in(b, "front", knock(b, "front", OTHER, 0));
	assert_refused(b, knock(b, "front", HERE, 0));
	assert_granted(b, "front", 1);
	restart(b);
	assert_string_equal(record(b, "front")->hardware, OTHER);
	assert_granted(b, "front", 1);
	assert_int_equal(OUTCOME(b, control_adopt_camera, "nowhere", OTHER),
			 CONTROL_NO_SUCH_CAMERA);
}

/* The old hardware is back and runs when the disk has taken the new one: it is not the camera any
 * more. */
static void what_is_no_longer_the_camera_is_ended(void **state)
{
	struct bench *b = *state;
	int before = b->done, link;

	fake_camera_stop(&b->front);
	assert_let_in(b, "front", knock(b, "front", HERE, 0));
	assert_refused(b, knock(b, "front", OTHER, 0));
	assert_int_equal(control_adopt_camera(&b->broker, "front", OTHER, bench_done, b), 0);
	link = knock(b, "front", HERE, 0);
	while (b->done == before)
		bench_turn(b, USEC_PER_SEC);
	assert_int_equal(b->error, 0);
	assert_refused(b, link);
	assert_string_equal(record(b, "front")->hardware, OTHER);
}

static void hardware_that_is_another_camera_is_not_adopted(void **state)
{
	struct bench *b = *state;

	fake_camera_stop(&b->front);
	assert_let_in(b, "front", knock(b, "front", HERE, 0));
	assert_let_in(b, "garden", knock(b, "garden", OTHER, 0));
	assert_refused(b, knock(b, "garden", HERE, 0));
	assert_int_equal(OUTCOME(b, control_adopt_camera, "garden", HERE), CONTROL_HARDWARE_KNOWN);
}

/* By a file of the administrator's, say. */
static void one_hardware_is_not_two_cameras(void **state)
{
	struct bench *b = *state;
	uint8_t uuid[UUID_SIZE];

	fake_camera_stop(&b->front);
	assert_let_in(b, "front", knock(b, "front", HERE, 0));
	memcpy(uuid, record(b, "front")->uuid, UUID_SIZE);
	assert_refused(b, knock(b, "entrance", HERE, 0));
	assert_null(camera(b, "entrance"));
	assert_non_null(strstr(camera(b, "front")->trouble, "its hardware comes as entrance now"));
	assert_int_equal(OUTCOME(b, control_rename_camera, "front", "entrance"), 0);
	assert_let_in(b, "entrance", knock(b, "entrance", HERE, 0));
	assert_memory_equal(record(b, "entrance")->uuid, uuid, UUID_SIZE);
	assert_names_file(b, "");
}

static void a_rename_ends_viewers_and_keeps_grants(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);
	uint8_t uuid[UUID_SIZE];

	memcpy(uuid, b->front.camera->uuid, UUID_SIZE);
	assert_int_equal(OUTCOME(b, control_rename_camera, "front", "entrance"), 0);
	assert_int_equal(viewer_state(&s), -ECONNRESET);
	assert_true(list_empty(&b->broker.leases));
	assert_ledger(b, LEDGER_CLOSED, "camera", "front");
	assert_ledger(b, LEDGER_CLOSED, "reason", "camera renamed");
	assert_null(camera(b, "front"));
	assert_false(camera_link_is_up(camera(b, "entrance")));
	assert_granted(b, "entrance", 1);
	assert_names_file(b, "front entrance\n");
	restart(b);
	assert_null(camera(b, "front"));
	assert_memory_equal(camera(b, "entrance")->uuid, uuid, UUID_SIZE);
	assert_string_equal(record(b, "entrance")->given, "front");
	assert_granted(b, "entrance", 1);
	fake_session_close(&s);
}

/* The second check's two ways: what the process calls itself is its unit's instance. */
static void the_process_must_come_by_the_new_name(void **state)
{
	struct bench *b = *state;

	fake_camera_stop(&b->front);
	assert_let_in(b, "front", knock(b, "front", HERE, 0));
	assert_int_equal(OUTCOME(b, control_rename_camera, "front", "entrance"), 0);
	assert_refused(b, knock(b, "front", HERE, 0));
	assert_non_null(strstr(camera(b, "entrance")->trouble, "it comes as front still"));
	assert_null(camera(b, "front"));
	assert_let_in(b, "entrance", knock(b, "entrance", HERE, 0));
}

static void renames_follow_each_other(void **state)
{
	struct bench *b = *state;

	assert_int_equal(OUTCOME(b, control_rename_camera, "front", "one"), 0);
	assert_int_equal(OUTCOME(b, control_rename_camera, "back", "front"), 0);
	assert_names_file(b, "back front\nfront one\n");
	assert_int_equal(OUTCOME(b, control_rename_camera, "one", "two"), 0);
	assert_names_file(b, "back front\nfront two\n");
	assert_int_equal(OUTCOME(b, control_rename_camera, "two", "front"), CONTROL_CAMERA_EXISTS);
	assert_int_equal(OUTCOME(b, control_rename_camera, "front", "back"), 0);
	assert_int_equal(OUTCOME(b, control_rename_camera, "two", "front"), 0);
	assert_names_file(b, "");
	restart(b);
	assert_string_equal(record(b, "front")->given, "");
	assert_granted(b, "front", 1);
}

static void two_renames_at_once(void **state)
{
	struct bench *b = *state;
	int before = b->done;

	assert_int_equal(control_rename_camera(&b->broker, "front", "one", bench_done, b), 0);
	assert_int_equal(control_rename_camera(&b->broker, "back", "one", bench_done, b), 0);
	while (b->done < before + 2)
		bench_turn(b, USEC_PER_SEC);
	assert_int_equal(b->error, 0); /* it came last, after its file */
	assert_non_null(camera(b, "back"));
	assert_granted(b, "one", 1);
	restart(b);
	assert_non_null(camera(b, "back"));
	assert_granted(b, "one", 1);
}

static void a_suspension_goes_along(void **state)
{
	struct bench *b = *state;

	BENCH_CONTROL(b, control_suspend, SUSPENSION_CAMERA, "front", "repair");
	assert_int_equal(OUTCOME(b, control_rename_camera, "front", "entrance"), 0);
	for (int i = 0; i < 2; i++, restart(b)) {
		assert_int_equal(b->broker.policy->n_suspensions, 1);
		assert_non_null(
			policy_find_suspension(b->broker.policy, SUSPENSION_CAMERA, "entrance"));
	}
	assert_int_equal(OUTCOME(b, control_resume, SUSPENSION_CAMERA, "entrance"), 0);
}

static void a_resume_on_its_way_does_not_hold_the_suspension(void **state)
{
	struct bench *b = *state;
	int before;

	BENCH_CONTROL(b, control_suspend, SUSPENSION_CAMERA, "front", "repair");
	before = b->done;
	assert_int_equal(control_rename_camera(&b->broker, "front", "entrance", bench_done, b), 0);
	assert_int_equal(control_resume(&b->broker, SUSPENSION_CAMERA, "front", bench_done, b), 0);
	while (b->done < before + 2)
		bench_turn(b, USEC_PER_SEC);
	assert_int_equal(OUTCOME(b, control_resume, SUSPENSION_CAMERA, "entrance"), 0);
	assert_int_equal(b->broker.policy->n_suspensions, 0);
}

static void write_settings(struct bench *b, const char *name)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/camera.d", b->directory);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/camera.d/%s.conf", b->directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
}

/* Other hardware waits at its place under the name that is given up: it has to come by its own. */
static void a_name_given_up_makes_no_new_camera(void **state)
{
	struct bench *b = *state;

	assert_let_in(b, "front", knock(b, "front", HERE, 0));
	assert_int_equal(OUTCOME(b, control_rename_camera, "front", "entrance"), 0);
	assert_int_equal(forget(b, "entrance", 1), 0);
	assert_refused(b, knock(b, "entrance", HERE, 0));
	assert_null(camera(b, "entrance"));
	assert_let_in(b, "front", knock(b, "front", HERE, 0));
	restart(b);
	assert_let_in(b, "entrance", knock(b, "entrance", THERE, 0));
}

static void what_cannot_be_renamed_is_told(void **state)
{
	struct bench *b = *state;
	char path[128];

	assert_int_equal(OUTCOME(b, control_rename_camera, "front", "back"), CONTROL_CAMERA_EXISTS);
	assert_int_equal(OUTCOME(b, control_rename_camera, "front", "front"),
			 CONTROL_CAMERA_EXISTS);
	assert_int_equal(OUTCOME(b, control_rename_camera, "front", "Front"), CONTROL_INVALID_NAME);
	assert_int_equal(OUTCOME(b, control_rename_camera, "nowhere", "x"), CONTROL_NO_SUCH_CAMERA);
	write_settings(b, "front");
	bench_reload(b);
	assert_int_equal(OUTCOME(b, control_rename_camera, "front", "x"), CONTROL_NAME_BY_FILE);
	b->back.camera->inherited = true;
	assert_int_equal(OUTCOME(b, control_rename_camera, "back", "x"), CONTROL_NAME_INHERITED);
	assert_int_equal(forget(b, "back", 0), CONTROL_NAME_INHERITED);
	assert_true(link_is_open(&b->front.camera->link));
	/* Whether there is a file is looked at anew, without a reload. */
	snprintf(path, sizeof(path), "%s/camera.d/front.conf", b->directory);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(OUTCOME(b, control_rename_camera, "front", "x"), 0);
	assert_non_null(camera(b, "x"));
}

static void a_forgotten_camera_is_a_stranger(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);
	uint8_t uuid[UUID_SIZE];

	memcpy(uuid, b->front.camera->uuid, UUID_SIZE);
	assert_int_equal(forget(b, "front", 0), CONTROL_CAMERA_CONNECTED);
	fake_camera_stop(&b->front);
	bench_settle(b);
	/* Its viewer is still on the way out. */
	assert_int_equal(forget(b, "front", 1), 0);
	assert_null(camera(b, "front"));
	assert_true(list_empty(&b->broker.leases));
	assert_granted(b, "front", 0);
	assert_ledger(b, LEDGER_OPENED, "camera", "front");
	assert_int_equal(forget(b, "front", 0), CONTROL_NO_SUCH_CAMERA);
	restart(b);
	assert_null(camera(b, "front"));
	assert_granted(b, "front", 0);
	assert_let_in(b, "front", knock(b, "front", HERE, 0));
	assert_memory_not_equal(record(b, "front")->uuid, uuid, UUID_SIZE);
	fake_session_close(&s);
}

static void a_forgotten_camera_has_no_name_left(void **state)
{
	struct bench *b = *state;

	assert_int_equal(OUTCOME(b, control_rename_camera, "front", "entrance"), 0);
	assert_int_equal(forget(b, "entrance", 1), 0);
	assert_names_file(b, "");
}

#define BENCH(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(adopted_hardware_is_let_in),
		BENCH(what_is_no_longer_the_camera_is_ended),
		BENCH(hardware_that_is_another_camera_is_not_adopted),
		BENCH(one_hardware_is_not_two_cameras),
		BENCH(a_rename_ends_viewers_and_keeps_grants),
		BENCH(the_process_must_come_by_the_new_name),
		BENCH(renames_follow_each_other),
		BENCH(two_renames_at_once),
		BENCH(a_suspension_goes_along),
		BENCH(a_resume_on_its_way_does_not_hold_the_suspension),
		BENCH(a_name_given_up_makes_no_new_camera),
		BENCH(what_cannot_be_renamed_is_told),
		BENCH(a_forgotten_camera_is_a_stranger),
		BENCH(a_forgotten_camera_has_no_name_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
