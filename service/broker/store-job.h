// SPDX-License-Identifier: LGPL-2.1-or-later
/* One thing to be written: made by the main loop's thread, run by the store's, given back. */
#pragma once

#include "broker/db.h"
#include "broker/ledger-denials.h"
#include "broker/store.h"

/* What the store's thread works on; after store_open nobody else touches it. */
struct store_writer {
	sqlite3 *db;
	int dir; /* the store's */
	uint64_t run;
	struct ledger_denials denials;
};

struct store_job {
	struct store_job *next;
	/* 0 or an error; within a savepoint of its own. */
	int (*run)(struct store_writer *writer, const struct store_job *job);
	store_done done;
	void *userdata;
	int error;
	void *owned;  /* by this job; freed with it */
	void *result; /* the caller's: filled by run, good when done is called */
	union {
		struct client client;
		struct integration integration;
		struct {
			char from[NAME_SIZE], to[NAME_SIZE];
		} names;
		struct camera_record camera;
		struct grant grant;
		struct suspension suspension;
		struct {
			char client[NAME_SIZE];
			struct token token;
			uint64_t others_end;
		} token;
		struct {
			char client[NAME_SIZE];
			uint8_t camera[UUID_SIZE];
		} grants;
		struct {
			/* ",1,2,": in owned */
			const char *clients, *integrations, *tokens, *grants, *users, *pins;
		} keep;
		struct {
			int fd; /* the caller's */
			bool keys;
		} backup;
		uint64_t id;
		struct {
			enum ledger_kind kind;
			struct ledger_event event;
		} ledger;
		size_t n_reservations; /* of the array in owned */
	};
};

/* First in, first out. */
struct store_jobs {
	struct store_job *first, *last;
	size_t n;
};

void store_jobs_push(struct store_jobs *jobs, struct store_job *job);
struct store_job *store_jobs_pop(struct store_jobs *jobs);
/* Moves all of them to the end of another list. */
void store_jobs_move(struct store_jobs *to, struct store_jobs *from);

/* Zeroed but for these three. NULL without memory. */
struct store_job *store_job_new(int (*run)(struct store_writer *, const struct store_job *),
				store_done done, void *userdata);
/* The same with a copy of these bytes as what it owns. NULL without memory, too. */
struct store_job *store_job_new_copy(int (*run)(struct store_writer *, const struct store_job *),
				     const void *bytes, size_t size, store_done done,
				     void *userdata);
/* Erases what it holds. */
void store_job_free(struct store_job *job);

/* Runs all of them in one transaction and sets each one's error; writes the denials that are due
 * at now (CLOCK_MONOTONIC). */
void store_jobs_run(struct store_jobs *jobs, struct store_writer *writer, uint64_t now);
