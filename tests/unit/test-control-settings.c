// SPDX-License-Identifier: LGPL-2.1-or-later
/* What an owner chooses for a camera: told to its process, kept over restarts, refused in time. */
#include <fcntl.h>

#include "broker-bench.h"

#define OUTCOME(b, call, ...)                                              \
	({                                                                 \
		int before_ = (b)->done;                                   \
		int r_ = call(&(b)->broker, __VA_ARGS__, bench_done, (b)); \
		while (r_ == 0 && (b)->done == before_)                    \
			bench_turn((b), USEC_PER_SEC);                     \
		r_ ? r_ : (b)->error;                                      \
	})

static struct camera_record *front(struct bench *b)
{
	return policy_find_camera(b->broker.policy, "front");
}

static int set(struct bench *b, const char *control, int32_t value, bool applied)
{
	struct control_result result = {};
	int r = OUTCOME(b, control_set_control, "front", control, value, &result);

	assert_int_equal(result.applied, applied);
	return r;
}

/* Begins a change that the process has to answer; the caller waits for b->done. */
static void ask(struct bench *b, const char *control, int32_t value, struct camera_set *ret)
{
	struct control_result result = {};
	int type;

	assert_int_equal(
		control_set_control(&b->broker, "front", control, value, &result, bench_done, b),
		0);
	assert_true(result.applied);
	/* What was said to begin with lies before it. */
	do
		type = bench_receive(b, b->front.link, ret, sizeof(*ret));
	while (type == CAMERA_ADD_WAKE);
	assert_int_equal(type, CAMERA_SET);
	assert_true(ret->request != 0);
	assert_string_equal(ret->control, control);
	assert_int_equal(ret->value, value);
}

static void answer(struct bench *b, const struct camera_set *set, int error, int32_t value)
{
	struct camera_set_done m = {.request = set->request, .error = error, .value = value};
	int before = b->done;

	camera_send(&b->front, CAMERA_SET_DONE, &m);
	while (b->done == before)
		bench_turn(b, USEC_PER_SEC);
}

static void tell_controls(struct bench *b)
{
	struct camera_control m = {.count = 3,
				   .type = CAMERA_CONTROL_INTEGER,
				   .maximum = 255,
				   .step = 5,
				   .control = "brightness"};

	camera_send(&b->front, CAMERA_CONTROL, &m);
	m.index = 1;
	m.flags = CAMERA_CONTROL_READ_ONLY;
	strcpy(m.control, "gain");
	camera_send(&b->front, CAMERA_CONTROL, &m);
	bench_settle(b);
	assert_false(b->front.camera->controls.known);
	m.index = 2;
	m.type = CAMERA_CONTROL_BUTTON;
	m.flags = 0;
	strcpy(m.control, "reset");
	camera_send(&b->front, CAMERA_CONTROL, &m);
	bench_settle(b);
	assert_true(b->front.camera->controls.known);
}

static void expect_choice(struct bench *b, const char *control, int32_t value)
{
	struct camera_set m;

	assert_int_equal(bench_receive(b, b->front.link, &m, sizeof(m)), CAMERA_SET);
	assert_int_equal(m.request, 0);
	assert_string_equal(m.control, control);
	assert_int_equal(m.value, value);
}

static void restart(struct bench *b)
{
	fake_camera_stop(&b->front);
	fake_camera_stop(&b->back);
	broker_close(&b->broker);
	assert_int_equal(broker_open(&b->broker, b->event, &b->options), 0);
	b->front.camera = camera_find(&b->broker, "front");
	b->back.camera = camera_find(&b->broker, "back");
}

static void a_choice_is_kept_and_told_while_nobody_watches(void **state)
{
	struct bench *b = *state;

	assert_int_equal(set(b, "brightness", -7, false), 0);
	expect_choice(b, "brightness", -7);
	assert_int_equal(set(b, "brightness", INT32_MIN, false), 0);
	expect_choice(b, "brightness", INT32_MIN);
	assert_int_equal(set(b, "gain", INT32_MAX, false), 0);
	expect_choice(b, "gain", INT32_MAX);
	restart(b);
	assert_int_equal(front(b)->n_choices, 2);
	fake_camera_start(b, &b->front);
	expect_choice(b, "brightness", INT32_MIN);
	expect_choice(b, "gain", INT32_MAX);
}

