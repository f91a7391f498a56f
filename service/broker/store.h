// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The broker's memory on disk: DIR/camward.db, SQLite with WAL and synchronous=FULL, in a thread
 * of its own, so that the main loop never waits for a disk.
 *
 * Every call below but open and close puts a job into a queue and returns at once: 0, or -ENOMEM,
 * -ENOBUFS (STORE_QUEUE_MAX), -EINVAL or -ESHUTDOWN (within store_close), in which case nothing
 * happens. The thread runs all that are queued in one transaction, in order. When they are durable,
 * store_fd() becomes readable and store_dispatch() calls each job's done (may be NULL) with 0 or
 * its error, in order, in the main loop's thread, exactly once. A job that fails leaves nothing
 * behind and harms no other; if the transaction as a whole cannot be written, all of its jobs fail.
 *
 * Errors of jobs: -EEXIST, -ENOENT, -EINVAL (a constraint), -ENOSPC, -EIO, -EUCLEAN (the database
 * is damaged), -EROFS, -EBUSY, -ENOMEM.
 */
#pragma once

#include "broker/policy.h"

#define STORE_FILE       "camward.db"
#define STORE_NAMES_FILE "names"
#define STORE_QUEUE_MAX  8192

struct store;

typedef void (*store_done)(void *userdata, int error);

/*
 * Finishes what pending.h says, opens or makes the database in dir (made with mode 0700 if it
 * lacks; refused if others may write there), checks it, closes what a crash has left open in the
 * ledger, and loads everything into policy, which must be empty. Errors: -EPERM (the directory),
 * -EBUSY (another broker uses it), -ENOTSUP (written by a newer version), -EBADMSG (pending.h: the
 * file is damaged), -EUCLEAN (damaged, or no database), or as above.
 */
int store_open(const char *dir, struct policy *policy, struct store **ret);

/* A sentence that says what to do about an error of store_open. */
const char *store_open_error_text(int error);

/* Waits until all that is queued has been written, and calls every done that is due. */
void store_close(struct store *store);
DEFINE_CLEANUP(struct store *, store_close)

/* Readable (EPOLLIN) when completions wait. The store's; do not read it. */
int store_fd(const struct store *store);
void store_dispatch(struct store *store);

/* How many jobs wait for the disk. */
size_t store_queue_length(struct store *store);

/* How often this database has been opened: 1 at first. Durable before store_open returned. */
uint64_t store_run(const struct store *store);

/* An id for a lease: never used twice, not after a crash either. 0: none can be had just now,
 * because the disk does not answer. */
uint64_t store_next_lease_id(struct store *store);

/* With its tokens. -EEXIST. */
int store_add_client(struct store *store, const struct client *client, store_done done,
		     void *userdata);
/* With its tokens and grants. -ENOENT. */
int store_remove_client(struct store *store, const char *name, store_done done, void *userdata);
/* others_end: from when on the client's other tokens end, if not before; 0: they do not. */
int store_add_token(struct store *store, const char *client, const struct token *token,
		    uint64_t others_end, store_done done, void *userdata);
int store_remove_token(struct store *store, uint64_t id, store_done done, void *userdata);
/* The user of this machine who is the client, in place of another. -ENOENT. */
int store_set_user(struct store *store, const char *client, uint32_t user, store_done done,
		   void *userdata);
/* -ENOENT. */
int store_remove_user(struct store *store, const char *client, store_done done, void *userdata);
/* hash: of the key. -EEXIST: it is somebody's. */
int store_add_pin(struct store *store, const char *client, const struct token *pin, store_done done,
		  void *userdata);
/* -ENOENT. */
int store_remove_pin(struct store *store, const uint8_t spki[TOKEN_HASH_SIZE], store_done done,
		     void *userdata);
int store_add_integration(struct store *store, const struct integration *integration,
			  store_done done, void *userdata);
/* With its grants. -ENOENT; -ENOENT also if a client is of it still. */
int store_remove_integration(struct store *store, const char *name, store_done done,
			     void *userdata);
/* With all that names it: tokens, grants, clients, suspension. -ENOENT, -EEXIST. */
int store_rename_integration(struct store *store, const char *from, const char *to, store_done done,
			     void *userdata);
int store_rename_client(struct store *store, const char *from, const char *to, store_done done,
			void *userdata);
/* integration: "" none. -ENOENT (either). */
int store_move_client(struct store *store, const char *name, const char *integration,
		      store_done done, void *userdata);
int store_add_camera(struct store *store, const struct camera_record *camera, store_done done,
		     void *userdata);
/* Replaces the hardware of the camera with this UUID. -ENOENT. */
int store_set_hardware(struct store *store, const struct camera_record *camera, store_done done,
		       void *userdata);
/* Gives the camera with this UUID this name; its suspension goes along. -ENOENT, -EEXIST. */
int store_rename_camera(struct store *store, const struct camera_record *camera, store_done done,
			void *userdata);
/* With its grants and settings. -ENOENT. */
int store_remove_camera(struct store *store, const uint8_t uuid[UUID_SIZE], store_done done,
			void *userdata);
/* What the owner has chosen: the record's `chosen`; one control's value. -ENOENT. */
int store_set_configuration(struct store *store, const struct camera_record *camera,
			    store_done done, void *userdata);
int store_set_choice(struct store *store, const uint8_t uuid[UUID_SIZE], const char *control,
		     int32_t value, store_done done, void *userdata);
/* Replaces the server's certificate (tls-identity.h), PEM. */
int store_write_certificate(struct store *store, const char *pem, store_done done, void *userdata);
/* Makes STORE_NAMES_FILE, which camward-name reads (name/given.h), say what the database says. */
int store_write_names(struct store *store, store_done done, void *userdata);
int store_add_grant(struct store *store, const struct grant *grant, store_done done,
		    void *userdata);
int store_remove_grant(struct store *store, uint64_t id, store_done done, void *userdata);
/* The client's own grants for this camera; none is no error. */
int store_remove_grants(struct store *store, const char *client, const uint8_t camera[UUID_SIZE],
			store_done done, void *userdata);
/* Replaces one of the same kind and name. */
int store_suspend(struct store *store, const struct suspension *suspension, store_done done,
		  void *userdata);
/* Removes the clients, integrations, tokens and grants that policy does not have (any more), by
 * what it has now, pending ones included. */
int store_keep_only(struct store *store, const struct policy *policy, store_done done,
		    void *userdata);
/* -ENOENT. */
int store_resume(struct store *store, enum suspension_kind kind, const char *name, store_done done,
		 void *userdata);
