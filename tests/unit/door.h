// SPDX-License-Identifier: LGPL-2.1-or-later
/* A camera's process at the broker's door, with hardware as the test says. */
#pragma once

#include "broker-bench.h"
#include "broker/admission.h"

/* The process's end of a link that is at the door with this hardware. */
static inline int knock(struct bench *b, const char *name, const char *hardware, int error)
{
	struct admission a = {};
	int pair[2];

	assert_int_equal(fdpass_pair(pair), 0);
	snprintf(a.name, sizeof(a.name), "%s", name);
	a.fd = pair[1];
	if (admission_camera(&b->broker, &a, hardware, error) < 0)
		close_fd(a.fd);
	bench_settle(b);
	return pair[0];
}

static inline void assert_let_in(struct bench *b, const char *name, int link)
{
	struct camera_hello hello = {};
	struct camera_welcome welcome;

	snprintf(hello.name, sizeof(hello.name), "%s", name);
	bench_send(link, CAMERA_HELLO, CAMERA_MSG_VERSION, &hello, sizeof(hello), NULL, 0);
	assert_int_equal(bench_receive(b, link, &welcome, sizeof(welcome)), CAMERA_WELCOME);
	assert_memory_equal(welcome.uuid, camera_find(&b->broker, name)->uuid, UUID_SIZE);
	assert_string_equal(camera_find(&b->broker, name)->trouble, "");
	close_fd(link);
	bench_settle(b);
}

static inline void assert_refused(struct bench *b, int link)
{
	assert_int_equal(bench_receive(b, link, NULL, 0), 0);
	close_fd(link);
}
