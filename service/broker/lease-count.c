// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/lease-count.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "broker/broker.h"
#include "broker/camera.h"

/* Bytes that are no frames and not yet counted: the handshake, answers before the lease. */
#define SLACK 65536

static uint64_t load(const _Atomic uint64_t *value)
{
	uint64_t v = atomic_load_explicit(value, memory_order_acquire);

	return v <= INT64_MAX ? v : INT64_MAX;
}

static uint64_t add(uint64_t a, uint64_t b)
{
	return a + b <= INT64_MAX ? a + b : INT64_MAX;
}

void lease_count(const struct lease *lease, struct lease_counts *ret)
{
	struct session_counters *page = lease->counters;
	uint64_t done;

	*ret = (struct lease_counts){.sound = true};
	if (!page)
		return;
	/* done before intent: a running session raises them in the other order. */
	done = load(&page->done);
	ret->intent = load(&page->intent);
	ret->done = done < ret->intent ? done : ret->intent;
	ret->offered = ret->done;
	for (size_t i = 0; i < SESSION_N_SKIP_REASONS; i++) {
		ret->skipped[i] = load(&page->skipped[i]);
		ret->offered = add(ret->offered, ret->skipped[i]);
	}
	ret->first_sequence = load(&page->first_sequence);
	ret->last_sequence = load(&page->last_sequence);
	/* The page's own sum proves nothing: one killed before it raised that is honest. */
	ret->sound = done <= ret->intent && ret->intent - done <= 1;
}

int lease_count_bytes(const struct lease *lease, struct tcp_bytes *ret)
{
	int fd = lease->session ? lease->session->socket : lease->socket;

	*ret = (struct tcp_bytes){};
	return fd >= 0 ? tcp_count(fd, ret) : -EBADF;
}

/* What the session says that it has written to the connection, at the most. */
static uint64_t claimed_bytes(const struct session_counters *page, uint64_t intent)
{
	uint64_t bytes = load(&page->wire_bytes), end = 0;

	if (intent)
		end = load(&page->wire_end[(intent - 1) % SESSION_COUNTERS_FRAMES]);
	return end > bytes ? end : bytes;
}

/* A session that was taken over may write anything into its page. What cannot be: more on the wire
 * than it says, more than was permitted, less than once before. */
static bool is_impossible(const struct lease *lease, uint64_t intent, uint64_t done,
			  const struct tcp_bytes *bytes)
{
	return done > intent || intent > lease->reserved || done < lease->checkpoint ||
	       (bytes && bytes->sent > claimed_bytes(lease->counters, intent) + SLACK);
}

static bool contradicts(const struct lease *lease, const struct lease_counts *counts,
			const struct tcp_bytes *bytes)
{
	return !counts->sound || lease->overdrawn ||
	       is_impossible(lease, counts->intent, counts->done, bytes);
}

bool lease_count_lies(const struct lease *lease)
{
	struct tcp_bytes bytes;
	/* Before the page, which claims all that was sent until it is read. */
	bool known = lease_count_bytes(lease, &bytes) == 0;
	uint64_t done, intent;

	if (!lease->counters)
		return false;
	done = load(&lease->counters->done);
	intent = load(&lease->counters->intent);
	return is_impossible(lease, intent, done, known ? &bytes : NULL);
}

/* How many frames stand whole under the bytes that the viewer has acknowledged. */
static uint64_t count_frames(const struct lease *lease, uint64_t done, uint64_t acked)
{
	struct session_counters *page = lease->counters;

	if (!page)
		return 0;
	for (uint64_t n = done; n > 0 && done - n < SESSION_COUNTERS_FRAMES; n--)
		if (load(&page->wire_end[(n - 1) % SESSION_COUNTERS_FRAMES]) <= acked)
			return n;
	return 0;
}

void lease_fill_integration(const struct broker *broker, struct ledger_event *event)
{
	const struct client *client = policy_find_client(broker->policy, event->client);

	if (client)
		snprintf(event->integration, sizeof(event->integration), "%s", client->integration);
}

void lease_note_integration(struct lease *lease)
{
	const struct client *client = policy_find_client(lease->broker->policy, lease->client);

	if (client)
		snprintf(lease->integration, sizeof(lease->integration), "%s", client->integration);
}

uint64_t lease_count_low(const struct lease *lease, uint64_t done, const struct tcp_bytes *bytes)
{
	uint64_t acknowledged;

	if (!lease->subscription)
		return bytes ? count_frames(lease, done, bytes->acked) : 0;
	acknowledged = lease->counters ? load(&lease->counters->acknowledged) : 0;
	return acknowledged < done ? acknowledged : done;
}

void lease_fill_event(const struct lease *lease, struct ledger_event *event)
{
	*event = (struct ledger_event){
		.lease = lease->id,
		.grant = lease->grant,
		.right = lease->right,
		.stream = lease->began,
		.protocol = lease->protocol,
		.port = lease->peer.port,
		.epoch = lease->epoch,
	};
	snprintf(event->client, sizeof(event->client), "%s", lease->client);
	snprintf(event->integration, sizeof(event->integration), "%s", lease->integration);
	snprintf(event->camera, sizeof(event->camera), "%s", lease->camera->name);
	memcpy(event->camera_uuid, lease->camera->uuid, UUID_SIZE);
	memcpy(event->peer, lease->peer.address, sizeof(event->peer));
}

void lease_fill_counts(const struct lease *lease, const struct tcp_bytes *bytes,
		       struct ledger_event *event)
{
	struct lease_counts counts;

	lease_count(lease, &counts);
	event->offered = counts.offered;
	event->delivered = counts.done;
	memcpy(event->skipped, counts.skipped, sizeof(event->skipped));
	event->first_sequence = counts.first_sequence;
	event->last_sequence = counts.last_sequence;
	event->frames_high = counts.intent;
	/* Of one that was never granted nothing is vague; a local subscriber has no bytes. */
	event->uncertain = lease->counters && !bytes && !lease->subscription;
	event->lied = lease->counters && contradicts(lease, &counts, bytes);
	event->frames_low = lease_count_low(lease, counts.done, bytes);
	if (!bytes)
		return;
	event->bytes_acked = bytes->acked;
	event->bytes_sent = bytes->sent;
}