static void what_the_device_takes_is_kept(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);
	struct camera_set m;

	tell_controls(b);
	ask(b, "brightness", 100, &m);
	answer(b, &m, 0, 100);
	assert_int_equal(b->error, 0);
	expect_choice(b, "brightness", 100);
	assert_int_equal(camera_controls_find(&b->front.camera->controls, "brightness")->value,
			 100);
	fake_session_close(&s);
	restart(b);
	assert_int_equal(camera_record_choice(front(b), "brightness")->value, 100);
}

static void what_the_device_refuses_is_told_and_not_kept(void **state)
{
	static const int outcomes[][2] = {
		{-ERANGE, CONTROL_OUT_OF_RANGE},    {-EACCES, CONTROL_READ_ONLY},
		{-EBUSY, CONTROL_DEVICE_BUSY},      {-ENODEV, CONTROL_DEVICE_CLOSED},
		{-ENOTTY, CONTROL_NO_SUCH_CONTROL}, {-EIO, CONTROL_DEVICE + EIO},
	};
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);
	struct camera_set m;

	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
		ask(b, "brightness", 7, &m);
		answer(b, &m, outcomes[i][0], 0);
		assert_int_equal(b->error, outcomes[i][1]);
	}
	assert_int_equal(front(b)->n_choices, 0);
	fake_session_close(&s);
	restart(b);
	assert_int_equal(front(b)->n_choices, 0);
}

static void known_controls_are_judged_at_once(void **state)
{
	struct bench *b = *state;
	struct camera_control none = {};

	tell_controls(b);
	assert_int_equal(set(b, "brightness", 256, false), CONTROL_OUT_OF_RANGE);
	assert_int_equal(set(b, "brightness", 7, false), CONTROL_OUT_OF_RANGE);
	assert_int_equal(set(b, "contrast", 7, false), CONTROL_NO_SUCH_CONTROL);
	assert_int_equal(set(b, "Brightness", 5, false), CONTROL_NO_SUCH_CONTROL);
	assert_int_equal(set(b, "gain", 5, false), CONTROL_READ_ONLY);
	assert_int_equal(set(b, "reset", 1, false), CONTROL_DEVICE_CLOSED);
	assert_int_equal(front(b)->n_choices, 0);
	camera_send(&b->front, CAMERA_CONTROL, &none);
	bench_settle(b);
	assert_int_equal(set(b, "brightness", 5, false), CONTROL_NO_CONTROLS);
	assert_true(bench_silent(b, b->front.link));
}

static void a_button_is_pressed_once(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);
	struct camera_set m;

	tell_controls(b);
	ask(b, "reset", 1, &m);
	answer(b, &m, 0, 0);
	assert_int_equal(b->error, 0);
	assert_int_equal(front(b)->n_choices, 0);
	assert_true(bench_silent(b, b->front.link));
	fake_session_close(&s);
}

static void a_process_that_dies_leaves_nobody_waiting(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);
	struct camera_set m;
	int before = b->done;

	ask(b, "brightness", 7, &m);
	fake_camera_stop(&b->front);
	bench_settle(b);
	assert_int_equal(b->done, before + 1);
	assert_int_equal(b->error, CONTROL_CAMERA_GONE);
	fake_session_close(&s);
}

/* A driver that hangs in its ioctl: whoever asked is told, the broker and other cameras go on, and
 * what comes late is heard all the same. */
