// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What an administrator can do, without the bus. Each call checks, changes what has to change at
 * once, puts the rest into the store's queue and returns; done follows from the loop, once, when it
 * is on disk or has failed.
 *
 *	A denial takes effect in memory, leases are ended, then it is committed, then done. One that
 *	the disk did not take is tried again until it does (broker/catch-up.h), and can be repeated:
 *	it is committed although memory knows it already.
 *	A permission is committed, then takes effect in memory, then done.
 *
 * Clients and integrations that files in policy.d declare can be suspended, and nothing else:
 * CONTROL_IS_DECLARED.
 *
 * Returns: 0 (done will be called), a positive enum control_error, or -errno (the store's); in both
 * latter cases nothing has happened, except that a denial whose job was refused by the store stays
 * in effect in memory. done's error: 0, a control_error, or the store's -errno.
 */
#pragma once

#include "broker/policy.h"

struct broker;
struct lease;
struct tls_issued;

/* A reason that an administrator gives: UTF-8 without control characters, with its NUL. */
#define CONTROL_REASON_SIZE 128

enum control_error {
	CONTROL_INVALID_NAME = 1,
	CONTROL_NO_SUCH_CLIENT,
	CONTROL_NO_SUCH_INTEGRATION,
	CONTROL_INTEGRATION_EXISTS,
	CONTROL_HAS_CLIENTS,
	CONTROL_IS_SUSPENDED,
	CONTROL_BUSY,
	CONTROL_NO_SUCH_PIN,
	CONTROL_ALREADY_PINNED,
	CONTROL_INVALID_PIN,
	CONTROL_INVALID_REQUEST,
	CONTROL_NAME_DECLARED,
	CONTROL_OTHER_DEVICE,
	CONTROL_INVALID_BACKUP,
	CONTROL_NOTHING_TO_RESTORE,
	CONTROL_NO_SUCH_CAMERA,
	CONTROL_NO_SUCH_GRANT,
	CONTROL_NO_SUCH_LEASE,
	CONTROL_NO_SUCH_TOKEN,
	CONTROL_NO_USER,
	CONTROL_USER_BOUND,
	CONTROL_ALREADY_EXISTS,
	CONTROL_NOT_SUSPENDED,
	CONTROL_ALREADY_SUSPENDED,
	CONTROL_INVALID_HOLDER,
	CONTROL_INVALID_HOURS,
	CONTROL_INVALID_LIMITS,
	CONTROL_INVALID_MAX_LEASES,
	CONTROL_INVALID_REASON,
	CONTROL_INVALID_RIGHTS,
	CONTROL_INVALID_USER,
	CONTROL_GRANT_DECLARED, /* in policy.d */
	CONTROL_IS_DECLARED,    /* client or integration, likewise */
	CONTROL_LIMIT_REACHED,
	CONTROL_CAMERA_EXISTS,
	CONTROL_CAMERA_CONNECTED,
	CONTROL_NAME_INHERITED,
	CONTROL_NAME_BY_FILE,
	CONTROL_NOTHING_TO_ADOPT,
	CONTROL_OTHER_HARDWARE,
	CONTROL_HARDWARE_KNOWN,
	CONTROL_INVALID_SETTINGS,
	CONTROL_NO_CONTROLS,
	CONTROL_NO_SUCH_CONTROL,
	CONTROL_OUT_OF_RANGE,
	CONTROL_READ_ONLY,
	CONTROL_DEVICE_BUSY,
	CONTROL_DEVICE_CLOSED,
	CONTROL_CAMERA_GONE,
	CONTROL_NO_ANSWER,
	CONTROL_DEVICE, /* the last: CONTROL_DEVICE + errno is the device's own error */
};

typedef void (*control_done)(void *userdata, int error);

/* For the caller's answer; good when the call returned 0. */
struct control_result {
	unsigned grants_removed, leases_ended;
	bool applied;                /* to the open device */
	uint64_t id;                 /* of what was made */
	char token[TOKEN_TEXT_SIZE]; /* the caller erases it */
};

/* integration: "" none, it is made if it is new; expires: of the first token, 0 never. */
int control_add_client(struct broker *broker, const char *name, const char *integration,
		       uint64_t expires, struct control_result *ret, control_done done,
		       void *userdata);
int control_remove_client(struct broker *broker, const char *name, struct control_result *ret,
			  control_done done, void *userdata);
int control_add_token(struct broker *broker, const char *client, uint64_t expires,
		      struct control_result *ret, control_done done, void *userdata);
/* The same, and the client's other tokens end at others_end, which must lie ahead, if they do not
 * end before. */
int control_rotate_token(struct broker *broker, const char *client, uint64_t expires,
			 uint64_t others_end, struct control_result *ret, control_done done,
			 void *userdata);
int control_remove_token(struct broker *broker, const char *client, uint64_t id,
			 struct control_result *ret, control_done done, void *userdata);

/*
 * The user of this machine (a uid) who is the client when it calls on the bus: what its grants
 * permit it gets as a local subscriber. A client has one user at most (CONTROL_USER_BOUND), a user
 * may be several clients. Unbinding ends the leases that were opened so; CONTROL_NO_USER.
 */
int control_bind_user(struct broker *broker, const char *client, uint32_t user, control_done done,
		      void *userdata);
int control_unbind_user(struct broker *broker, const char *client, struct control_result *ret,
			control_done done, void *userdata);
/*
 * Certificates. fingerprint: as in broker/pin.h. A key is one client's (CONTROL_ALREADY_PINNED).
 * control_issue: by the device's CA, for a request (broker/tls-issue.h), and pinned; good when done
 * says so. Unpinning ends the leases that were opened with it.
 */
int control_pin(struct broker *broker, const char *client, const char *fingerprint,
		uint64_t expires, control_done done, void *userdata);
int control_issue(struct broker *broker, const char *client, const uint8_t *request, size_t size,
		  uint64_t expires, struct tls_issued *ret, control_done done, void *userdata);
int control_unpin(struct broker *broker, const char *client, const char *fingerprint,
		  struct control_result *ret, control_done done, void *userdata);

int control_add_integration(struct broker *broker, const char *name, control_done done,
			    void *userdata);
/* With its grants. CONTROL_HAS_CLIENTS: they have to be moved or removed first. */
int control_remove_integration(struct broker *broker, const char *name, struct control_result *ret,
			       control_done done, void *userdata);

/*
 * Another name; grants and a suspension stay with whom they are of, the ledger's rows with the name
 * under which they were written. An integration's viewers go on, a client's are cut off: they have
 * to say who they are anew. What files in policy.d grant they grant to a name, which nobody takes
 * over so (CONTROL_NAME_DECLARED). CONTROL_ALREADY_SUSPENDED: the new name is suspended;
 * CONTROL_BUSY: something of it is being changed.
 */
int control_rename_integration(struct broker *broker, const char *name, const char *new_name,
			       control_done done, void *userdata);
int control_rename_client(struct broker *broker, const char *name, const char *new_name,
			  struct control_result *ret, control_done done, void *userdata);

/* Into another integration ("": none), which must be there. What only the old one gave ends at
 * once, what the new one gives begins when that is on disk. CONTROL_IS_SUSPENDED: the old one is,
 * and leaving it would set the client free. */
int control_move_client(struct broker *broker, const char *name, const char *integration,
			struct control_result *ret, control_done done, void *userdata);

/* What is to be granted; the limits as in struct grant, 0 or "" for none. */
struct control_grant {
	const char *client, *integration; /* exactly one of them; the other is NULL or "" */
	const char *camera;
	uint32_t rights;
	uint64_t not_before, not_after;
	const char *hours; /* NULL: always */
	uint64_t max_leases;
	bool only_sub, ask_first;
};

int control_add_grant(struct broker *broker, const struct control_grant *asked,
		      struct control_result *ret, control_done done, void *userdata);
/* The client's own grants; those of its integration are removed by their ids. Those that stand in
 * policy.d stay, which is CONTROL_GRANT_DECLARED. */
int control_revoke(struct broker *broker, const char *client, const char *camera,
		   struct control_result *ret, control_done done, void *userdata);
int control_remove_grant(struct broker *broker, uint64_t id, struct control_result *ret,
			 control_done done, void *userdata);

int control_suspend(struct broker *broker, enum suspension_kind kind, const char *name,
		    const char *reason, struct control_result *ret, control_done done,
		    void *userdata);
int control_resume(struct broker *broker, enum suspension_kind kind, const char *name,
		   control_done done, void *userdata);

/*
 * Takes the hardware that asks in the camera's place for the camera: its process, which tries again
 * by itself, is let in from then on. hardware must be what camera->refused says, for that is what
 * the administrator has seen.
 */
int control_adopt_camera(struct broker *broker, const char *name, const char *hardware,
			 control_done done, void *userdata);

/*
 * Grants and settings stay with the camera; whoever watches it is cut off, and its process comes
 * again under the new name when udev has given it that (STORE_NAMES_FILE, name/given.h).
 * CONTROL_NAME_BY_FILE: a file in camera.d has the old name, and the camera does not come under
 * the new one. CONTROL_NAME_INHERITED: by --camera.
 */
int control_rename_camera(struct broker *broker, const char *name, const char *new_name,
			  control_done done, void *userdata);

/* With its grants; one that has a process is CONTROL_CAMERA_CONNECTED. A suspension of its name
 * stays, and so does the ledger. */
int control_forget_camera(struct broker *broker, const char *name, struct control_result *ret,
			  control_done done, void *userdata);

/* Which fields of a configuration are meant. */
#define CONTROL_CONFIGURE_SIZE        (1U << 0)
#define CONTROL_CONFIGURE_FPS         (1U << 1)
#define CONTROL_CONFIGURE_BITRATE     (1U << 2)
#define CONTROL_CONFIGURE_GOP         (1U << 3)
#define CONTROL_CONFIGURE_SUB_SIZE    (1U << 4)
#define CONTROL_CONFIGURE_SUB_FPS     (1U << 5)
#define CONTROL_CONFIGURE_SUB_BITRATE (1U << 6)

/* The owner's choice, which stands in place of camera.d's; 0: back to that. Bitrate and GOP hold at
 * once, the rest from the next epoch on. CONTROL_INVALID_SETTINGS. */
int control_configure(struct broker *broker, const char *camera,
		      const struct camera_configuration *configuration, uint32_t fields,
		      control_done done, void *userdata);

/*
 * Sets a control of the device, and at each opening again (but for a button). ret->applied: it has
 * been asked to do it now, and done tells the device's own error; otherwise nobody watches and the
 * device is closed: it is only kept. What the device refuses is not kept.
 */
int control_set_control(struct broker *broker, const char *camera, const char *control,
			int32_t value, struct control_result *ret, control_done done,
			void *userdata);

/*
 * Factory erase: all that the broker keeps is overwritten and removed; and new keys in place of
 * those that there are, which may be another device's too. fingerprint: the device's, as its
 * administrator has seen it (CONTROL_OTHER_DEVICE). Every connection is aborted first, and nothing
 * can be asked of the broker afterwards: the caller ends the loop, and a new start makes what
 * lacks. Done on return; -errno: something is left.
 */
int control_erase(struct broker *broker, const char *fingerprint);
int control_renew_identity(struct broker *broker, const char *fingerprint);
/* The same for what is in fd, a memfd (broker/backup.h). CONTROL_INVALID_BACKUP: what was there
 * stays. */
int control_restore(struct broker *broker, const char *fingerprint, int fd);
/* All that is kept, into fd, which must stay open until done. */
int control_backup(struct broker *broker, int fd, bool keys, control_done done, void *userdata);

/* Nothing to commit: it is done on return. reason as with control_suspend. */
int control_end_lease(struct broker *broker, uint64_t id, const char *reason);
