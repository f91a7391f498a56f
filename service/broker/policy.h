// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * All that the broker knows about who may watch what, in memory; loaded at start by store_open.
 * It belongs to the main loop's thread. Objects are the policy's; a pointer to one is good until
 * it is removed.
 *
 * Permissions are committed to disk first and take effect afterwards; denials the other way round.
 * So what permits is added *pending*: it holds its name and its place, and takes part in no
 * decision and no listing. store_add_...() writes it; when that is done, policy_commit_...() lets
 * it take effect (-ENOENT: it has been removed meanwhile, and stays removed), or, if it failed,
 * policy_remove_...() drops it. Taking a suspension back goes the same way: policy_begin_resume,
 * store_resume, policy_commit_resume; a suspension in between wins.
 */
#pragma once

#include "base/cleanup.h"
#include "broker/camera-record.h"
#include "broker/client.h"
#include "broker/grant.h"
#include "broker/integration.h"
#include "broker/suspension.h"

#define POLICY_CLIENTS_MAX      1024
#define POLICY_INTEGRATIONS_MAX 256
#define POLICY_CAMERAS_MAX      256
#define POLICY_PIN_ID_FIRST     (UINT64_C(1) << 48)
#define POLICY_GRANTS_MAX       4096
#define POLICY_SUSPENSIONS_MAX  512 /* and always one of everything */

struct policy {
	size_t n_clients, n_integrations, n_cameras, n_grants, n_suspensions;
	struct client *clients[POLICY_CLIENTS_MAX];
	struct integration *integrations[POLICY_INTEGRATIONS_MAX];
	struct camera_record *cameras[POLICY_CAMERAS_MAX];
	struct grant *grants[POLICY_GRANTS_MAX];
	struct suspension *suspensions[POLICY_SUSPENSIONS_MAX + 1];
	uint64_t next_grant, next_token, next_pin; /* ids */
};

/* NULL without memory. Freeing erases the tokens' hashes. */
struct policy *policy_new(void);
void policy_free(struct policy *policy);
DEFINE_CLEANUP(struct policy *, policy_free)

/* Look-ups by exact name, pending ones included; NULL: there is none. */
struct client *policy_find_client(const struct policy *policy, const char *name);
/* Whose certificate has this key; ret_pin may be NULL. */
struct client *policy_find_pin(const struct policy *policy, const uint8_t spki[TOKEN_HASH_SIZE],
			       struct token **ret_pin);
struct camera_record *policy_find_camera(const struct policy *policy, const char *name);
struct camera_record *policy_find_camera_uuid(const struct policy *policy,
					      const uint8_t uuid[UUID_SIZE]);
/* Whose hardware this is; "" is nobody's. */
struct camera_record *policy_find_camera_hardware(const struct policy *policy,
						  const char *hardware);
struct grant *policy_find_grant(const struct policy *policy, uint64_t id);
struct suspension *policy_find_suspension(const struct policy *policy, enum suspension_kind kind,
					  const char *name);
struct integration *policy_find_integration(const struct policy *policy, const char *name);
/* Whether one has this name, or may have it again: its renaming is not on disk yet. */
bool policy_client_exists(const struct policy *policy, const char *name);
bool policy_integration_exists(const struct policy *policy, const char *name);
/* How many clients it has, or is about to have; pending ones included. */
size_t policy_count_members(const struct policy *policy, const char *integration);

/*
 * Each copies what it is given, as it is: set pending unless it is on disk already. Errors:
 * -EINVAL (a field is not sound), -EEXIST (name, UUID or id), -ENOENT (the client or camera that
 * it is for), -ENOBUFS (the bound above), -ENOMEM.
 */
int policy_add_client(struct policy *policy, const struct client *client);
int policy_add_integration(struct policy *policy, const struct integration *integration);
int policy_add_token(struct policy *policy, const char *client, const struct token *token);
/* Gives it its id. -EEXIST also if it is another client's. */
int policy_add_pin(struct policy *policy, const char *client, struct token *pin);
int policy_add_camera(struct policy *policy, const struct camera_record *camera);
int policy_add_grant(struct policy *policy, const struct grant *grant);

