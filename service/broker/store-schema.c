// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/store-schema.h"

#define SCHEMA_VERSION     9
#define SCHEMA_APPLICATION 0x63776462 /* "cwdb" */

#define TEXT_OF(x)  #x
#define VALUE_OF(x) TEXT_OF(x)

/* Times are microseconds of CLOCK_REALTIME, 0 for none; UUIDs and hashes are blobs. */
static const char policy_tables[] =
	"CREATE TABLE settings ("
	"	name TEXT PRIMARY KEY,"
	"	value ANY NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"INSERT INTO settings VALUES ('run', 0), ('next-lease', 1);"

	"CREATE TABLE integrations ("
	"	name TEXT PRIMARY KEY,"
	"	created INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE clients ("
	"	name TEXT PRIMARY KEY,"
	"	integration TEXT REFERENCES integrations(name),"
	"	created INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE tokens ("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	client TEXT NOT NULL REFERENCES clients(name) ON DELETE CASCADE,"
	"	hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),"
	"	created INTEGER NOT NULL,"
	"	expires INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX tokens_client ON tokens(client);"

	/* Certificates by the SHA-256 of their SubjectPublicKeyInfo. */
	"CREATE TABLE pins ("
	"	spki BLOB PRIMARY KEY CHECK (length(spki) = 32),"
	"	client TEXT NOT NULL REFERENCES clients(name) ON DELETE CASCADE,"
	"	issued_here INTEGER NOT NULL CHECK (issued_here IN (0, 1)),"
	"	created INTEGER NOT NULL,"
	"	expires INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX pins_client ON pins(client);"

	"CREATE TABLE cameras ("
	"	uuid BLOB PRIMARY KEY CHECK (length(uuid) = 16),"
	"	name TEXT NOT NULL UNIQUE,"
	"	hardware TEXT NOT NULL,"
	"	created INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE grants ("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	client TEXT REFERENCES clients(name) ON DELETE CASCADE,"
	"	integration TEXT REFERENCES integrations(name) ON DELETE CASCADE,"
	"	camera BLOB NOT NULL REFERENCES cameras(uuid) ON DELETE CASCADE,"
	"	rights INTEGER NOT NULL CHECK (rights BETWEEN 1 AND 7),"
	"	not_before INTEGER NOT NULL,"
	"	not_after INTEGER NOT NULL CHECK (not_after = 0 OR not_after > not_before),"
	"	created INTEGER NOT NULL,"
	"	only_sub INTEGER NOT NULL CHECK (only_sub IN (0, 1)),"
	"	ask_first INTEGER NOT NULL CHECK (ask_first IN (0, 1)),"
	"	max_leases INTEGER NOT NULL,"
	"	hours TEXT NOT NULL,"
	"	CHECK ((client IS NULL) <> (integration IS NULL))"
	") STRICT;"
	"CREATE INDEX grants_client ON grants(client);"
	"CREATE INDEX grants_camera ON grants(camera);"

	/* kind: enum suspension_kind. No reference: it holds for what does not exist yet, too. */
	"CREATE TABLE suspensions ("
	"	kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 4),"
	"	name TEXT NOT NULL,"
	"	reason TEXT NOT NULL,"
	"	since INTEGER NOT NULL,"
	"	PRIMARY KEY (kind, name)"
	") STRICT, WITHOUT ROWID;";

/* Since version 2: what the owner has chosen for a camera. */
static const char camera_tables[] =
	/* What udev calls a camera that the owner calls otherwise. */
	"CREATE TABLE camera_names ("
	"	camera BLOB PRIMARY KEY REFERENCES cameras(uuid) ON DELETE CASCADE,"
	"	given TEXT NOT NULL UNIQUE"
	") STRICT, WITHOUT ROWID;"

	/* 0: nothing chosen. */
	"CREATE TABLE camera_configurations ("
	"	camera BLOB PRIMARY KEY REFERENCES cameras(uuid) ON DELETE CASCADE,"
	"	width INTEGER NOT NULL,"
	"	height INTEGER NOT NULL,"
	"	fps INTEGER NOT NULL,"
	"	bitrate INTEGER NOT NULL,"
	"	gop INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE camera_controls ("
	"	camera BLOB NOT NULL REFERENCES cameras(uuid) ON DELETE CASCADE,"
	"	control TEXT NOT NULL,"
	"	value INTEGER NOT NULL,"
	"	PRIMARY KEY (camera, control)"
	") STRICT, WITHOUT ROWID;";

