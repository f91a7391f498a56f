// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/reissue.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/cleanup.h"
#include "base/event.h"
#include "base/log.h"
#include "broker/addresses.h"
#include "broker/broker.h"
#include "broker/gate-link.h"

#define TIMER_ACCURACY (100 * USEC_PER_MSEC)

/* Where the kernel tells of a new name (proc_sys_poll()), and where the unit has bound that, as its
 * processes have no /proc/sys (ProcSubset=pid). */
#define HOST_FILE  "/proc/sys/kernel/hostname"
#define HOST_BOUND "/run/camward/hostname"

/* It is issued again at the next start. */
static void on_saved(void *userdata, int error)
{
	if (error < 0)
		log_error("the server's new certificate is not on the disk: %s", strerror(-error));
}

static void spread(struct broker *broker)
{
	struct gate *gate;
	int r = store_write_certificate(broker->store, tls_identity_server(broker->identity),
					on_saved, broker);

	if (r < 0)
		on_saved(broker, r);
	list_for_each (gate, &broker->gates, list) {
		r = gate_send_server(gate);
		if (r < 0)
			log_error("the gate is not told of the new certificate: %s", strerror(-r));
	}
	event_log(LOG_NOTICE, EVENT_CERTIFICATE_RENEWED, NULL,
		  "the server's certificate was issued anew; its key is still sha256/%s",
		  tls_identity_spki_sha256(broker->identity));
	observe(broker, certificate_changed);
}

static void look(struct broker *broker)
{
	int r = tls_identity_refresh(broker->identity, clock_realtime());

	if (r < 0)
		log_error("the server's certificate stays as it is: %s", strerror(-r));
	else if (r > 0)
		spread(broker);
}

static void look_at_host(struct broker *broker)
{
	char host[TLS_NAME_TEXT_SIZE];

	tls_names_host(host);
	if (strcmp(host, broker->reissue.host) == 0)
		return;
	strcpy(broker->reissue.host, host);
	observe(broker, host_renamed);
}

static int arm(struct reissue *reissue, uint64_t pause)
{
	int r = sd_event_source_set_time(reissue->timer, clock_monotonic() + pause);

	return r < 0 ? r : sd_event_source_set_enabled(reissue->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source, uint64_t when, void *userdata)
{
	struct broker *broker = userdata;
	struct reissue *reissue = &broker->reissue;

	look(broker);
	look_at_host(broker);
	reissue->looks -= reissue->looks > 0;
	return arm(reissue, reissue->looks ? REISSUE_PAUSE : REISSUE_INTERVAL);
}

/* News without end cannot put off the moment that is set. */
int reissue_soon(struct broker *broker)
{
	struct reissue *reissue = &broker->reissue;
	int r = 0;

	if (!reissue->looks)
		r = arm(reissue, REISSUE_PAUSE);
	reissue->looks = REISSUE_LOOKS;
	return r;
}

static int on_address(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	addresses_forget(fd);
	return reissue_soon(userdata);
}

/* To have asked for it is to have taken it: there is nothing to read. */
static int on_host(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	return reissue_soon(userdata);
}

/* Takes fd. */
static int watch(struct broker *broker, sd_event_source **source, int fd, uint32_t events,
		 sd_event_io_handler_t handler)
{
	int r;

	if (fd < 0)
		return fd;
	r = sd_event_add_io(broker->event, source, fd, events, handler, broker);
	if (r < 0) {
		close_fd(fd);
		return r;
	}
	r = sd_event_source_set_io_fd_own(*source, true);
	return r < 0 ? r : sd_event_source_set_priority(*source, BROKER_PRIORITY_SESSION);
}

static int open_host(void)
{
	int fd = open(HOST_FILE, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fd = open(HOST_BOUND, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int reissue_open(struct broker *broker)
{
	struct reissue *reissue = &broker->reissue;
	int r = sd_event_add_time(broker->event, &reissue->timer, CLOCK_MONOTONIC,
				  clock_monotonic() + REISSUE_INTERVAL, TIMER_ACCURACY, on_timer,
				  broker);

	if (r >= 0)
		r = sd_event_source_set_priority(reissue->timer, BROKER_PRIORITY_SESSION);
	if (r < 0)
		return r;
	tls_names_host(reissue->host);
	r = watch(broker, &reissue->addresses, addresses_watch(), EPOLLIN, on_address);
	if (r < 0)
		log_error("new addresses are noticed within an hour only: %s", strerror(-r));
	r = watch(broker, &reissue->host_name, open_host(), EPOLLPRI, on_host);
	if (r < 0)
		log_error("a new host name is noticed within an hour only: %s", strerror(-r));
	return 0;
}

void reissue_close(struct broker *broker)
{
	struct reissue *reissue = &broker->reissue;

	reissue->timer = sd_event_source_disable_unref(reissue->timer);
	reissue->addresses = sd_event_source_disable_unref(reissue->addresses);
	reissue->host_name = sd_event_source_disable_unref(reissue->host_name);
}
