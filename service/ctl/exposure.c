// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who has received how many frames of what: the ledger's events as an answer. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "ctl/bus.h"
#include "ctl/check.h"
#include "ctl/ledger-read.h"
#include "ctl/objects.h"
#include "ctl/table.h"
#include "ctl/text.h"
#include "ctl/verbs.h"
#include "dbus/names.h"

/* As in broker/ledger.h: kinds, and a bound that nobody knows. */
enum kind {
	KIND_OPENED = 1,
	KIND_CLOSED = 2,
	KIND_DENIED = 3,
	KIND_STILL = 4,
	KIND_TRIPWIRE = 5,
};
#define UNKNOWN ((uint64_t)INT64_MAX)

#define CELL_SIZE 96

struct exposure {
	struct ledger_filter filter;
	struct json_object *deliveries, *running, *denials, *tripwires; /* owned */
	struct json_object *open; /* owned; lease: its OPENED event, until CLOSED comes */
	uint64_t frames_low, frames_high;
	uint64_t n_uncertain, n_denied;
	const char *unknown; /* "camera": there is none of the name that was given now */
};

static void release(struct exposure *e)
{
	json_object_put(e->deliveries);
	json_object_put(e->running);
	json_object_put(e->denials);
	json_object_put(e->tripwires);
	json_object_put(e->open);
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
	if (frames >= UNKNOWN)
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
	e->frames_high = high >= UNKNOWN - e->frames_high ? UNKNOWN : e->frames_high + high;
}

static void add_delivery(struct exposure *e, const struct json_object *event)
{
	struct json_object *record = json_object_new_object();
	uint64_t low = json_number(event, "frames_low"), high = json_number(event, "frames_high"),
		 exposed = json_number(event, "exposed");

	set_who(record, event);
	json_set_number(record, "lease", json_number(event, "lease"));
	json_set_time(record, "from", json_number(event, "since"));
	json_set_time(record, "to", json_number(event, "realtime"));
	json_set_number(record, "frames_low", low);
	set_frames(record, "frames_high", high);
	set_sequence(record, "first_frame", json_number(event, "first_sequence"));
	set_sequence(record, "last_frame", json_number(event, "last_sequence"));
	set_frames(record, "exposed", exposed ? exposed : UNKNOWN);
	json_set(record, "uncertain",
		 json_object_new_boolean(json_number(event, "uncertain") != 0));
	e->n_uncertain += json_number(event, "uncertain") != 0;
	add_frames(e, low, high);
	json_object_array_add(e->deliveries, record);
}

/* event: its OPENED one; NULL: it has ended, or is known to run. */
static void note_open(struct exposure *e, uint64_t lease, struct json_object *event)
{
	char key[24];

	snprintf(key, sizeof(key), "%llu", (unsigned long long)lease);
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
				: UNKNOWN;

	set_who(record, event);
	json_set_text(record, "reason", "its end is not written yet");
	json_set_number(record, "lease", json_number(event, "lease"));
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
		note_open(e, json_number(lease, "id"), NULL);
		if (!is_wanted(e, lease))
			continue;
		add_frames(e, 0, json_number(lease, "delivered") + 1);
		json_object_array_add(e->running, json_object_get(lease));
	}
	add_all_unwritten(e);
	return 0;
}

static void cell_frames(struct table *table, const struct json_object *delivery)
{
	unsigned long long low = json_number(delivery, "frames_low"),
			   high = json_number(delivery, "frames_high");
	const char *mark = json_true(delivery, "uncertain") ? " *" : "";

	if (!json_member(delivery, "frames_high"))
		table_cell(table, "%llu or more%s", low, mark);
	else if (low == high)
		table_cell(table, "%llu%s", low, mark);
	else
		table_cell(table, "%llu-%llu%s", low, high, mark);
}

static const char *address_of(const struct json_object *record)
{
	return json_member(record, "address") ? json_text(record, "address") : "(erased)";
}

static void add_running_rows(struct table *table, const struct exposure *e)
{
	char when[WHEN_STRING_SIZE];

	for (size_t i = 0; i < json_count(e->running); i++) {
		const struct json_object *lease = json_at(e->running, i);

		table_cell(table, "%s", objects_when(lease, "since", "-", when));
		table_cell(table, "now");
		table_cell(table, "%s", json_text(lease, "client"));
		table_cell(table, "%s", json_text(lease, "camera"));
		table_cell(table, "%llu so far",
			   (unsigned long long)json_number(lease, "delivered"));
		table_cell(table, "%s", json_text(lease, "peer"));
		table_cell(table, "is watching");
	}
}

