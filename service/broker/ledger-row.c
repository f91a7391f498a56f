// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/ledger-row.h"

static int set(struct ledger_row *row, int column, uint64_t integer)
{
	if (integer > INT64_MAX)
		return -EINVAL;
	row->values[column] = (struct ledger_chain_value){.type = 'i', .integer = (int64_t)integer};
	return 0;
}

static int set_unless_0(struct ledger_row *row, int column, uint64_t integer)
{
	return integer ? set(row, column, integer) : 0;
}

/* 0 unless the text is not terminated within its array. */
static int set_text(struct ledger_row *row, int column, const char *text, size_t size)
{
	size_t n = strnlen(text, size);

	row->values[column] = (struct ledger_chain_value){.type = 't', .bytes = text, .size = n};
	return n == size ? -EINVAL : 0;
}

static void set_blob(struct ledger_row *row, int column, const void *bytes, size_t size)
{
	row->values[column] =
		(struct ledger_chain_value){.type = 'b', .bytes = bytes, .size = size};
}

/* In the chain stands what ledger-peer.h makes of it. */
static const uint8_t no_peer[16];

static int set_who(struct ledger_row *row, const struct ledger_event *event)
{
	int r = 0;

	r |= set(row, LEDGER_COLUMN_REALTIME, event->realtime);
	r |= set(row, LEDGER_COLUMN_BOOTTIME, event->boottime);
	r |= set_unless_0(row, LEDGER_COLUMN_LEASE, event->lease);
	r |= set_unless_0(row, LEDGER_COLUMN_GRANT, event->grant);
	r |= set_text(row, LEDGER_COLUMN_CLIENT, event->client, sizeof(event->client));
	r |= set_text(row, LEDGER_COLUMN_CAMERA, event->camera, sizeof(event->camera));
	set_blob(row, LEDGER_COLUMN_CAMERA_UUID, event->camera_uuid, sizeof(event->camera_uuid));
	r |= set(row, LEDGER_COLUMN_RIGHT, event->right);
	r |= set(row, LEDGER_COLUMN_STREAM, event->stream);
	r |= set(row, LEDGER_COLUMN_PROTOCOL, event->protocol);
	set_blob(row, LEDGER_COLUMN_PEER, no_peer, sizeof(no_peer));
	r |= set(row, LEDGER_COLUMN_PORT, 0);
	r |= set(row, LEDGER_COLUMN_EPOCH, event->epoch);
	r |= set_text(row, LEDGER_COLUMN_REASON, event->reason, sizeof(event->reason));
	return r;
}

static int set_counters(struct ledger_row *row, const struct ledger_event *event)
{
	int r = 0;

	r |= set(row, LEDGER_COLUMN_OFFERED, event->offered);
	r |= set(row, LEDGER_COLUMN_DELIVERED, event->delivered);
	for (int i = 0; i < SESSION_N_SKIP_REASONS; i++)
		r |= set(row, LEDGER_COLUMN_SKIPPED + i, event->skipped[i]);
	r |= set(row, LEDGER_COLUMN_FIRST_SEQUENCE, event->first_sequence);
	r |= set(row, LEDGER_COLUMN_LAST_SEQUENCE, event->last_sequence);
	r |= set(row, LEDGER_COLUMN_FRAMES_LOW, event->frames_low);
	r |= set(row, LEDGER_COLUMN_FRAMES_HIGH, event->frames_high);
	r |= set(row, LEDGER_COLUMN_BYTES_ACKED, event->bytes_acked);
	r |= set(row, LEDGER_COLUMN_BYTES_SENT, event->bytes_sent);
	r |= set(row, LEDGER_COLUMN_UNCERTAIN, event->uncertain);
	r |= set(row, LEDGER_COLUMN_EXPOSED_FIRST, event->exposed_first);
	r |= set(row, LEDGER_COLUMN_EXPOSED_NEXT, event->exposed_next);
	r |= set(row, LEDGER_COLUMN_EXPOSED, event->exposed);
	return r;
}

int ledger_row_make(const struct ledger_context *context, const struct ledger_event *event,
		    struct ledger_row *row)
{
	int r = 0;

	*row = (struct ledger_row){0};
	r |= set(row, LEDGER_COLUMN_SEQ, context->seq);
	r |= set(row, LEDGER_COLUMN_KIND, context->kind);
	r |= set(row, LEDGER_COLUMN_RUN, context->run);
	r |= set_who(row, event);
	if (context->kind == LEDGER_CLOSED || context->kind == LEDGER_STILL)
		r |= set_counters(row, event);
	if (context->kind == LEDGER_DENIED)
		r |= set(row, LEDGER_COLUMN_COUNT, context->count);
	if (context->kind == LEDGER_DENIED || context->kind == LEDGER_CLOSED)
		r |= set(row, LEDGER_COLUMN_SINCE, context->since);
	if (event->integration[0])
		r |= set_text(row, LEDGER_COLUMN_INTEGRATION, event->integration,
			      sizeof(event->integration));
	if (context->peer_hash)
		set_blob(row, LEDGER_COLUMN_PEER_HASH, context->peer_hash, LEDGER_HASH_SIZE);
	return r ? -EINVAL : 0;
}

int ledger_row_read(sqlite3_stmt *statement, struct ledger_row *row)
{
	if (sqlite3_column_count(statement) != LEDGER_N_COLUMNS)
		return -EUCLEAN;
	for (int i = 0; i < LEDGER_N_COLUMNS; i++) {
		struct ledger_chain_value *value = &row->values[i];

		*value = (struct ledger_chain_value){0};
		switch (sqlite3_column_type(statement, i)) {
		case SQLITE_NULL:
			continue;
		case SQLITE_INTEGER:
			value->type = 'i';
			value->integer = sqlite3_column_int64(statement, i);
			continue;
		case SQLITE_TEXT:
			value->type = 't';
			value->bytes = sqlite3_column_text(statement, i);
			break;
		case SQLITE_BLOB:
			value->type = 'b';
			value->bytes = sqlite3_column_blob(statement, i);
			break;
		default:
			return -EUCLEAN;
		}
		value->size = (size_t)sqlite3_column_bytes(statement, i);
	}
	return 0;
}

void ledger_row_hash(const struct ledger_row *row, const uint8_t before[LEDGER_HASH_SIZE],
		     uint8_t hash[LEDGER_HASH_SIZE])
{
	ledger_chain_hash(row->values, LEDGER_N_COLUMNS, before, hash);
}
