// SPDX-License-Identifier: LGPL-2.1-or-later
/* org.camward.Camward1.Manager: reading the ledger. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "broker/lease.h"
#include "broker/ledger-page.h"
#include "broker/ledger-row.h"
#include "dbus/errors.h"
#include "dbus/objects.h"
#include "dbus/options.h"

/* A call that waits for the store's thread. The bus outlives it: the store ends first. */
struct reading {
	struct bus *bus;
	sd_bus_message *call;
	struct ledger_page page;
	struct ledger_ends ends;
};

static struct reading *reading_new(struct bus *bus, sd_bus_message *call)
{
	struct reading *reading = calloc(1, sizeof(*reading));

	if (!reading)
		return NULL;
	reading->bus = bus;
	reading->call = sd_bus_message_ref(call);
	return reading;
}

static void reading_free(struct reading *reading)
{
	sd_bus_message_unref(reading->call);
	ledger_page_release(&reading->page);
	free(reading);
}

/* Sends the reply if it could be composed (r), an error otherwise. */
static void answer(struct reading *reading, sd_bus_message *reply, int r)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;

	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
	if (r < 0) {
		errors_set(&error, r, &(struct errors_about){});
		sd_bus_reply_method_error(reading->call, &error);
		sd_bus_error_free(&error);
	}
	sd_bus_message_unref(reply);
	reading_free(reading);
}

static int append_hex(sd_bus_message *m, const void *bytes, size_t size)
{
	_cleanup_free_ char *text = malloc(2 * size + 1);

	if (!text)
		return -ENOMEM;
	format_hex(bytes, size, text);
	return sd_bus_message_append_basic(m, 's', text);
}

static int append_value(sd_bus_message *m, const struct ledger_chain_value *value)
{
	switch (value->type) {
	case 'i':
		return sd_bus_message_append_basic(m, 'x', &value->integer);
	case 't':
		return sd_bus_message_append_basic(m, 's', value->bytes);
	default:
		return append_hex(m, value->bytes, value->size);
	}
}

