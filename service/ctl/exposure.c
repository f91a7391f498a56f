// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who has received how many frames of what: the ledger's events as an answer. */
#include "ctl/exposure.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "ctl/bus.h"
#include "ctl/check.h"
#include "ctl/objects.h"
#include "ctl/verbs.h"
#include "dbus/names.h"

/* As in broker/ledger.h. */
enum kind {
	KIND_OPENED = 1,
	KIND_CLOSED = 2,
	KIND_DENIED = 3,
	KIND_STILL = 4,
	KIND_TRIPWIRE = 5,
	KIND_SWITCHED = 6,
};

#define LEASE_KEY_SIZE 24
static const char *lease_key(uint64_t lease, char key[LEASE_KEY_SIZE])
{
	snprintf(key, LEASE_KEY_SIZE, "%llu", (unsigned long long)lease);
	return key;
}

static void release(struct exposure *e)
{
	json_object_put(e->deliveries);
	json_object_put(e->running);
	json_object_put(e->denials);
	json_object_put(e->tripwires);
	json_object_put(e->open);
	json_object_put(e->switches);
}

/* "192.0.2.1", "user 1000" (broker/ledger.h), null: erased or none. */
static struct json_object *read_address(const struct json_object *event)
{
	uint8_t bytes[16];
	char text[INET6_ADDRSTRLEN];
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}, none[12];
	uint32_t user;
	bool is_4;

	if (parse_hex(json_text(event, CAMWARD_LEDGER_ADDRESS), bytes, sizeof(bytes)) < 0)
		return NULL;
	if (json_number(event, "protocol") == 0 && !memcmp(bytes, none, sizeof(none))) {
		memcpy(&user, bytes + sizeof(none), sizeof(user));
		snprintf(text, sizeof(text), "user %u", ntohl(user));
		return json_object_new_string(text);
	}
	is_4 = !memcmp(bytes, mapped, sizeof(mapped));
	if (!inet_ntop(is_4 ? AF_INET : AF_INET6, is_4 ? bytes + 12 : bytes, text, sizeof(text)))
		return NULL;
	return json_object_new_string(text);
}

static void set_who(struct json_object *record, const struct json_object *event)
{
	json_set_text(record, "client", json_text(event, "client"));
	json_set_text(record, "integration", json_text(event, "integration"));
	json_set_text(record, "camera", json_text(event, "camera"));
	json_set(record, "address", read_address(event));
	json_set_text(record, "reason", json_text(event, "reason"));
	json_set_number(record, "event", json_number(event, "seq"));
}

static void set_frames(struct json_object *record, const char *key, uint64_t frames)
{
	if (frames >= EXPOSURE_UNKNOWN)
		json_set(record, key, NULL);
	else
		json_set_number(record, key, frames);
}

/* Sequences stand in the ledger + 1. */
static void set_sequence(struct json_object *record, const char *key, uint64_t sequence)
{
	if (sequence)
		json_set_number(record, key, sequence - 1);
	else
		json_set(record, key, NULL);
}

static void add_frames(struct exposure *e, uint64_t low, uint64_t high)
{
	e->frames_low += low;
	e->frames_high = high >= EXPOSURE_UNKNOWN - e->frames_high ? EXPOSURE_UNKNOWN
								   : e->frames_high + high;
}

static const char *stream_of(const struct json_object *event)
{
	return json_number(event, "stream") ? "sub" : "main";
}

/* A lease may get another stream from now on. */
static void note_switch(struct exposure *e, const struct json_object *event)
{
	const char *key = lease_key(json_number(event, "lease"), (char[LEASE_KEY_SIZE]){});
	struct json_object *list = json_member(e->switches, key),
			   *record = json_object_new_object();

	if (!list) {
		list = json_object_new_array();
		json_set(e->switches, key, list);
	}
	json_set_time(record, "time", json_number(event, "realtime"));
	json_set_text(record, "stream", stream_of(event));
	json_object_array_add(list, record);
}

/* All that were noted of it, and no more of them. */
static void set_switches(struct exposure *e, struct json_object *record, uint64_t lease)
{
	const char *key = lease_key(lease, (char[LEASE_KEY_SIZE]){});
	struct json_object *list = json_member(e->switches, key);

	json_set(record, "switches", list ? json_object_get(list) : json_object_new_array());
	json_object_object_del(e->switches, key);
}