/* Since version 4: the user of this machine who is a client towards the bus. */
static const char user_tables[] =
	"CREATE TABLE client_users ("
	"	client TEXT PRIMARY KEY REFERENCES clients(name) ON DELETE CASCADE"
	"		ON UPDATE CASCADE,"
	"	user INTEGER NOT NULL CHECK (user BETWEEN 0 AND 4294967294)"
	") STRICT, WITHOUT ROWID;";

/*
 * The ledger (ledger.h): the order of the columns of `events` is the order of the hash; columns
 * may be added at the end, never removed or moved. It refers to no table: what is removed there
 * stays written here.
 */
static const char ledger_tables[] =
	"CREATE TABLE events ("
	"	seq INTEGER PRIMARY KEY,"
	"	hash BLOB NOT NULL CHECK (length(hash) = 32),"
	"	kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 5)," /* enum ledger_kind */
	"	run INTEGER NOT NULL,"
	"	realtime INTEGER NOT NULL,"
	"	boottime INTEGER NOT NULL,"
	"	lease INTEGER,"
	"	grant_id INTEGER,"
	"	client TEXT NOT NULL,"
	"	camera TEXT NOT NULL,"
	"	camera_uuid BLOB NOT NULL CHECK (length(camera_uuid) = 16),"
	"	right INTEGER NOT NULL,"    /* enum right */
	"	stream INTEGER NOT NULL,"   /* enum ring_stream */
	"	protocol INTEGER NOT NULL," /* enum session_protocol */
	"	peer BLOB NOT NULL CHECK (length(peer) = 16),"
	"	port INTEGER NOT NULL,"
	"	epoch INTEGER NOT NULL,"
	"	reason TEXT NOT NULL,"
	/* DENIED: so many, the first of them at `since`, the last at `realtime`. */
	"	count INTEGER,"
	"	since INTEGER,"
	/* CLOSED, STILL. Sequences + 1, 0 for none. */
	"	offered INTEGER,"
	"	delivered INTEGER,"
	"	skipped_late INTEGER,"
	"	skipped_overrun INTEGER,"
	"	skipped_join INTEGER,"
	"	skipped_switch INTEGER,"
	"	first_sequence INTEGER,"
	"	last_sequence INTEGER,"
	"	frames_low INTEGER,"
	"	frames_high INTEGER,"
	"	bytes_acked INTEGER,"
	"	bytes_sent INTEGER,"
	"	uncertain INTEGER"
	") STRICT;"
	"CREATE UNIQUE INDEX events_lease ON events(lease, kind) WHERE lease IS NOT NULL;"
	"CREATE INDEX events_camera ON events(camera_uuid, realtime);"
	"CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN"
	"	SELECT RAISE(ABORT, 'the ledger is append-only');"
	"END;"
	"CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN"
	"	SELECT RAISE(ABORT, 'the ledger is append-only');"
	"END;"
	"CREATE TRIGGER events_in_order BEFORE INSERT ON events"
	"	WHEN NEW.seq <> 1 + max(coalesce((SELECT max(seq) FROM events), 0),"
	"				coalesce((SELECT max(seq) FROM anchors), 0)) BEGIN"
	"	SELECT RAISE(ABORT, 'the ledger has no gaps');"
	"END;"

	/* Where pruning has cut the chain: the last row removed and its hash, signed. */
	"CREATE TABLE anchors ("
	"	seq INTEGER PRIMARY KEY,"
	"	hash BLOB NOT NULL CHECK (length(hash) = 32),"
	"	realtime INTEGER NOT NULL,"
	"	signature BLOB NOT NULL CHECK (length(signature) = 64)"
	") STRICT;"

	/* One row a running lease, outside the chain: what it may deliver before the next
	 * renewal. NULL: not known. A row that is here at start is a lease that nobody closed. */
	"CREATE TABLE reservations ("
	"	lease INTEGER PRIMARY KEY,"
	"	opened INTEGER NOT NULL REFERENCES events(seq),"
	"	realtime INTEGER,"    /* when it was renewed */
	"	until INTEGER,"       /* how long it holds */
	"	done INTEGER,"        /* frames delivered when it was renewed */
	"	frames_high INTEGER," /* frames that may have been delivered at its end */
	"	first_sequence INTEGER,"
	"	last_sequence INTEGER"
	") STRICT;";