static void a_device_that_hangs_keeps_nobody_waiting(void **state)
{
	struct bench *b = *state;
	struct fake_session s = bench_watching(b);
	uint64_t begin = clock_monotonic();
	struct camera_set_done late = {.value = 100};
	struct camera_set m[CAMERA_CONTROLS_REQUESTS_MAX];
	struct control_result result = {};
	int before = b->done;

	tell_controls(b);
	for (int i = 0; i < CAMERA_CONTROLS_REQUESTS_MAX; i++)
		ask(b, "brightness", 100, &m[i]);
	while (b->done < before + CAMERA_CONTROLS_REQUESTS_MAX)
		bench_turn(b, USEC_PER_SEC);
	assert_int_equal(b->error, CONTROL_NO_ANSWER);
	assert_true(clock_monotonic() - begin >= CAMERA_CONTROLS_TIMEOUT);
	assert_true(b->front.camera->welcomed);
	assert_int_equal(front(b)->n_choices, 0);
	/* It is not asked without end. */
	assert_int_equal(
		control_set_control(&b->broker, "front", "brightness", 5, &result, bench_done, b),
		CONTROL_LIMIT_REACHED);
	late.request = m[0].request;
	camera_send(&b->front, CAMERA_SET_DONE, &late);
	bench_settle(b);
	assert_int_equal(camera_controls_find(&b->front.camera->controls, "brightness")->value,
			 100);
	assert_int_equal(b->done, before + CAMERA_CONTROLS_REQUESTS_MAX);
	ask(b, "brightness", 5, &m[0]);
	answer(b, &m[0], 0, 5);
	assert_int_equal(b->error, 0);
	fake_session_close(&s);
}

