// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A camera that the broker knows, whether its process runs or not: its epochs, its rings on their
 * way from the process to the sessions, and what it last said about itself.
 *
 * An epoch begins when the first lease wants pictures and ends CAMERA_LINGER after the last one, or
 * when the process dies or has lost its device. In the same way each of its streams comes and goes
 * with those who take it. A ring's descriptor is kept as long as its stream is made and is never
 * mapped here.
 */
#pragma once

#include "broker/camera-controls.h"
#include "broker/camera-record.h"
#include "broker/link.h"
#include "broker/list.h"
#include "proto/camera-msg.h"
#include "proto/session-msg.h"

#define CAMERA_LINGER            (2 * USEC_PER_SEC)
#define CAMERA_KEYFRAME_INTERVAL (1 * USEC_PER_SEC)

struct broker;
struct lease;

struct camera_stream {
	struct camera *camera;
	bool wanted;   /* its process has been told to make it */
	uint32_t turn; /* by this one */
	int ring;      /* -EBADF: none yet */
	uint64_t ring_size;
	uint32_t codec, width, height; /* as its process told last; 0: not yet */
	unsigned n_leases;
	sd_event_source *linger;
	sd_event_source *keyframe_timer;
	uint64_t keyframe_sent; /* us, CLOCK_MONOTONIC */
};

struct camera {
	struct list list; /* of the broker */
	struct broker *broker;
	char name[NAME_SIZE];
	uint8_t uuid[UUID_SIZE];
	bool inherited; /* by --camera: its name is the parent's */
	/* Why it is kept out; "": it is not. */
	char trouble[PROTO_REASON_SIZE];
	char refused[CAMERA_HARDWARE_SIZE]; /* hardware that asked in its place; "": none */
	char comes_as[NAME_SIZE]; /* the name under which its hardware asks; "": its own */

	struct link link;          /* not open: the process does not run */
	uint64_t settings;         /* the reading of them that HELLO waits for (reload.h) */
	bool welcomed;             /* HELLO has been answered */
	struct camera_state state; /* as last told; condition 0: nothing yet */
	struct camera_controls controls;

	uint64_t epoch; /* 0: none */
	/* Of the epoch's key; the size is 0 until its process has told it. */
	uint8_t certificate[PROTO_SEAL_CERTIFICATE_SIZE];
	uint32_t certificate_size;
	uint32_t turn; /* of the epoch's last START or STREAMS */
	struct camera_stream streams[RING_N_STREAMS];
	unsigned n_leases;
	uint64_t delivered, skipped[SESSION_N_SKIP_REASONS]; /* of leases that are over */
	unsigned n_watching; /* leases, until their last byte has gone (light.h) */
};

int camera_new(struct broker *broker, const struct camera_record *record, struct camera **ret);
struct camera *camera_free(struct camera *camera);

struct camera *camera_find(const struct broker *broker, const char *name);

/* "absent", "idle", "starting", "running", "lost". */
const char *camera_condition_text(const struct camera *camera);
/* Whether a viewer could be served: it has a process that has not lost its device. */
bool camera_is_online(const struct camera *camera);

/* Which streams its source can give, 1 << enum ring_stream; all while that is not known. */
uint32_t camera_possible_streams(const struct camera *camera);

/* One lease more or less that wants pictures of this stream. Errors: -ENODEV (it is absent),
 * -EOPNOTSUPP (it has no such stream). */
int camera_attach(struct camera *camera, uint32_t stream);
void camera_detach(struct camera *camera, uint32_t stream);

/* Now, unless somebody has pictures of it: whoever suspends does not wait for CAMERA_LINGER. */
void camera_close_device(struct camera *camera);

/*
 * Its process went before it had heard of the epoch's START, as one does that makes way for a new
 * one: who waits for pictures goes on waiting (LEASE_OPEN_TIMEOUT), and resume asks the next
 * process for them. Does nothing, and says so, of an epoch that had begun.
 */
bool camera_withdraw_epoch(struct camera *camera);
void camera_resume(struct camera *camera);

/* Ends the epoch: every lease in it gets an orderly end with this reason. */
void camera_end_epoch(struct camera *camera, const char *reason);

/* At most one in CAMERA_KEYFRAME_INTERVAL; those between become one at its end. */
void camera_want_keyframe(struct camera *camera, uint32_t stream);

/* Makes a lease's wake: the camera's process gets one end, *ret the other (the caller's). */
int camera_add_wake(struct camera *camera, uint64_t lease, uint32_t stream, int *ret);
/* It tells of this stream from now on. */
void camera_move_wake(struct camera *camera, uint64_t lease, uint32_t stream);
/* The same with an end that somebody else has made; it stays the caller's. */
void camera_give_wake(struct camera *camera, uint64_t lease, uint32_t stream, int wake);
void camera_drop_wake(struct camera *camera, uint64_t lease);

/* Asks for a lease's statement; lease_stated() follows, unless the epoch ends. */
void camera_ask_statement(struct camera *camera, const struct lease *lease);
