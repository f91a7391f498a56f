// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A row of the ledger as its columns' values, in the order in which the database has them and
 * seal/ledger-chain.h hashes them. Their meaning: struct ledger_event, docs/LEDGER.md. A new column
 * comes last: the hashes of the rows that there are do not change.
 */
#pragma once

#include "broker/db.h"
#include "broker/ledger.h"
#include "seal/ledger-chain.h"

enum ledger_column {
	LEDGER_COLUMN_SEQ,
	LEDGER_COLUMN_HASH,
	LEDGER_COLUMN_KIND,
	LEDGER_COLUMN_RUN,
	LEDGER_COLUMN_REALTIME,
	LEDGER_COLUMN_BOOTTIME,
	LEDGER_COLUMN_LEASE,
	LEDGER_COLUMN_GRANT,
	LEDGER_COLUMN_CLIENT,
	LEDGER_COLUMN_CAMERA,
	LEDGER_COLUMN_CAMERA_UUID,
	LEDGER_COLUMN_RIGHT,
	LEDGER_COLUMN_STREAM,
	LEDGER_COLUMN_PROTOCOL,
	LEDGER_COLUMN_PEER,
	LEDGER_COLUMN_PORT,
	LEDGER_COLUMN_EPOCH,
	LEDGER_COLUMN_REASON,
	LEDGER_COLUMN_COUNT,
	LEDGER_COLUMN_SINCE,
	LEDGER_COLUMN_OFFERED,
	LEDGER_COLUMN_DELIVERED,
	LEDGER_COLUMN_SKIPPED, /* SESSION_N_SKIP_REASONS columns */
	LEDGER_COLUMN_FIRST_SEQUENCE = LEDGER_COLUMN_SKIPPED + SESSION_N_SKIP_REASONS,
	LEDGER_COLUMN_LAST_SEQUENCE,
	LEDGER_COLUMN_FRAMES_LOW,
	LEDGER_COLUMN_FRAMES_HIGH,
	LEDGER_COLUMN_BYTES_ACKED,
	LEDGER_COLUMN_BYTES_SENT,
	LEDGER_COLUMN_UNCERTAIN,
	LEDGER_COLUMN_EXPOSED_FIRST,
	LEDGER_COLUMN_EXPOSED_NEXT,
	LEDGER_COLUMN_EXPOSED,
	LEDGER_COLUMN_PEER_HASH,
	LEDGER_COLUMN_INTEGRATION,
	LEDGER_N_COLUMNS,
};

struct ledger_row {
	struct ledger_chain_value values[LEDGER_N_COLUMNS];
};

/* What the ledger adds to what it is told. */
struct ledger_context {
	enum ledger_kind kind;
	uint64_t run;
	uint64_t seq;
	uint64_t count, since;    /* DENIED; CLOSED: when it was opened */
	const uint8_t *peer_hash; /* LEDGER_HASH_SIZE; NULL: there is no address */
};

/* The row of an event, which it points into; its hash is left NULL. -EINVAL: a value is out of
 * range or lacks. */
int ledger_row_make(const struct ledger_context *context, const struct ledger_event *event,
		    struct ledger_row *row);

/* The row that a statement stands at ("SELECT * FROM events"), which it points into until the next
 * step. -EUCLEAN: not as many columns, or one of a type that no column has. */
int ledger_row_read(sqlite3_stmt *statement, struct ledger_row *row);

/* The hash of a row that follows one with the hash before. */
void ledger_row_hash(const struct ledger_row *row, const uint8_t before[LEDGER_HASH_SIZE],
		     uint8_t hash[LEDGER_HASH_SIZE]);