static void what_is_no_file_of_its_own_is_not_waited_for(void **state)
{
	struct camera_configuration c;
	struct bench *b = *state;
	char path[128], error[SETTINGS_ERROR_SIZE];

	snprintf(path, sizeof(path), "%s/camera.d", b->directory);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/camera.d/front.conf", b->directory);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(settings_load_camera(b->directory, "front", &c, error), -EPERM);
	assert_non_null(strstr(error, "front.conf"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(close(creat(path, 0600)), 0);
	assert_int_equal(truncate(path, SETTINGS_FILE_MAX + 1), 0);
	assert_int_equal(settings_load_camera(b->directory, "front", &c, error), -EFBIG);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(settings_load_camera(b->directory, "front", &c, error), 0);
}

static void an_answer_that_nobody_asked_for_ends_the_link(void **state)
{
	struct bench *b = *state;
	struct camera_set_done m = {.request = 4};

	camera_send(&b->front, CAMERA_SET_DONE, &m);
	bench_settle(b);
	assert_false(b->front.camera->welcomed);
}

static void a_listing_out_of_order_ends_the_link(void **state)
{
	struct bench *b = *state;
	struct camera_control m = {
		.index = 1, .count = 2, .type = CAMERA_CONTROL_INTEGER, .control = "gain"};

	camera_send(&b->front, CAMERA_CONTROL, &m);
	bench_settle(b);
	assert_false(b->front.camera->welcomed);
}

static void choices_are_bounded(void **state)
{
	struct bench *b = *state;
	char control[PROTO_CONTROL_SIZE];

	for (int i = 0; i < CAMERA_CHOICES_MAX; i++) {
		snprintf(control, sizeof(control), "control_%d", i);
		assert_int_equal(set(b, control, i, false), 0);
	}
	assert_int_equal(set(b, "one_more", 1, false), CONTROL_LIMIT_REACHED);
	assert_int_equal(set(b, control, 99, false), 0);
}

static void a_configuration_stands_in_place_of_the_file(void **state)
{
	struct camera_configuration c = {
		.bitrate = 2000000, .fps = 15, .sub_width = 160, .sub_height = 120};
	struct bench *b = *state;
	struct camera_welcome welcome;
	struct camera_set m;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/camera.d", b->directory);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/camera.d/front.conf", b->directory);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("[camera]\nbitrate=1000000\ngop=25\nsize=640x480\n"
	      "sub_size=320x240\nsub_fps=5\nsub_bitrate=100000\nencoder=software\n",
	      file);
	fclose(file);
	bench_reload(b);
	assert_int_equal(bench_receive(b, b->front.link, &m, sizeof(m)), CAMERA_SET);
	assert_int_equal(m.configuration.bitrate, 1000000);
	assert_int_equal(OUTCOME(b, control_configure, "front", &c,
				 CONTROL_CONFIGURE_BITRATE | CONTROL_CONFIGURE_FPS |
					 CONTROL_CONFIGURE_SUB_SIZE),
			 0);
	assert_int_equal(bench_receive(b, b->front.link, &m, sizeof(m)), CAMERA_SET);
	assert_string_equal(m.control, "");
	assert_int_equal(m.configuration.bitrate, 2000000);
	assert_int_equal(m.configuration.fps, 15);
	assert_int_equal(m.configuration.gop, 25);
	assert_int_equal(m.configuration.width, 640);
	assert_int_equal(m.configuration.sub_width, 160);
	assert_int_equal(m.configuration.sub_height, 120);
	assert_int_equal(m.configuration.sub_fps, 5);
	assert_int_equal(m.configuration.sub_bitrate, 100000);
	assert_int_equal(m.configuration.encoder, CAMERA_ENCODER_SOFTWARE);
	restart(b);
	fake_camera_connect(b, &b->front, "front");
	assert_int_equal(bench_receive(b, b->front.link, &welcome, sizeof(welcome)),
			 CAMERA_WELCOME);
	assert_int_equal(welcome.configuration.bitrate, 2000000);
	assert_int_equal(welcome.configuration.gop, 25);
	assert_int_equal(welcome.configuration.sub_width, 160);
	c = (struct camera_configuration){};
	assert_int_equal(OUTCOME(b, control_configure, "front", &c, CONTROL_CONFIGURE_BITRATE), 0);
	assert_int_equal(bench_receive(b, b->front.link, &m, sizeof(m)), CAMERA_SET);
	assert_int_equal(m.configuration.bitrate, 1000000);
	assert_int_equal(m.configuration.fps, 15);
}

static void what_is_out_of_bounds_is_refused(void **state)
{
	static const struct camera_configuration wrong[] = {
		{.width = 640},
		{.width = 641, .height = 480},
		{.width = 10000, .height = 480},
		{.fps = 241},
		{.bitrate = 9999},
		{.bitrate = 100000001},
		{.gop = 3601},
		{.sub_width = 320},
		{.sub_width = 320, .sub_height = 241},
		{.sub_fps = 241},
		{.sub_bitrate = 9999},
	};
	const uint32_t all = CONTROL_CONFIGURE_SIZE | CONTROL_CONFIGURE_FPS |
			     CONTROL_CONFIGURE_BITRATE | CONTROL_CONFIGURE_GOP |
			     CONTROL_CONFIGURE_SUB_SIZE | CONTROL_CONFIGURE_SUB_FPS |
			     CONTROL_CONFIGURE_SUB_BITRATE;
	struct bench *b = *state;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(OUTCOME(b, control_configure, "front", &wrong[i], all),
				 CONTROL_INVALID_SETTINGS);
	assert_int_equal(OUTCOME(b, control_configure, "front", &wrong[0], 0),
			 CONTROL_INVALID_SETTINGS);
	assert_int_equal(OUTCOME(b, control_configure, "nowhere", &wrong[0], all),
			 CONTROL_NO_SUCH_CAMERA);
}

#define BENCH(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(a_choice_is_kept_and_told_while_nobody_watches),
		BENCH(what_the_device_takes_is_kept),
		BENCH(what_the_device_refuses_is_told_and_not_kept),
		BENCH(known_controls_are_judged_at_once),
		BENCH(a_button_is_pressed_once),
		BENCH(a_process_that_dies_leaves_nobody_waiting),
		BENCH(a_device_that_hangs_keeps_nobody_waiting),
		BENCH(what_is_no_file_of_its_own_is_not_waited_for),
		BENCH(an_answer_that_nobody_asked_for_ends_the_link),
		BENCH(a_listing_out_of_order_ends_the_link),
		BENCH(choices_are_bounded),
		BENCH(a_configuration_stands_in_place_of_the_file),
		BENCH(what_is_out_of_bounds_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