static void add_delivery(struct exposure *e, const struct json_object *event)
{
	struct json_object *record = json_object_new_object();
	uint64_t low = json_number(event, "frames_low"), high = json_number(event, "frames_high"),
		 exposed = json_number(event, "exposed");

	set_who(record, event);
	json_set_number(record, "lease", json_number(event, "lease"));
	json_set_text(record, "stream", stream_of(event));
	set_switches(e, record, json_number(event, "lease"));
	json_set_time(record, "from", json_number(event, "since"));
	json_set_time(record, "to", json_number(event, "realtime"));
	json_set_number(record, "frames_low", low);
	set_frames(record, "frames_high", high);
	set_sequence(record, "first_frame", json_number(event, "first_sequence"));
	set_sequence(record, "last_frame", json_number(event, "last_sequence"));
	set_frames(record, "exposed", exposed ? exposed : EXPOSURE_UNKNOWN);
	json_set(record, "uncertain",
		 json_object_new_boolean(json_number(event, "uncertain") != 0));
	e->n_uncertain += json_number(event, "uncertain") != 0;
	add_frames(e, low, high);
	json_object_array_add(e->deliveries, record);
}

/* event: its OPENED one; NULL: it has ended, or is known to run. */
static void note_open(struct exposure *e, uint64_t lease, struct json_object *event)
{
	const char *key = lease_key(lease, (char[LEASE_KEY_SIZE]){});

	if (event)
		json_object_object_add(e->open, key, json_object_get(event));
	else
		json_object_object_del(e->open, key);
}

/* It ended a moment ago, or the disk does not take the end: the reservation bounds it. */
static void add_unwritten(struct exposure *e, const struct json_object *event)
{
	struct json_object *record = json_object_new_object();
	uint64_t low = json_number(event, CAMWARD_LEDGER_LOW),
		 high = json_member(event, CAMWARD_LEDGER_HIGH)
				? json_number(event, CAMWARD_LEDGER_HIGH)
				: EXPOSURE_UNKNOWN;

	set_who(record, event);
	json_set_text(record, "reason", "its end is not written yet");
	json_set_number(record, "lease", json_number(event, "lease"));
	json_set_text(record, "stream", stream_of(event));
	set_switches(e, record, json_number(event, "lease"));
	json_set_time(record, "from", json_number(event, "realtime"));
	json_set(record, "to", NULL);
	json_set_number(record, "frames_low", low);
	set_frames(record, "frames_high", high);
	json_set(record, "first_frame", NULL);
	json_set(record, "last_frame", NULL);
	json_set(record, "exposed", NULL);
	json_set(record, "uncertain", json_object_new_boolean(true));
	e->n_uncertain++;
	add_frames(e, low, high);
	json_object_array_add(e->deliveries, record);
}

static void add_denial(struct exposure *e, const struct json_object *event)
{
	struct json_object *record = json_object_new_object();
	uint64_t count = json_number(event, "count");

	set_who(record, event);
	json_set_time(record, "from", json_number(event, "since"));
	json_set_time(record, "to", json_number(event, "realtime"));
	json_set_number(record, "count", count);
	e->n_denied += count;
	json_object_array_add(e->denials, record);
}

static void add_tripwire(struct exposure *e, const struct json_object *event)
{
	struct json_object *record = json_object_new_object();

	set_who(record, event);
	json_set_time(record, "time", json_number(event, "realtime"));
	json_object_array_add(e->tripwires, record);
}

static int take(void *userdata, struct json_object *event)
{
	switch (json_number(event, "kind")) {
	case KIND_OPENED:
		note_open(userdata, json_number(event, "lease"), event);
		break;
	case KIND_SWITCHED:
		note_switch(userdata, event);
		break;
	case KIND_CLOSED:
		note_open(userdata, json_number(event, "lease"), NULL);
		add_delivery(userdata, event);
		break;
	case KIND_STILL:
		add_delivery(userdata, event);
		break;
	case KIND_DENIED:
		add_denial(userdata, event);
		break;
	case KIND_TRIPWIRE:
		add_tripwire(userdata, event);
		break;
	default:
		break;
	}
	return 0;
}

static bool is_wanted(const struct exposure *e, const struct json_object *lease)
{
	const struct ledger_filter *f = &e->filter;
	uint64_t begun;

	if (f->until && when_parse(json_text(lease, "since"), 0, &begun) == 0 && begun >= f->until)
		return false;
	return (!f->camera || !strcmp(f->camera, json_text(lease, "camera"))) &&
	       (!f->client || !strcmp(f->client, json_text(lease, "client"))) &&
	       (!f->integration || !strcmp(f->integration, json_text(lease, "integration")));
}

static bool exists(const struct json_object *tree, const char *prefix, const char *interface,
		   const char *name)
{
	_cleanup_free_ char *path = NULL;

	return !bus_path(prefix, name, &path) && objects_find(tree, path, interface);
}

