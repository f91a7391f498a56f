// SPDX-License-Identifier: LGPL-2.1-or-later
/* A broker's state directory for a test, and its store driven to the end of a job. */
#pragma once

#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/ledger.h"
#include "broker/store.h"

struct state {
	char dir[64];
	struct policy *policy;
	struct store *store;
};

static inline int state_remove_entry(const char *path, const struct stat *st, int flag,
				     struct FTW *ftw)
{
	return remove(path);
}

static inline void state_make(struct state *state)
{
	static unsigned n;

	*state = (struct state){0};
	snprintf(state->dir, sizeof(state->dir), "/tmp/camward-test-%d-%u", getpid(), n++);
	assert_int_equal(mkdir(state->dir, 0700), 0);
}

static inline int state_try_open(struct state *state)
{
	state->policy = policy_new();
	assert_non_null(state->policy);
	return store_open(state->dir, state->policy, &state->store);
}

static inline void state_open(struct state *state)
{
	assert_int_equal(state_try_open(state), 0);
}

static inline void state_close(struct state *state)
{
	store_close(state->store);
	policy_free(state->policy);
	state->store = NULL;
	state->policy = NULL;
}

static inline void state_reopen(struct state *state)
{
	state_close(state);
	state_open(state);
}

static inline void state_remove(struct state *state)
{
	state_close(state);
	nftw(state->dir, state_remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void state_path(const struct state *state, const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", state->dir, name);
}

/* A job's outcome; 1: none yet. */
#define OUTCOME_NONE 1

static inline void outcome_set(void *userdata, int error)
{
	int *outcome = userdata;

	assert_int_equal(*outcome, OUTCOME_NONE); /* exactly once */
	*outcome = error;
}

static inline int state_wait(struct state *state, const int *outcome)
{
	struct pollfd fd = {.fd = store_fd(state->store), .events = POLLIN};

	while (*outcome == OUTCOME_NONE) {
		assert_int_equal(poll(&fd, 1, 10000), 1);
		store_dispatch(state->store);
	}
	return *outcome;
}

/* Runs store_x(state->store, ..., done, userdata) and yields what done was told. */
#define STATE_RUN(state, call, ...)                                                      \
	({                                                                               \
		int outcome_ = OUTCOME_NONE;                                             \
		int queued_ = call((state)->store, __VA_ARGS__, outcome_set, &outcome_); \
		queued_ < 0 ? queued_ : state_wait(state, &outcome_);                    \
	})

static inline struct client make_client(const char *name, const char *integration)
{
	struct client client = {.created = 1000};

	strcpy(client.name, name);
	strcpy(client.integration, integration);
	return client;
}

static inline struct camera_record make_camera(const char *name, uint8_t number)
{
	struct camera_record camera = {.uuid = {number, 0xca}, .created = 2000};

	strcpy(camera.name, name);
	return camera;
}

static inline struct grant make_grant(uint64_t id, const char *client, uint8_t camera)
{
	struct grant grant = {.id = id, .camera = {camera, 0xca}, .rights = RIGHT_LIVE};

	strcpy(grant.client, client);
	return grant;
}

static inline struct suspension make_suspension(enum suspension_kind kind, const char *name)
{
	struct suspension suspension = {.kind = kind, .reason = "a test", .since = 3000};

	strcpy(suspension.name, name);
	return suspension;
}