/* Since version 5. */
static const char exposure_tables[] =
	/* CLOSED: what the camera's own word says that the session can have seen at most: sequences
	 * in [exposed_first, exposed_next), of both streams together `exposed` units. 0: the camera
	 * went before it said. */
	"ALTER TABLE events ADD COLUMN exposed_first INTEGER;"
	"ALTER TABLE events ADD COLUMN exposed_next INTEGER;"
	"ALTER TABLE events ADD COLUMN exposed INTEGER;"
	/* What stands for the address in the chain (ledger-peer.h); `peer` and `port` of such a row
	 * are 0. */
	"ALTER TABLE events ADD COLUMN peer_hash BLOB;"

	/* Viewers' addresses, outside the chain: they can be erased without breaking it. */
	"CREATE TABLE peers ("
	"	seq INTEGER PRIMARY KEY," /* the event */
	"	salt BLOB NOT NULL CHECK (length(salt) = 16),"
	"	address BLOB NOT NULL CHECK (length(address) = 16)," /* struct gate_peer */
	"	port INTEGER NOT NULL"
	") STRICT;"

	"ALTER TABLE reservations ADD COLUMN frames_low INTEGER;" /* received when it was renewed */
	"ALTER TABLE reservations ADD COLUMN exposed_first INTEGER;"

	/* An anchor is written first: it takes the place of what is removed. */
	"DROP TRIGGER events_no_delete;"
	"CREATE TRIGGER events_no_delete BEFORE DELETE ON events"
	"	WHEN OLD.seq > coalesce((SELECT max(seq) FROM anchors), 0) BEGIN"
	"	SELECT RAISE(ABORT, 'the ledger is append-only');"
	"END;"
	"CREATE TRIGGER anchors_no_update BEFORE UPDATE ON anchors BEGIN"
	"	SELECT RAISE(ABORT, 'anchors stay as they are');"
	"END;";

/* Since version 8: a reservation has all that its CLOSED row needs, so that its OPENED row may go
 * while the lease runs. */
static const char reservation_tables[] =
	"ALTER TABLE reservations RENAME TO old_reservations;"
	"CREATE TABLE reservations ("
	"	lease INTEGER PRIMARY KEY,"
	"	opened INTEGER NOT NULL," /* when */
	"	grant_id INTEGER NOT NULL,"
	"	client TEXT NOT NULL,"
	"	integration TEXT NOT NULL,"
	"	camera TEXT NOT NULL,"
	"	camera_uuid BLOB NOT NULL CHECK (length(camera_uuid) = 16),"
	"	right INTEGER NOT NULL,"
	"	stream INTEGER NOT NULL,"
	"	protocol INTEGER NOT NULL,"
	"	epoch INTEGER NOT NULL,"
	"	address BLOB NOT NULL CHECK (length(address) = 16)," /* as in `peers` */
	"	port INTEGER NOT NULL,"
	"	done INTEGER NOT NULL,"       /* frames delivered when it was renewed */
	"	frames_low INTEGER NOT NULL," /* received when it was renewed */
	"	frames_high INTEGER,"         /* that may be delivered; NULL: not known */
	"	first_sequence INTEGER,"
	"	last_sequence INTEGER,"
	"	exposed_first INTEGER"
	") STRICT;"
	"INSERT INTO reservations"
	" SELECT r.lease, e.realtime, coalesce(grant_id, 0), client, coalesce(integration, ''),"
	"  camera, camera_uuid, right, stream, protocol, epoch, coalesce(address, peer),"
	"  coalesce(p.port, e.port), coalesce(done, 0), coalesce(r.frames_low, 0), r.frames_high,"
	"  r.first_sequence, r.last_sequence, r.exposed_first"
	" FROM old_reservations AS r JOIN events AS e ON e.seq = r.opened"
	"  LEFT JOIN peers AS p USING (seq);"
	"DROP TABLE old_reservations;";

/* Since version 9: a lease switches as often as it will; all else happens to it once. */
static const char switch_indexes[] =
	"DROP INDEX events_lease;"
	"CREATE INDEX events_lease ON events(lease, kind) WHERE lease IS NOT NULL;"
	"CREATE UNIQUE INDEX events_once ON events(lease, kind)"
	"	WHERE lease IS NOT NULL AND kind <> 6;";

static int check_integrity(sqlite3 *db)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	char answer[16];
	int r = db_prepare(db, &statement, "PRAGMA quick_check(1)", "");

	if (r < 0)
		return r;
	r = db_step(statement);
	if (r <= 0)
		return r < 0 ? r : -EUCLEAN;
	r = db_column_text(statement, 0, answer, sizeof(answer));
	return r < 0 || strcmp(answer, "ok") != 0 ? -EUCLEAN : 0;
}

