// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/broker.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/event.h"
#include "base/log.h"
#include "broker/build-time.h"
#include "broker/camera.h"
#include "broker/closing.h"
#include "broker/epoch-run.h"
#include "broker/gate-link.h"
#include "broker/lease.h"
#include "broker/ledger-anchor.h"
#include "broker/machine.h"
#include "broker/pending.h"

#define TIMER_ACCURACY (10 * USEC_PER_MSEC)

/* An epoch's number says in which run of the broker it was. */
#define EPOCH_RUN_SHIFT 32

static int on_store(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct broker *broker = userdata;

	store_dispatch(broker->store);
	return 0;
}

static int make_cameras(struct broker *broker)
{
	for (size_t i = 0; i < broker->policy->n_cameras; i++) {
		struct camera *camera;
		int r = camera_new(broker, broker->policy->cameras[i], &camera);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Neither is ever replaced: viewers hold on to the root, and to the numbers that it has signed. */
static int open_seals(struct broker *broker, const char *directory)
{
	const char *file = SEAL_ROOT_FILE;
	int r = seal_root_load_or_make(directory, &broker->seal_root);

	if (r >= 0) {
		file = EPOCH_RUN_FILE;
		r = epoch_run_next(directory, store_run(broker->store), &broker->epoch_run);
	}
	if (r == -EUCLEAN || r == -ENOKEY)
		log_error("%s/%s is %s; restore it from a copy (docs/SECURITY.md)", directory, file,
			  r == -ENOKEY ? "missing" : "damaged");
	else if (r < 0)
		log_error("%s/%s cannot be had: %s", directory, file, strerror(-r));
	/* The first of all is nothing to tell. */
	else if (seal_root_is_new(broker->seal_root) && store_run(broker->store) > 1)
		event_log(LOG_WARNING, EVENT_SEAL_ROOT_NEW, NULL,
			  "a new seal root was made: viewers that have pinned another refuse every "
			  "frame");
	return r;
}

struct signing {
	bool done;
	int error;
};

static void on_anchor_signed(void *userdata, int error)
{
	*(struct signing *)userdata = (struct signing){true, error};
}

/* Nothing else goes on yet. */
static int replace_anchor(struct broker *broker, const struct ledger_anchor *anchor)
{
	struct signing signing = {false, 0};
	int r = ledger_anchor_replace(broker->store, anchor, on_anchor_signed, &signing);

	while (r == 0 && !signing.done) {
		struct pollfd p = {.fd = store_fd(broker->store), .events = POLLIN};

		(void)poll(&p, 1, -1);
		store_dispatch(broker->store);
	}
	return r < 0 ? r : signing.error;
}

/* After a change of the seal root: what the old one had signed was good. */
static void sign_anchor(struct broker *broker, const char *directory)
{
	struct ledger_anchor anchor;
	int r = pending_anchor(directory, &anchor.point);

	if (r == 0)
		return;
	if (r > 0)
		r = seal_root_sign_ledger(broker->seal_root, LEDGER_CHAIN_CONTEXT_ANCHOR,
					  &anchor.point, anchor.signature);
	if (r == 0)
		r = replace_anchor(broker, &anchor);
	if (r == -ENOENT)
		log_error("an anchor of the ledger is not the one that the old seal root had "
			  "signed: it is left as it is");
	if (r == 0 || r == -ENOENT)
		r = pending_signed(directory);
	if (r < 0)
		log_error("the ledger's anchor is not signed by the new seal root yet: %s",
			  strerror(-r));
}

/* Told, and left to an administrator: a device whose board was replaced looks like this, too. */
static void check_machine(struct broker *broker, const char *directory)
{
	int r = machine_check(directory);

	if (r < 0)
		log_error("%s/%s cannot be had: %s", directory, MACHINE_FILE, strerror(-r));
	broker->cloned = r > 0;
	if (broker->cloned)
		event_log(
			LOG_WARNING, EVENT_CLONED, NULL,
			"the keys here were made on another machine: if that one is still in use, "
			"renew the identity of one of them (camwardctl identity renew)");
}

static int open_memory(struct broker *broker, const char *directory)
{
	int r;

	broker->policy = policy_new();
	if (!broker->policy)
		return -ENOMEM;
	r = store_open(directory, broker->policy, &broker->store);
	if (r < 0) {
		log_error("%s: %s", directory, store_open_error_text(r));
		return r;
	}
	r = tls_identity_load_or_make(directory, clock_realtime(), &broker->identity);
	if (r < 0) {
		log_error("%s: the server's key and certificate cannot be had: %s", directory,
			  strerror(-r));
		return r;
	}
	if (tls_identity_is_renewed(broker->identity))
		event_log(LOG_NOTICE, EVENT_CERTIFICATE_RENEWED, NULL,
			  "the server's certificate was issued anew; its key is sha256/%s",
			  tls_identity_spki_sha256(broker->identity));
	r = open_seals(broker, directory);
	if (r < 0)
		return r;
	sign_anchor(broker, directory);
	check_machine(broker, directory);
	return 0;
}

static void on_names(void *userdata, int error)
{
	if (error < 0)
		log_error("the cameras' new names are not told to udev: %s", strerror(-error));
}

static int open_loop(struct broker *broker)
{
	int r = sd_event_add_io(broker->event, &broker->store_source, store_fd(broker->store),
				EPOLLIN, on_store, broker);

	if (r >= 0)
		r = sd_event_source_set_priority(broker->store_source, BROKER_PRIORITY_STORE);
	if (r >= 0)
		r = redecide_open(broker);
	if (r >= 0)
		r = catch_up_open(broker);
	if (r >= 0)
		r = reserve_open(broker);
	if (r >= 0)
		r = retention_open(broker);
	if (r >= 0)
		r = reissue_open(broker);
	if (r >= 0)
		r = make_cameras(broker);
	if (r >= 0)
		r = reload_open(broker);
	/* A crash may have come between a rename and its file. */
	if (r >= 0)
		r = store_write_names(broker->store, on_names, broker);
	if (r < 0)
		log_error("cannot start: %s", strerror(-r));
	return r;
}

int broker_open(struct broker *broker, sd_event *event, const struct broker_options *options)
{
	int r;

	*broker = (struct broker){
		.event = sd_event_ref(event),
		.config_directory = options->config_directory,
		.state_directory = options->state_directory,
		.redecide.clock_fd = -EBADF,
	};
	agent_init(&broker->agent);
	list_init(&broker->cameras);
	list_init(&broker->gates);
	list_init(&broker->leases);
	list_init(&broker->closings);
	list_init(&broker->reload.waiters);
	if (!broker_clock_is_set())
		event_log(LOG_WARNING, EVENT_CLOCK_NOT_SET, NULL,
			  "the clock is not set: what is granted for a time only is refused");
	light_open(broker, options->watching_directory);
	r = open_memory(broker, options->state_directory);
	return r < 0 ? r : open_loop(broker);
}

void broker_end(struct broker *broker)
{
	struct gate *gate, *next_gate;
	struct lease *lease, *next_lease;
	struct camera *camera;

	list_for_each_safe (gate, next_gate, &broker->gates, list)
		gate_free(gate, "service stopped");
	/* Those whose session is done already, and local subscribers'. */
	list_for_each_safe (lease, next_lease, &broker->leases, list)
		lease_end(lease, lease->ending ? lease->ending : "service stopped");
	list_for_each (camera, &broker->cameras, list)
		camera_controls_fail(camera);
	broker->store_source = sd_event_source_disable_unref(broker->store_source);
	if (broker->store)
		catch_up_last(broker);
	closing_end(broker);
	if (broker->store)
		store_close(broker->store);
	broker->store = NULL;
	reload_close(broker);
}

void broker_close(struct broker *broker)
{
	struct camera *camera, *next_camera;

	broker_end(broker);
	list_for_each_safe (camera, next_camera, &broker->cameras, list)
		camera_free(camera);
	redecide_close(broker);
	catch_up_close(broker);
	reserve_close(broker);
	retention_close(broker);
	reissue_close(broker);
	sd_event_source_disable_unref(broker->stop_timer);
	if (broker->identity)
		tls_identity_free(broker->identity);
	seal_root_free(broker->seal_root);
	declared_free(&broker->declared);
	if (broker->policy)
		policy_free(broker->policy);
	sd_event_unref(broker->event);
}

static int on_stop_timeout(sd_event_source *source, uint64_t when, void *userdata)
{
	struct broker *broker = userdata;

	return sd_event_exit(broker->event, 0);
}

void broker_lease_gone(struct broker *broker)
{
	if (broker->stopping && list_empty(&broker->leases))
		sd_event_exit(broker->event, 0);
}

void broker_stop(struct broker *broker)
{
	struct lease *lease, *tmp;
	int r;

	if (broker->stopping)
		return;
	broker->stopping = true;
	r = sd_event_add_time(broker->event, &broker->stop_timer, CLOCK_MONOTONIC,
			      clock_monotonic() + BROKER_STOP_TIMEOUT, TIMER_ACCURACY,
			      on_stop_timeout, broker);
	if (r < 0)
		sd_event_exit(broker->event, 0);
	list_for_each_safe (lease, tmp, &broker->leases, list)
		lease_finish(lease, "service stopped", SESSION_END_SHUTDOWN);
	broker_lease_gone(broker);
}

uint64_t broker_last_epoch(const struct broker *broker)
{
	return broker->epoch_run << EPOCH_RUN_SHIFT | broker->epochs;
}

uint64_t broker_next_epoch(struct broker *broker)
{
	broker->epochs++;
	return broker_last_epoch(broker);
}

bool broker_clock_is_set(void)
{
	return clock_realtime() > BUILD_TIME;
}

bool broker_is_ready(const struct broker *broker)
{
	return gate_first(broker) != NULL;
}