static int print_deliveries(const struct exposure *e)
{
	static const char *const titles[] = {"FROM",   "TO",      "CLIENT", "CAMERA",
					     "FRAMES", "ADDRESS", "ENDED",  NULL};
	_cleanup_(table_freep) struct table *table = table_new(titles);
	char when[WHEN_STRING_SIZE];

	if (!table)
		return ctl_out_of_memory();
	for (size_t i = 0; i < json_count(e->deliveries); i++) {
		const struct json_object *delivery = json_at(e->deliveries, i);

		table_cell(table, "%s", objects_when(delivery, "from", "-", when));
		table_cell(table, "%s", objects_when(delivery, "to", "-", when));
		table_cell(table, "%s", json_text(delivery, "client"));
		table_cell(table, "%s", json_text(delivery, "camera"));
		cell_frames(table, delivery);
		table_cell(table, "%s", address_of(delivery));
		table_cell(table, "%s", json_text(delivery, "reason"));
	}
	add_running_rows(table, e);
	return table_print(table);
}

static int print_denials(const struct exposure *e)
{
	static const char *const titles[] = {"DENIED",  "TIMES",  "CLIENT", "CAMERA",
					     "ADDRESS", "REASON", NULL};
	_cleanup_(table_freep) struct table *table = NULL;
	char when[WHEN_STRING_SIZE];

	if (!json_count(e->denials))
		return 0;
	table = table_new(titles);
	if (!table)
		return ctl_out_of_memory();
	for (size_t i = 0; i < json_count(e->denials); i++) {
		const struct json_object *denial = json_at(e->denials, i);

		table_cell(table, "%s", objects_when(denial, "to", "-", when));
		table_cell(table, "%llu", (unsigned long long)json_number(denial, "count"));
		table_cell(table, "%s", json_text(denial, "client"));
		table_cell(table, "%s", json_text(denial, "camera"));
		table_cell(table, "%s", address_of(denial));
		table_cell(table, "%s", json_text(denial, "reason"));
	}
	putchar('\n');
	return table_print(table);
}

static void print_sum(const struct exposure *e)
{
	size_t n = json_count(e->deliveries) + json_count(e->running);

	printf("\n%zu deliver%s, ", n, n == 1 ? "y" : "ies");
	if (e->frames_high >= UNKNOWN)
		printf("%llu frames or more", (unsigned long long)e->frames_low);
	else if (e->frames_low == e->frames_high)
		printf("%llu frame%s", (unsigned long long)e->frames_low,
		       TEXT_PLURAL(e->frames_low));
	else
		printf("between %llu and %llu frames", (unsigned long long)e->frames_low,
		       (unsigned long long)e->frames_high);
	printf("; %llu denied.\n", (unsigned long long)e->n_denied);
	if (e->n_uncertain)
		printf("* Uncertain: %llu ended by a crash or a power cut, or by a session that "
		       "did not count as it should,\n  or its end is not on disk yet; the true "
		       "number "
		       "lies between the two.\n",
		       (unsigned long long)e->n_uncertain);
	if (json_count(e->tripwires))
		printf("%zu time%s a session was about to get another camera's pictures and was "
		       "stopped.\n",
		       json_count(e->tripwires), TEXT_PLURAL(json_count(e->tripwires)));
}

static int print_text(const struct exposure *e)
{
	int r;

	if (!json_count(e->deliveries) && !json_count(e->running) && !json_count(e->denials)) {
		printf("Nobody: no delivery and no denial in that time.\n");
		if (e->unknown)
			printf("There is no %s of that name now: look how it is written.\n",
			       e->unknown);
		return 0;
	}
	r = print_deliveries(e);
	if (!r)
		r = print_denials(e);
	if (!r)
		print_sum(e);
	return r;
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
	};
	int r = read_filter(ctl, args, &e.filter);

	if (!r)
		r = ledger_read_events(ctl, &e.filter, take, &e);
	if (!r)
		r = add_running(ctl, &e);
	if (!r)
		r = ctl->json ? print_json(&e) : print_text(&e);
	release(&e);
	return r;
}