static int append_member(sd_bus_message *m, const char *name,
			 const struct ledger_chain_value *value)
{
	int r = sd_bus_message_open_container(m, 'e', "sv");

	if (r >= 0)
		r = sd_bus_message_append_basic(m, 's', name);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', value->type == 'i' ? "x" : "s");
	if (r >= 0)
		r = append_value(m, value);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

/* While a lease is there its reservation grows: what was read of it is no bound. Of one that has
 * gone it is, for what was renewed after the page was read has permitted nothing yet. */
static bool bounds_hold(const struct bus *bus, const struct ledger_page_row *row)
{
	return !lease_find(bus->broker, (uint64_t)row->values[LEDGER_COLUMN_LEASE].integer);
}

static int append_row(sd_bus_message *m, const struct bus *bus, const struct ledger_page_row *row)
{
	static const char *const extra[LEDGER_PAGE_N_EXTRA] = {
		[LEDGER_PAGE_SALT] = CAMWARD_LEDGER_SALT,
		[LEDGER_PAGE_ADDRESS] = CAMWARD_LEDGER_ADDRESS,
		[LEDGER_PAGE_PORT] = CAMWARD_LEDGER_PORT,
		[LEDGER_PAGE_LOW] = CAMWARD_LEDGER_LOW,
		[LEDGER_PAGE_HIGH] = CAMWARD_LEDGER_HIGH,
	};
	size_t n = ledger_chain_n_columns +
		   (bounds_hold(bus, row) ? LEDGER_PAGE_N_EXTRA : LEDGER_PAGE_LOW);
	int r = sd_bus_message_open_container(m, 'a', "{sv}");

	for (size_t i = 0; r >= 0 && i < n; i++)
		if (row->values[i].type)
			r = append_member(m,
					  i < ledger_chain_n_columns
						  ? ledger_chain_columns[i].name
						  : extra[i - ledger_chain_n_columns],
					  &row->values[i]);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static void on_page(void *userdata, int error)
{
	struct reading *reading = userdata;
	sd_bus_message *reply = NULL;
	int r = error < 0 ? error : sd_bus_message_new_method_return(reading->call, &reply);

	if (r >= 0)
		r = sd_bus_message_append(reply, "t", reading->page.next);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "a{sv}");
	for (size_t i = 0; r >= 0 && i < reading->page.n_rows; i++)
		r = append_row(reply, reading->bus, &reading->page.rows[i]);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	answer(reading, reply, r);
}

/* Names that no client, camera or integration can have find nothing. */
static int fill_name(char to[NAME_SIZE], const char *from)
{
	if (strlen(from) >= NAME_SIZE)
		return -EINVAL;
	strcpy(to, from);
	return 0;
}

static int fill_query(const struct bus *bus, struct ledger_query *query, const char *client,
		      const char *integration, const char *camera)
{
	const struct camera_record *record = policy_find_camera(bus->broker->policy, camera);

	if (record)
		memcpy(query->camera_uuid, record->uuid, UUID_SIZE);
	return fill_name(query->client, client) < 0 ||
			       fill_name(query->integration, integration) < 0 ||
			       fill_name(query->camera, camera) < 0
		       ? -EINVAL
		       : 0;
}

static int method_read_ledger(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	const char *client = "", *integration = "", *camera = "";
	struct ledger_query query = {};
	const struct options_key keys[] = {
		{CAMWARD_LEDGER_CLIENT, 's', .text = &client},
		{CAMWARD_LEDGER_INTEGRATION, 's', .text = &integration},
		{CAMWARD_LEDGER_CAMERA, 's', .text = &camera},
		{CAMWARD_LEDGER_SINCE, 't', .number = &query.since},
		{CAMWARD_LEDGER_UNTIL, 't', .number = &query.until},
		{CAMWARD_LEDGER_RESERVATIONS, 'b', .flag = &query.reservations},
	};
	struct reading *reading;
	int r = sd_bus_message_read(m, "t", &query.after);

	if (r >= 0)
		r = options_read(m, keys, ARRAY_SIZE(keys), error);
	if (r < 0)
		return r;
	if (fill_query(bus, &query, client, integration, camera) < 0)
		return sd_bus_error_setf(error, CAMWARD_ERROR_INVALID_NAME,
					 "A name has at most %d characters", NAME_MAX_LENGTH);
	if (query.after > INT64_MAX || query.since > INT64_MAX || query.until > INT64_MAX)
		return sd_bus_error_setf(error, CAMWARD_ERROR_INVALID_LIMITS,
					 "Numbers and times are below 2^63");
	reading = reading_new(bus, m);
	if (!reading)
		return -ENOMEM;
	r = ledger_page_read(bus->broker->store, &query, &reading->page, on_page, reading);
	if (r < 0)
		reading_free(reading);
	return r < 0 ? errors_set(error, r, &(struct errors_about){}) : 1;
}
AUTHORIZE(read_ledger, AUTHORIZE_ACTION_READ_LEDGER, details_of_nothing)

static int append_point(sd_bus_message *m, const struct ledger_chain_point *point,
			const uint8_t signature[SEAL_SIGNATURE_SIZE])
{
	char hash[2 * LEDGER_CHAIN_HASH_SIZE + 1], text[2 * SEAL_SIGNATURE_SIZE + 1];

	format_hex(point->hash, sizeof(point->hash), hash);
	format_hex(signature, SEAL_SIGNATURE_SIZE, text);
	return sd_bus_message_append(m, "(tsts)", point->seq, hash, point->realtime, text);
}

static int append_ends(const struct reading *reading, sd_bus_message *reply)
{
	const struct ledger_ends *ends = &reading->ends;
	uint8_t signature[SEAL_SIGNATURE_SIZE];
	int r = seal_root_sign_ledger(reading->bus->broker->seal_root, LEDGER_CHAIN_CONTEXT_HEAD,
				      &ends->head, signature);

	if (r >= 0)
		r = append_point(reply, &ends->head, signature);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(tsts)");
	for (size_t i = 0; r >= 0 && i < ends->n_anchors; i++)
		r = append_point(reply, &ends->anchors[i].point, ends->anchors[i].signature);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static void on_ends(void *userdata, int error)
{
	struct reading *reading = userdata;
	sd_bus_message *reply = NULL;
	int r = error < 0 ? error : sd_bus_message_new_method_return(reading->call, &reply);

	if (r >= 0)
		r = append_ends(reading, reply);
	answer(reading, reply, r);
}

static int method_ledger_ends(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	struct reading *reading = reading_new(bus, m);
	int r;

	if (!reading)
		return -ENOMEM;
	r = ledger_page_read_ends(bus->broker->store, &reading->ends, on_ends, reading);
	if (r < 0)
		reading_free(reading);
	return r < 0 ? errors_set(error, r, &(struct errors_about){}) : 1;
}
AUTHORIZE(ledger_ends, AUTHORIZE_ACTION_READ_LEDGER, details_of_nothing)

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	AUTHORIZED_METHOD("ReadLedger", "ta{sv}", SD_BUS_PARAM(after) SD_BUS_PARAM(filter),
			  "taa{sv}", SD_BUS_PARAM(next) SD_BUS_PARAM(events), read_ledger, 0),
	AUTHORIZED_METHOD("LedgerEnds", "", "", "(tsts)a(tsts)",
			  SD_BUS_PARAM(head) SD_BUS_PARAM(anchors), ledger_ends, 0),
	SD_BUS_VTABLE_END,
};

const struct object_kind ledger_object = {
	.path = CAMWARD_PATH,
	.interface = CAMWARD_INTERFACE_MANAGER,
	.vtable = vtable,
};
