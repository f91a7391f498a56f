// SPDX-License-Identifier: LGPL-2.1-or-later
/* A camera's process that makes way for one that may use hardware which has come, and when not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fdpass.h"
#include "camera/camera-arrival.h"
#include "camera/camera.h"
#include "camera/exit.h"

struct bench {
	char directory[64], node[80];
	struct camera camera;
	struct arrival arrival;
	int broker;
};

static void init(struct bench *b, enum link_state state)
{
	const char *paths[] = {b->node};
	int pair[2];

	*b = (struct bench){};
	snprintf(b->directory, sizeof(b->directory), "/tmp/test-camera-arrival-%d", (int)getpid());
	assert_int_equal(mkdir(b->directory, 0700), 0);
	snprintf(b->node, sizeof(b->node), "%s/encoder", b->directory);
	assert_int_equal(arrival_begin(&b->arrival, paths, 1), 0);
	assert_int_equal(fdpass_pair(pair), 0);
	b->broker = pair[1];
	b->camera.link.fd = pair[0];
	b->camera.link.state = state;
	assert_int_equal(sd_event_new(&b->camera.event), 0);
	assert_int_equal(camera_await(&b->camera, &b->arrival), 0);
}

static void release(struct bench *b)
{
	sd_event_source_disable_unref(b->camera.on_arrival);
	sd_event_source_disable_unref(b->camera.on_way);
	sd_event_unref(b->camera.event);
	arrival_end(&b->arrival);
	close(b->camera.link.fd);
	close(b->broker);
	unlink(b->node);
	assert_int_equal(rmdir(b->directory), 0);
}

static void bring_encoder(struct bench *b)
{
	FILE *f = fopen(b->node, "we");

	assert_non_null(f);
	fclose(f);
}

/* Until there is nothing more to do. Whether it ended in order to make way. */
static bool has_made_way(struct bench *b)
{
	int code, r;

	while ((r = sd_event_run(b->camera.event, 0)) > 0)
		if (sd_event_get_exit_code(b->camera.event, &code) >= 0)
			return code == CAMERA_EXIT_DEVICE;
	assert_int_equal(r, 0);
	return false;
}

static void it_makes_way_when_idle(void **state)
{
	struct bench b;

	init(&b, LINK_IDLE);
	assert_false(has_made_way(&b));
	bring_encoder(&b);
	assert_true(has_made_way(&b));
	release(&b);
	/* What comes while somebody watches is taken afterwards. */
	init(&b, LINK_RUNNING);
	bring_encoder(&b);
	assert_false(has_made_way(&b));
	b.camera.link.state = LINK_IDLE;
	camera_make_way(&b.camera);
	assert_true(has_made_way(&b));
	release(&b);
}

/* A START that lies there is served, whatever came. */
static void it_hears_the_broker_out(void **state)
{
	char message = 0;
	struct bench b;

	init(&b, LINK_IDLE);
	bring_encoder(&b);
	assert_true(sd_event_run(b.camera.event, 0) > 0);
	assert_true(b.camera.hardware_came);
	assert_int_equal(write(b.broker, &message, 1), 1);
	for (unsigned int i = 0; i < 5; i++) {
		int code;

		assert_true(sd_event_run(b.camera.event, 0) >= 0);
		assert_true(sd_event_get_exit_code(b.camera.event, &code) < 0);
	}
	assert_int_equal(read(b.camera.link.fd, &message, 1), 1);
	assert_true(has_made_way(&b));
	release(&b);
}

static void it_stays_where_software_is_chosen(void **state)
{
	struct bench b;

	init(&b, LINK_IDLE);
	b.camera.welcome.configuration.encoder = CAMERA_ENCODER_SOFTWARE;
	bring_encoder(&b);
	assert_false(has_made_way(&b));
	assert_true(b.camera.hardware_came);
	b.camera.welcome.configuration.encoder = CAMERA_ENCODER_AUTO;
	camera_make_way(&b.camera);
	assert_true(has_made_way(&b));
	release(&b);
}

static void who_asks_is_told_what_waits(void **state)
{
	static const char waits[] = "; an encoder waits: it is taken once nobody watches";
	struct encoder encoder = {.path = CAMERA_PATH_SOFTWARE, .reason = "raw pictures"};
	char reason[PROTO_REASON_SIZE];
	struct bench b;

	init(&b, LINK_RUNNING);
	camera_tell_way(&b.camera, &encoder, reason);
	assert_string_equal(reason, "raw pictures");
	bring_encoder(&b);
	assert_false(has_made_way(&b));
	camera_tell_way(&b.camera, &encoder, reason);
	assert_string_equal(reason,
			    "raw pictures; an encoder waits: it is taken once nobody watches");
	/* However much else there is to say. */
	memset(encoder.reason, 'x', sizeof(encoder.reason) - 1);
	camera_tell_way(&b.camera, &encoder, reason);
	assert_int_equal(strlen(reason), sizeof(reason) - 1);
	assert_string_equal(reason + strlen(reason) - strlen(waits), waits);
	/* Of no other is there need, or wish. */
	snprintf(encoder.reason, sizeof(encoder.reason), "raw pictures");
	encoder.path = CAMERA_PATH_ZERO_COPY;
	camera_tell_way(&b.camera, &encoder, reason);
	assert_string_equal(reason, "raw pictures");
	encoder.path = CAMERA_PATH_SOFTWARE;
	b.camera.welcome.configuration.encoder = CAMERA_ENCODER_SOFTWARE;
	camera_tell_way(&b.camera, &encoder, reason);
	assert_string_equal(reason, "raw pictures");
	release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_makes_way_when_idle),
		cmocka_unit_test(it_hears_the_broker_out),
		cmocka_unit_test(it_stays_where_software_is_chosen),
		cmocka_unit_test(who_asks_is_told_what_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
