// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/store-load.h"

#include "broker/settings.h"

/* Calls row for each row that sql gives. */
static int for_each(sqlite3 *db, const char *sql, int (*row)(sqlite3_stmt *, struct policy *),
		    struct policy *policy)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
	int r = db_prepare(db, &statement, sql, "");

	while (r >= 0 && (r = db_step(statement)) > 0)
		r = row(statement, policy);
	return r;
}

/* Whatever does not fit into the memory ought not to be in the database. */
static int sound(int r)
{
	return r == 0 || r == -ENOMEM ? r : -EUCLEAN;
}

static int load_integration(sqlite3_stmt *s, struct policy *policy)
{
	struct integration integration = {.created = db_column(s, 1)};
	int r = db_column_text(s, 0, integration.name, sizeof(integration.name));

	return r < 0 ? r : sound(policy_add_integration(policy, &integration));
}

static int load_client(sqlite3_stmt *s, struct policy *policy)
{
	struct client client = {.created = db_column(s, 2)};
	int r = db_column_text(s, 0, client.name, sizeof(client.name));

	if (r == 0)
		r = db_column_text(s, 1, client.integration, sizeof(client.integration));
	return r < 0 ? r : sound(policy_add_client(policy, &client));
}

static int load_token(sqlite3_stmt *s, struct policy *policy)
{
	struct token token = {
		.id = db_column(s, 0), .created = db_column(s, 3), .expires = db_column(s, 4)};
	char client[NAME_SIZE];
	int r = db_column_text(s, 1, client, sizeof(client));

	if (r == 0)
		r = db_column_blob(s, 2, token.hash, sizeof(token.hash));
	return r < 0 ? r : sound(policy_add_token(policy, client, &token));
}

static int load_user(sqlite3_stmt *s, struct policy *policy)
{
	char client[NAME_SIZE];
	int r = db_column_text(s, 0, client, sizeof(client));

	return r < 0 ? r : sound(policy_add_user(policy, client, (uint32_t)db_column(s, 1), false));
}

static int load_pin(sqlite3_stmt *s, struct policy *policy)
{
	struct token pin = {
		.issued_here = db_column(s, 2) != 0,
		.created = db_column(s, 3),
		.expires = db_column(s, 4),
	};
	char client[NAME_SIZE];
	int r = db_column_blob(s, 0, pin.hash, sizeof(pin.hash));

	if (r == 0)
		r = db_column_text(s, 1, client, sizeof(client));
	return r < 0 ? r : sound(policy_add_pin(policy, client, &pin));
}

static int load_camera(sqlite3_stmt *s, struct policy *policy)
{
	struct camera_record camera = {.created = db_column(s, 3)};
	int r = db_column_blob(s, 0, camera.uuid, sizeof(camera.uuid));

	if (r == 0)
		r = db_column_text(s, 1, camera.name, sizeof(camera.name));
	if (r == 0)
		r = db_column_text(s, 2, camera.hardware, sizeof(camera.hardware));
	if (r == 0)
		r = db_column_text(s, 4, camera.given, sizeof(camera.given));
	return r < 0 ? r : sound(policy_add_camera(policy, &camera));
}

static struct camera_record *camera_of(sqlite3_stmt *s, const struct policy *policy)
{
	uint8_t uuid[UUID_SIZE];

	return db_column_blob(s, 0, uuid, sizeof(uuid)) < 0 ? NULL
							    : policy_find_camera_uuid(policy, uuid);
}

static int load_configuration(sqlite3_stmt *s, struct policy *policy)
{
	struct camera_record *camera = camera_of(s, policy);

	if (!camera)
		return -EUCLEAN;
	camera->chosen = (struct camera_configuration){
		.width = (uint32_t)db_column(s, 1),
		.height = (uint32_t)db_column(s, 2),
		.fps = (uint32_t)db_column(s, 3),
		.bitrate = (uint32_t)db_column(s, 4),
		.gop = (uint32_t)db_column(s, 5),
		.sub_width = (uint32_t)db_column(s, 6),
		.sub_height = (uint32_t)db_column(s, 7),
		.sub_fps = (uint32_t)db_column(s, 8),
		.sub_bitrate = (uint32_t)db_column(s, 9),
	};
	camera->stored = camera->chosen;
	return settings_valid(&camera->chosen) ? 0 : -EUCLEAN;
}

