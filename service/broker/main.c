// SPDX-License-Identifier: LGPL-2.1-or-later
/* camwardd: joins the broker, the bus and the intakes of links. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "base/cleanup.h"
#include "base/event.h"
#include "base/fault.h"
#include "base/log.h"
#include "broker/broker.h"
#include "broker/camera-register.h"
#include "broker/intake-unit.h"
#include "broker/intake.h"
#include "broker/metrics-socket.h"
#include "broker/options.h"
#include "broker/settings-file.h"
#include "dbus/bus.h"

#define EXIT_USAGE 2

/* Two descriptors a session, one a ring, and those of the store and the bus. Running out of them
 * would cost a link, and with it other people's viewers. */
#define DESCRIPTORS_MIN 2048
#define DESCRIPTORS_MAX (3 * BROKER_SESSIONS_MAX)

struct intakes {
	struct intake *cameras[POLICY_CAMERAS_MAX];
	struct intake *gate;
	struct intake_unit *units;
	struct metrics_socket *metrics;
};

/* What a process with the server's key owes to it. */
static int harden(void)
{
	const struct rlimit no_core = {};
	struct rlimit files;

	umask(0077);
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    setrlimit(RLIMIT_CORE, &no_core) < 0 || getrlimit(RLIMIT_NOFILE, &files) < 0)
		return -errno;
	if (files.rlim_max < DESCRIPTORS_MIN) {
		log_error(
			"the limit of open files is %lu, %d are needed (LimitNOFILE=, ulimit -Hn)",
			(unsigned long)files.rlim_max, DESCRIPTORS_MIN);
		return -EMFILE;
	}
	files.rlim_cur = files.rlim_max < DESCRIPTORS_MAX ? files.rlim_max : DESCRIPTORS_MAX;
	return setrlimit(RLIMIT_NOFILE, &files) < 0 ? -errno : 0;
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	(void)sd_notify(0, "STOPPING=1");
	broker_stop(userdata);
	return 0;
}

/* It is ready with what it has, whatever becomes of the files. */
static void on_reloaded(void *userdata, int error)
{
	char why[SETTINGS_ERROR_SIZE] = "";

	if (error == -ETIMEDOUT)
		reload_say_overdue(userdata, why, sizeof(why));
	else if (error < 0)
		snprintf(why, sizeof(why), "settings cannot be read: %s", strerror(-error));
	(void)sd_notifyf(0, "READY=1\nSTATUS=%s", why);
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	(void)sd_notify(0, "RELOADING=1");
	reload_begin(userdata, on_reloaded, userdata);
	return 0;
}

static int open_loop(sd_event **ret)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return -errno;
	return sd_event_default(ret);
}

static int add_signals(struct broker *broker)
{
	int r = sd_event_add_signal(broker->event, NULL, SIGTERM, on_stop, broker);

	if (r >= 0)
		r = sd_event_add_signal(broker->event, NULL, SIGINT, on_stop, broker);
	return r < 0 ? r : sd_event_add_signal(broker->event, NULL, SIGHUP, on_reload, broker);
}

/* A camera that cannot be registered is kept out and keeps nobody else out. */
static void open_camera(struct broker *broker, const struct options_camera *option,
			struct intake **ret)
{
	struct camera *camera;
	int r = camera_register(broker, option->name, &camera);

	if (r < 0)
		close_fd(option->fd);
	else
		r = intake_new_inherited(broker, option->fd, camera, ret);
	if (r < 0)
		log_error("camera %s is kept out: %s", option->name, strerror(-r));
}

static int open_units(struct broker *broker, struct intakes *intakes)
{
	int r = intake_unit_open(broker, &intakes->units);

	if (r < 0)
		log_error("the sockets of camward.socket are of no use: %s", strerror(-r));
	return r;
}

static int open_intakes(struct broker *broker, const struct options *options,
			struct intakes *intakes)
{
	for (size_t i = 0; i < options->n_cameras; i++)
		open_camera(broker, &options->cameras[i], &intakes->cameras[i]);
	if (options->gate >= 0)
		return intake_new_inherited(broker, options->gate, NULL, &intakes->gate);
	return open_units(broker, intakes);
}

/* Nobody is kept from watching because nobody counts. */
static void open_metrics(struct broker *broker, const char *path, struct intakes *intakes)
{
	int r = path ? metrics_socket_open(broker, path, &intakes->metrics) : 0;

	if (r < 0)
		log_error("%s: %s: the numbers are not to be had there", path, strerror(-r));
}

static void close_intakes(struct intakes *intakes)
{
	for (size_t i = 0; i < ARRAY_SIZE(intakes->cameras); i++)
		intake_free(intakes->cameras[i]);
	intake_free(intakes->gate);
	intake_unit_free(intakes->units);
	metrics_socket_close(intakes->metrics);
}

static int serve(struct broker *broker)
{
	_cleanup_(bus_closep) struct bus *bus = NULL;
	int r = bus_open(broker, &bus);

	if (r < 0) {
		log_error("the bus: %s", bus_open_error_text(r));
		return r;
	}
	/* Not before: its first sign of life would start systemd's clock, and a great database
	 * takes longer to open than WatchdogSec= allows. */
	r = sd_event_set_watchdog(broker->event, true);
	if (r < 0)
		return r;
	(void)sd_notify(0, "READY=1");
	r = sd_event_loop(broker->event);
	if (r != 0 && !broker->stopping)
		log_error("the loop has ended: %s", r < 0 ? strerror(-r) : "the bus is lost");
	/* While the bus is still there, for the replies that waited for the disk. */
	broker_end(broker);
	return r;
}

static int run(const struct options *options)
{
	const struct broker_options memory = {
		.state_directory = options->state_directory,
		.config_directory = options->config_directory,
		.watching_directory = options->watching_directory,
	};
	struct intakes intakes = {};
	struct broker broker = {};
	sd_event *event = NULL;
	int r = open_loop(&event);

	if (r >= 0)
		r = broker_open(&broker, event, &memory);
	if (r >= 0)
		r = add_signals(&broker);
	if (r >= 0)
		r = open_intakes(&broker, options, &intakes);
	if (r >= 0)
		open_metrics(&broker, options->metrics_socket, &intakes);
	if (r >= 0)
		r = serve(&broker);
	close_intakes(&intakes);
	if (broker.event)
		broker_close(&broker);
	sd_event_unref(event);
	return r;
}

int main(int argc, char *argv[])
{
	struct options options;
	int r;

	log_open("camwardd");
	event_open();
	switch (options_parse(argc, argv, &options)) {
	case OPTIONS_DONE:
		return EXIT_SUCCESS;
	case OPTIONS_WRONG:
		return EXIT_USAGE;
	case OPTIONS_RUN:
		break;
	}
	fault_announce();
	r = harden();
	if (r < 0)
		log_error("cannot harden this process: %s", strerror(-r));
	else
		r = run(&options);
	return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
