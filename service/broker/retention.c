// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/retention.h"

#include <string.h>

#include "base/event.h"
#include "base/log.h"
#include "broker/broker.h"
#include "broker/settings-service.h"

#define TIMER_ACCURACY (10 * USEC_PER_SEC)
#define USEC_PER_DAY   (UINT64_C(86400) * USEC_PER_SEC)

static void find_events(struct broker *broker);
static void erase_addresses(struct broker *broker);

static void finish(struct broker *broker, int error)
{
	broker->retention.running = false;
	if (error < 0 && error != -ESHUTDOWN)
		log_error("the ledger is not cleared of what is old: %s", strerror(-error));
}

static void on_head(void *userdata, int error)
{
	struct broker *broker = userdata;
	struct retention *r = &broker->retention;
	const struct ledger_chain_point *head = &r->ends.head;
	uint8_t signature[SEAL_SIGNATURE_SIZE];
	char hash[2 * sizeof(head->hash) + 1], signed_text[2 * sizeof(signature) + 1];

	if (error == 0 && head->seq && head->seq != r->told)
		error = seal_root_sign_ledger(broker->seal_root, LEDGER_CHAIN_CONTEXT_HEAD, head,
					      signature);
	if (error == 0 && head->seq && head->seq != r->told) {
		format_hex(head->hash, sizeof(head->hash), hash);
		format_hex(signature, sizeof(signature), signed_text);
		event_log(LOG_INFO, EVENT_LEDGER_HEAD, NULL, "ledger head %lu %s %lu %s",
			  (unsigned long)head->seq, hash, (unsigned long)head->realtime,
			  signed_text);
		r->told = head->seq;
	}
	finish(broker, error);
}

static void tell_head(struct broker *broker)
{
	int r = ledger_page_read_ends(broker->store, &broker->retention.ends, on_head, broker);

	if (r < 0)
		finish(broker, r);
}

static void on_erased(void *userdata, int error)
{
	struct broker *broker = userdata;

	if (error < 0)
		finish(broker, error);
	else if (broker->retention.n_erased == LEDGER_PRUNE_ROWS)
		erase_addresses(broker);
	else
		tell_head(broker);
}

static void erase_addresses(struct broker *broker)
{
	struct retention *retention = &broker->retention;
	int r = ledger_prune_peers(broker->store, retention->addresses_before, &retention->n_erased,
				   on_erased, broker);

	if (r < 0)
		finish(broker, r);
}

/* There may be more. */
static void on_pruned(void *userdata, int error)
{
	if (error < 0)
		finish(userdata, error);
	else
		find_events(userdata);
}

static void on_found(void *userdata, int error)
{
	struct broker *broker = userdata;
	struct ledger_anchor anchor = {.point = broker->retention.point};

	if (error == 0 && !anchor.point.seq) {
		erase_addresses(broker);
		return;
	}
	if (error == 0)
		error = seal_root_sign_ledger(broker->seal_root, LEDGER_CHAIN_CONTEXT_ANCHOR,
					      &anchor.point, anchor.signature);
	if (error == 0)
		error = ledger_prune(broker->store, &anchor, on_pruned, broker);
	if (error < 0)
		finish(broker, error);
}

static void find_events(struct broker *broker)
{
	struct retention *retention = &broker->retention;
	int r = ledger_prune_find(broker->store, retention->events_before, &retention->point,
				  on_found, broker);

	if (r < 0)
		finish(broker, r);
}

static uint64_t days_ago(uint64_t now, uint32_t days)
{
	return days && now > days * USEC_PER_DAY ? now - days * USEC_PER_DAY : 0;
}

static int load(struct broker *broker)
{
	struct retention *retention = &broker->retention;
	struct service_settings settings;
	/* By a clock that is not set everything, or nothing, is old. */
	uint64_t now = broker_clock_is_set() ? clock_realtime() : 0;
	int r = reload_service(broker, &settings);

	if (r < 0)
		return r;
	retention->events_before = days_ago(now, settings.events_days);
	retention->addresses_before = days_ago(now, settings.addresses_days);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t when, void *userdata)
{
	struct broker *broker = userdata;

	sd_event_source_set_time(source, clock_monotonic() + RETENTION_INTERVAL);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	if (broker->retention.running || load(broker) < 0)
		return 0;
	broker->retention.running = true;
	find_events(broker);
	return 0;
}

int retention_open(struct broker *broker)
{
	sd_event_source **timer = &broker->retention.timer;
	int r = sd_event_add_time(broker->event, timer, CLOCK_MONOTONIC, 0, TIMER_ACCURACY,
				  on_timer, broker);

	return r < 0 ? r : sd_event_source_set_priority(*timer, BROKER_PRIORITY_SESSION);
}

void retention_close(struct broker *broker)
{
	broker->retention.timer = sd_event_source_disable_unref(broker->retention.timer);
}