static int load_choice(sqlite3_stmt *s, struct policy *policy)
{
	struct camera_record *camera = camera_of(s, policy);
	char control[PROTO_CONTROL_SIZE];
	int r = db_column_text(s, 1, control, sizeof(control));

	if (r < 0 || !camera || !camera_control_name_valid(control))
		return -EUCLEAN;
	return sound(camera_record_choose(camera, control, (int32_t)(int64_t)db_column(s, 2)));
}

static int load_grant(sqlite3_stmt *s, struct policy *policy)
{
	struct grant grant = {
		.id = db_column(s, 0),
		.rights = (uint32_t)db_column(s, 4),
		.not_before = db_column(s, 5),
		.not_after = db_column(s, 6),
		.created = db_column(s, 7),
		.only_sub = db_column(s, 8) != 0,
		.ask_first = db_column(s, 9) != 0,
		.max_leases = (uint32_t)db_column(s, 10),
	};
	int r = db_column_text(s, 1, grant.client, sizeof(grant.client));

	if (r == 0)
		r = db_column_text(s, 2, grant.integration, sizeof(grant.integration));
	if (r == 0)
		r = db_column_blob(s, 3, grant.camera, sizeof(grant.camera));
	if (r == 0)
		r = db_column_text(s, 11, grant.hours, sizeof(grant.hours));
	return r < 0 ? r : sound(policy_add_grant(policy, &grant));
}

static int load_suspension(sqlite3_stmt *s, struct policy *policy)
{
	struct suspension suspension = {.kind = (enum suspension_kind)db_column(s, 0),
					.since = db_column(s, 3)};
	int r = db_column_text(s, 1, suspension.name, sizeof(suspension.name));

	if (r == 0)
		r = db_column_text(s, 2, suspension.reason, sizeof(suspension.reason));
	return r < 0 ? r : sound(policy_suspend(policy, &suspension));
}

/* The id after the last that this table has ever had. */
static int load_next_id(sqlite3 *db, const char *table, uint64_t *ret)
{
	uint64_t last = 0;
	int r = db_get(db, &last, "SELECT seq FROM sqlite_sequence WHERE name = ?", "t", table);

	if (r < 0 && r != -ENOENT)
		return r;
	*ret = last + 1;
	return 0;
}

static const struct {
	const char *sql;
	int (*row)(sqlite3_stmt *, struct policy *);
} tables[] = {
	{"SELECT name, created FROM integrations ORDER BY created, name", load_integration},
	{"SELECT name, integration, created FROM clients ORDER BY created, name", load_client},
	{"SELECT id, client, hash, created, expires FROM tokens ORDER BY id", load_token},
	{"SELECT client, user FROM client_users", load_user},
	{"SELECT spki, client, issued_here, created, expires FROM pins ORDER BY created, spki",
	 load_pin},
	{"SELECT uuid, name, hardware, created, given FROM cameras LEFT JOIN camera_names ON"
	 " camera = uuid ORDER BY created, name",
	 load_camera},
	{"SELECT camera, width, height, fps, bitrate, gop, sub_width, sub_height, sub_fps,"
	 " sub_bitrate FROM camera_configurations",
	 load_configuration},
	{"SELECT camera, control, value FROM camera_controls ORDER BY control", load_choice},
	{"SELECT id, client, integration, camera, rights, not_before, not_after, created, only_sub,"
	 " ask_first, max_leases, hours FROM grants ORDER BY id",
	 load_grant},
	{"SELECT kind, name, reason, since FROM suspensions ORDER BY since, kind, name",
	 load_suspension},
};

int store_load(sqlite3 *db, struct policy *policy)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(tables); i++)
		r = for_each(db, tables[i].sql, tables[i].row, policy);
	if (r == 0)
		r = load_next_id(db, "grants", &policy->next_grant);
	if (r == 0)
		r = load_next_id(db, "tokens", &policy->next_token);
	return r;
}