/* The user of this machine who is the client; pending as with an object. -EEXIST: it has one. */
int policy_add_user(struct policy *policy, const char *client, uint32_t user, bool pending);

/* -ENOENT: it is not there (any more). A client's tokens take effect with it. */
int policy_commit_client(struct policy *policy, const char *name);
int policy_commit_integration(struct policy *policy, const char *name);
int policy_commit_token(struct policy *policy, const char *client, uint64_t id);
int policy_commit_user(struct policy *policy, const char *client, uint32_t user);
int policy_commit_pin(struct policy *policy, const uint8_t spki[TOKEN_HASH_SIZE]);
int policy_commit_camera(struct policy *policy, const uint8_t uuid[UUID_SIZE]);
int policy_commit_grant(struct policy *policy, uint64_t id);

/* The client's tokens but this one end at this time at the latest. -ENOENT. */
int policy_end_other_tokens(struct policy *policy, const char *client, uint64_t but, uint64_t end);

/* Effective at once. A client goes with its grants and tokens. -ENOENT: it is not there. */
int policy_remove_client(struct policy *policy, const char *name);
/* With its grants. -EBUSY: it has clients. */
int policy_remove_integration(struct policy *policy, const char *name);
int policy_remove_token(struct policy *policy, const char *client, uint64_t id);
int policy_remove_user(struct policy *policy, const char *client);
int policy_remove_pin(struct policy *policy, const uint8_t spki[TOKEN_HASH_SIZE]);
int policy_remove_camera(struct policy *policy, const uint8_t uuid[UUID_SIZE]);
int policy_remove_grant(struct policy *policy, uint64_t id);
/* Its suspension goes along: a camera does not come free by its name. given: as in the record.
 * -ENOENT. */
int policy_rename_camera(struct policy *policy, const uint8_t uuid[UUID_SIZE], const char *name,
			 const char *given);
/* The client's own grants for this camera, pending ones included, declared ones not; says how
 * many. */
unsigned policy_remove_grants(struct policy *policy, const char *client,
			      const uint8_t camera[UUID_SIZE]);

/*
 * Another name for a client or an integration, with its grants, but for declared ones, and its
 * suspension; for an integration, with its clients. Effective at once; until policy_end_rename() it
 * is pending and `former` tells the old name. The new name must be free, and so must its
 * suspension. policy_end_rename: what the store said about it; an error gives the old name back.
 * Errors: -ENOENT, -EEXIST (the name, or a suspension of it), -EBUSY (something of it is pending).
 */
int policy_begin_rename_client(struct policy *policy, const char *from, const char *to);
int policy_end_rename_client(struct policy *policy, const char *to, int error);
int policy_begin_rename_integration(struct policy *policy, const char *from, const char *to);
int policy_end_rename_integration(struct policy *policy, const char *to, int error);

/*
 * Into another integration ("": none). Until policy_end_move() the client may do what it may in
 * both. Errors: -ENOENT (client or integration), -EALREADY (it is there), -EBUSY (it is moving, or
 * either is being renamed), -EPERM (that integration of its is suspended: leaving must not free
 * it).
 */
int policy_begin_move(struct policy *policy, const char *client, const char *to);
int policy_end_move(struct policy *policy, const char *client, int error);

/* Effective at once. -EALREADY: it is suspended, and nobody is taking that back; -EINVAL,
 * -ENOBUFS, -ENOMEM. */
int policy_suspend(struct policy *policy, const struct suspension *suspension);
/* -ENOENT: it is not suspended; -EALREADY: a resume is on its way. */
int policy_begin_resume(struct policy *policy, enum suspension_kind kind, const char *name);
/* error: what the store said. -ENOENT: there has been a new suspension meanwhile, which stays. */
int policy_commit_resume(struct policy *policy, enum suspension_kind kind, const char *name,
			 int error);

/* Ids for what is to be added. They are not used twice, also not after a restart, once something
 * with a later id has been stored. */
uint64_t policy_next_grant_id(struct policy *policy);
uint64_t policy_next_token_id(struct policy *policy);
