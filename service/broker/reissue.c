// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/reissue.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/event.h"
#include "base/log.h"
#include "broker/addresses.h"
#include "broker/broker.h"
#include "broker/gate-link.h"

#define TIMER_ACCURACY (100 * USEC_PER_MSEC)

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
	reissue->looks -= reissue->looks > 0;
	return arm(reissue, reissue->looks ? REISSUE_PAUSE : REISSUE_INTERVAL);
}

/* News without end cannot put off the moment that is set. */
static int on_news(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct reissue *reissue = &((struct broker *)userdata)->reissue;
	int r = 0;

	addresses_forget(fd);
	if (!reissue->looks)
		r = arm(reissue, REISSUE_PAUSE);
	reissue->looks = REISSUE_LOOKS;
	return r;
}

static int open_news(struct broker *broker)
{
	int fd = addresses_watch(), r;

	if (fd < 0)
		return fd;
	r = sd_event_add_io(broker->event, &broker->reissue.news, fd, EPOLLIN, on_news, broker);
	if (r < 0) {
		close_fd(fd);
		return r;
	}
	r = sd_event_source_set_io_fd_own(broker->reissue.news, true);
	return r < 0 ? r
		     : sd_event_source_set_priority(broker->reissue.news, BROKER_PRIORITY_SESSION);
}

int reissue_open(struct broker *broker)
{
	sd_event_source **timer = &broker->reissue.timer;
	int r = sd_event_add_time(broker->event, timer, CLOCK_MONOTONIC,
				  clock_monotonic() + REISSUE_INTERVAL, TIMER_ACCURACY, on_timer,
				  broker);

	if (r >= 0)
		r = sd_event_source_set_priority(*timer, BROKER_PRIORITY_SESSION);
	if (r < 0)
		return r;
	r = open_news(broker);
	if (r < 0)
		log_error("new addresses are noticed within an hour only: %s", strerror(-r));
	return 0;
}

void reissue_close(struct broker *broker)
{
	broker->reissue.timer = sd_event_source_disable_unref(broker->reissue.timer);
	broker->reissue.news = sd_event_source_disable_unref(broker->reissue.news);
}
