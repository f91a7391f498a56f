// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a control call comes to: its own error, or what done was told; and a disk that fails. */
#pragma once

#include <signal.h>
#include <sys/resource.h>

#include "broker-bench.h"

/* Whether anything can be written. */
static inline void set_disk(bool works)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = works ? limit.rlim_max : 0;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

#define OUTCOME_OF(b, call)                             \
	({                                              \
		int before_ = (b)->done;                \
		int r_ = call;                          \
		while (r_ == 0 && (b)->done == before_) \
			bench_turn((b), USEC_PER_SEC);  \
		r_ ? r_ : (b)->error;                   \
	})
#define OUTCOME(b, call, ...)                                                              \
	({                                                                                 \
		struct control_result result_ = {};                                        \
		OUTCOME_OF(b, call(&(b)->broker, __VA_ARGS__, &result_, bench_done, (b))); \
	})
#define WITHOUT_RESULT(b, call, ...) OUTCOME_OF(b, call(&(b)->broker, __VA_ARGS__, bench_done, (b)))

static inline void restart(struct bench *b)
{
	broker_close(&b->broker);
	assert_int_equal(broker_open(&b->broker, b->event, &b->options), 0);
}

static inline void wait_for_the_disk(struct bench *b)
{
	uint64_t end = clock_monotonic() + 10 * USEC_PER_SEC;

	while (b->broker.catch_up.needed && clock_monotonic() < end)
		bench_turn(b, 100 * USEC_PER_MSEC);
	assert_false(b->broker.catch_up.needed);
}