static int add_camera_tables(sqlite3 *db)
{
	return db_exec(db, camera_tables);
}

/* One kind of event more: up to `last`. SQLite names this way of changing a CHECK
 * (https://sqlite.org/lang_altertable.html, section 7); the rows stay as they are. */
static int add_kind(sqlite3 *db, uint64_t last)
{
	int r;

	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
	r = db_exec(db, "PRAGMA writable_schema = ON");
	if (r == 0)
		r = db_run(db,
			   "UPDATE sqlite_schema SET sql = replace(sql,"
			   " 'kind BETWEEN 1 AND ' || (?1 - 1), 'kind BETWEEN 1 AND ' || ?1)"
			   " WHERE type = 'table' AND name = 'events'",
			   "i", last);
	if (r >= 0)
		r = db_exec(db, "PRAGMA writable_schema = RESET");
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return r;
}

static int add_tripwires(sqlite3 *db)
{
	return add_kind(db, 5);
}

static int add_user_tables(sqlite3 *db)
{
	return db_exec(db, user_tables);
}

static int add_exposure(sqlite3 *db)
{
	return db_exec(db, exposure_tables);
}

/* The small stream can be configured. */
static int add_sub_configuration(sqlite3 *db)
{
	return db_exec(db, "ALTER TABLE camera_configurations"
			   " ADD COLUMN sub_width INTEGER NOT NULL DEFAULT 0;"
			   "ALTER TABLE camera_configurations"
			   " ADD COLUMN sub_height INTEGER NOT NULL DEFAULT 0;"
			   "ALTER TABLE camera_configurations"
			   " ADD COLUMN sub_fps INTEGER NOT NULL DEFAULT 0;"
			   "ALTER TABLE camera_configurations"
			   " ADD COLUMN sub_bitrate INTEGER NOT NULL DEFAULT 0;");
}

/* Of an event: what the client belonged to then. */
static int add_event_integration(sqlite3 *db)
{
	return db_exec(db, "ALTER TABLE events ADD COLUMN integration TEXT");
}

static int part_reservations(sqlite3 *db)
{
	return db_exec(db, reservation_tables);
}

static int add_switches(sqlite3 *db)
{
	int r = add_kind(db, 6);

	return r < 0 ? r : db_exec(db, switch_indexes);
}

/* What leads from a version to the next one. */
static int (*const steps[SCHEMA_VERSION])(sqlite3 *db) = {
	[1] = add_camera_tables, [2] = add_tripwires,         [3] = add_user_tables,
	[4] = add_exposure,      [5] = add_sub_configuration, [6] = add_event_integration,
	[7] = part_reservations, [8] = add_switches,
};

static int upgrade(sqlite3 *db, uint64_t version)
{
	int r = 0;

	for (; r == 0 && version < SCHEMA_VERSION; version++)
		r = steps[version](db);
	return r < 0 ? r : db_exec(db, "PRAGMA user_version = " VALUE_OF(SCHEMA_VERSION));
}

static int create(sqlite3 *db)
{
	int r = db_exec(db, policy_tables);

	if (r == 0)
		r = db_exec(db, ledger_tables);
	if (r == 0)
		r = db_exec(db, "PRAGMA application_id = " VALUE_OF(SCHEMA_APPLICATION));
	return r < 0 ? r : upgrade(db, 1);
}

static int check_version(sqlite3 *db)
{
	uint64_t version, application, n_objects;
	int r = db_get(db, &version, "PRAGMA user_version", "");

	if (r == 0)
		r = db_get(db, &application, "PRAGMA application_id", "");
	if (r == 0)
		r = db_get(db, &n_objects, "SELECT count(*) FROM sqlite_schema", "");
	if (r < 0)
		return r;
	if (n_objects == 0 && version == 0)
		return create(db);
	if (application != SCHEMA_APPLICATION || version < 1)
		return -EUCLEAN;
	if (version > SCHEMA_VERSION)
		return -ENOTSUP;
	return version == SCHEMA_VERSION ? 0 : upgrade(db, version);
}

int store_schema_prepare(sqlite3 *db)
{
	int r = check_integrity(db);

	if (r < 0)
		return r;
	r = db_exec(db, "BEGIN IMMEDIATE");
	if (r < 0)
		return r;
	r = check_version(db);
	if (r == 0)
		r = db_exec(db, "COMMIT");
	if (r < 0)
		db_exec(db, "ROLLBACK");
	return r;
}