/* An answer about a misspelt name would reassure for nothing. */
static void look_names_up(struct exposure *e, const struct json_object *tree)
{
	const struct ledger_filter *f = &e->filter;

	if (f->camera && !exists(tree, CAMWARD_PATH_CAMERAS, CAMWARD_INTERFACE_CAMERA, f->camera))
		e->unknown = "camera";
	if (f->client && !exists(tree, CAMWARD_PATH_CLIENTS, CAMWARD_INTERFACE_CLIENT, f->client))
		e->unknown = "client";
}

static void add_all_unwritten(struct exposure *e)
{
	json_object_object_foreach(e->open, lease, event)
	{
		(void)lease;
		add_unwritten(e, event);
	}
}

/* Of a running lease: what it began with, as of the others, and then each change, also one that the
 * ledger did not tell of when it was read. */
static void set_streams(struct exposure *e, struct json_object *lease, uint64_t id)
{
	const struct json_object *opened =
		json_member(e->open, lease_key(id, (char[LEASE_KEY_SIZE]){}));
	struct json_object *switches, *record;
	size_t n;

	set_switches(e, lease, id);
	if (!opened) /* it has outlived what the ledger keeps: what it gets now is known */
		return;
	switches = json_member(lease, "switches");
	n = json_count(switches);
	if (!e->filter.until &&
	    strcmp(json_text(lease, "stream"),
		   n ? json_text(json_at(switches, n - 1), "stream") : stream_of(opened)) != 0) {
		record = json_object_new_object();
		json_set(record, "time", NULL);
		json_set_text(record, "stream", json_text(lease, "stream"));
		json_object_array_add(switches, record);
	}
	json_set_text(lease, "stream", stream_of(opened));
}

/* Of these the ledger has no last word yet. */
static int add_running(struct ctl *ctl, struct exposure *e)
{
	_cleanup_json_ struct json_object *tree = NULL, *leases = NULL;
	int r = objects_fetch(ctl, &tree);

	if (r)
		return r;
	look_names_up(e, tree);
	leases = objects_select(tree, CAMWARD_INTERFACE_LEASE);
	for (size_t i = 0; i < json_count(leases); i++) {
		struct json_object *lease = json_at(leases, i);
		uint64_t id = json_number(lease, "id");

		if (strcmp(json_text(lease, "state"), "asking") == 0) /* nothing is granted yet */
			continue;
		set_streams(e, lease, id);
		note_open(e, id, NULL);
		if (!is_wanted(e, lease))
			continue;
		add_frames(e, 0, json_number(lease, "delivered") + 1);
		json_object_array_add(e->running, json_object_get(lease));
	}
	add_all_unwritten(e);
	return 0;
}

static int print_json(const struct exposure *e)
{
	_cleanup_json_ struct json_object *record = json_object_new_object();

	json_set_time(record, "since", e->filter.since);
	json_set_time(record, "until", e->filter.until);
	json_set_number(record, "frames_low", e->frames_low);
	set_frames(record, "frames_high", e->frames_high);
	json_set_number(record, "uncertain", e->n_uncertain);
	json_set_number(record, "denied", e->n_denied);
	json_set(record, "deliveries", json_object_get(e->deliveries));
	json_set(record, "running", json_object_get(e->running));
	json_set(record, "denials", json_object_get(e->denials));
	json_set(record, "tripwires", json_object_get(e->tripwires));
	return json_print(record);
}

static int read_filter(struct ctl *ctl, const struct args *args, struct ledger_filter *f)
{
	int r = 0;

	f->camera = verb_option(ctl->verb, args, "--camera");
	f->client = verb_option(ctl->verb, args, "--client");
	f->integration = verb_option(ctl->verb, args, "--integration");
	if (!f->camera && !f->client && !f->integration)
		return ctl_misused(ctl->verb, "Say whose: --camera, --client or --integration.");
	if (f->camera)
		r = check_name(ctl, "camera", f->camera);
	if (!r && f->client)
		r = check_name(ctl, "client", f->client);
	if (!r && f->integration)
		r = check_name(ctl, "integration", f->integration);
	if (!r)
		r = check_time(ctl, args, "--since", &f->since);
	return r ? r : check_time(ctl, args, "--until", &f->until);
}

int exposure_run(struct ctl *ctl, const struct args *args)
{
	struct exposure e = {
		.filter.reservations = true,
		.deliveries = json_object_new_array(),
		.running = json_object_new_array(),
		.denials = json_object_new_array(),
		.tripwires = json_object_new_array(),
		.open = json_object_new_object(),
		.switches = json_object_new_object(),
	};
	int r = read_filter(ctl, args, &e.filter);

	if (!r)
		r = ledger_read_events(ctl, &e.filter, take, &e);
	if (!r)
		r = add_running(ctl, &e);
	if (!r)
		r = ctl->json ? print_json(&e) : exposure_print(&e);
	release(&e);
	return r;
}
