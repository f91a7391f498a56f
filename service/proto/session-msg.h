// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The link between a session and the broker. One message = one struct, fixed size (base/chan.h).
 *
 *	session -> broker   SIGN (once), CERTIFICATE (once), OPEN, LIST, STILL, KEYFRAME, SWITCH,
 *	                    TRIPWIRE (once), DONE
 *	broker -> session   SIGNATURE, GRANTED (+4 fds), RING (+1), CAMERAS, STILL_READY (+1),
 *	                    PENDING, DENIED, END
 *
 * An answer follows each OPEN, LIST, STILL and SWITCH: one at a time. Once a ring has been handed
 * over, the session is bound to that camera for life: an OPEN that names another ends the link.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/chan.h"
#include "base/ring.h"
#include "proto/limits.h"
#include "proto/rights.h"

#define SESSION_MSG_VERSION 1

enum session_msg_type {
	/* session -> broker */
	SESSION_SIGN = 1,
	SESSION_OPEN = 2,
	SESSION_LIST = 3,
	SESSION_STILL = 4,
	SESSION_KEYFRAME = 5,
	SESSION_SWITCH = 6,
	SESSION_DONE = 7,
	SESSION_TRIPWIRE = 8,
	SESSION_CERTIFICATE = 9,
	/* broker -> session */
	SESSION_SIGNATURE = 101,
	SESSION_GRANTED = 102,
	SESSION_RING = 103,
	SESSION_CAMERAS = 104,
	SESSION_STILL_READY = 105,
	SESSION_PENDING = 106,
	SESSION_DENIED = 107,
	SESSION_END = 108,
};

/* The server's signature in the TLS handshake: ECDSA P-256 over a SHA-256 digest. */
#define SESSION_DIGEST_SIZE    32
#define SESSION_SIGNATURE_SIZE 80 /* DER, 8..72 bytes used */

struct session_sign {
	struct chan_header header;
	uint8_t digest[SESSION_DIGEST_SIZE];
};

struct session_signature {
	struct chan_header header;
	uint32_t size;
	uint8_t signature[SESSION_SIGNATURE_SIZE];
};

enum session_credential_kind {
	SESSION_CREDENTIAL_TOKEN = 1,
	SESSION_CREDENTIAL_CERTIFICATE = 2, /* that of CERTIFICATE; client and token are "" */
};

/*
 * The viewer has a certificate: the handshake's messages (RFC 8446, 4), each with its head, from
 * ClientHello to the client's CertificateVerify, a HelloRetryRequest as the ServerHello that it is.
 * The broker sees for itself what they prove (broker/handshake.h); no answer follows.
 */
struct session_certificate {
	struct chan_header header;
	uint32_t size;
	uint8_t handshake[PROTO_HANDSHAKE_SIZE];
};

/* Who asks. Erased by whoever is done with it. */
struct session_credential {
	uint32_t kind;                /* enum session_credential_kind */
	char client[PROTO_NAME_SIZE]; /* TOKEN */
	char token[PROTO_TOKEN_SIZE]; /* TOKEN */
};

enum session_protocol {
	SESSION_PROTOCOL_RTSP = 1,
	SESSION_PROTOCOL_HTTP = 2,
	SESSION_PROTOCOL_WEBSOCKET = 3,
};

struct session_open {
	struct chan_header header;
	struct session_credential credential;
	char camera[PROTO_NAME_SIZE];
	uint32_t right;      /* RIGHT_LIVE */
	uint32_t stream;     /* enum ring_stream */
	uint32_t may_switch; /* 1: to the other stream and back, by SWITCH; stream is MAIN */
	uint32_t protocol;   /* enum session_protocol */
	uint32_t has_nonce;
	uint8_t nonce[PROTO_NONCE_SIZE];       /* the viewer's, from Camward-Nonce */
	uint8_t exporter[PROTO_EXPORTER_SIZE]; /* TLS exporter of this connection (RFC 9266) */
};

struct session_list {
	struct chan_header header;
	struct session_credential credential;
};

struct session_still {
	struct chan_header header;
	struct session_credential credential;
	char camera[PROTO_NAME_SIZE];
	uint32_t has_nonce;
	uint8_t nonce[PROTO_NONCE_SIZE];
	uint8_t exporter[PROTO_EXPORTER_SIZE];
};

/* Of the stream whose ring was handed over last. */
struct session_keyframe {
	struct chan_header header;
};

/* Answered by RING, or by DENIED: then all stays as it is. No sooner than SESSION_SWITCH_USEC after
 * the last. */
#define SESSION_SWITCH_USEC (UINT64_C(1000) * 1000)
struct session_switch {
	struct chan_header header;
	uint32_t stream; /* enum ring_stream */
};

enum session_done_how {
	SESSION_DONE_VIEWER = 1,   /* TEARDOWN, close_notify, or the viewer went away */
	SESSION_DONE_SILENT = 2,   /* no sign of life for the session's timeout */
	SESSION_DONE_STALLED = 3,  /* took nothing for too long (session/progress.h) */
	SESSION_DONE_PROTOCOL = 4, /* spoke something that cannot be answered */
	SESSION_DONE_SERVER = 5,   /* after END */
};

struct session_done {
	struct chan_header header;
	uint32_t how; /* enum session_done_how */
};

/* What GRANTED brought is not of the camera, epoch or stream that was asked for and granted. The
 * session exits with GATE_STATUS_TRIPWIRE; this comes before, as its link is read first. */
struct session_tripwire {
	struct chan_header header;
};

/* fds: [0] the ring, read-only; [1] the reading end of the wake; [2] the counters page; [3] the
 * permit, read-only. */
#define SESSION_GRANTED_FDS 4
struct session_granted {
	struct chan_header header;
	uint64_t lease;
	uint64_t epoch;
	uint64_t ring_size;
	uint8_t camera_uuid[UUID_SIZE];
	char camera[PROTO_NAME_SIZE];   /* the broker's name for it: compared with the ring's */
	uint32_t stream;                /* enum ring_stream */
	uint32_t seal_certificate_size; /* this and the statement: 0 without a nonce */
	uint8_t seal_certificate[PROTO_SEAL_CERTIFICATE_SIZE];
	uint32_t statement_size;
	uint8_t statement[PROTO_STATEMENT_SIZE];
};

/* The ring of the other stream, as GRANTED's: of the same camera, and of the same epoch. The wake
 * is about this one from now on. */
#define SESSION_RING_FDS 1
struct session_ring {
	struct chan_header header;
	uint64_t epoch;
	uint64_t ring_size;
	uint32_t stream;
	uint32_t reserved;
};

#define SESSION_CAMERAS_MAX 64
struct session_camera {
	char name[PROTO_NAME_SIZE];
	uint8_t uuid[UUID_SIZE];
	uint32_t rights; /* enum right */
	uint32_t online;
	uint32_t streams; /* that may be watched, as far as is known: 1 << enum ring_stream */
	uint32_t reserved;
};

struct session_cameras {
	struct chan_header header;
	uint32_t n_cameras;
	uint32_t reserved;
	struct session_camera cameras[SESSION_CAMERAS_MAX];
};

#define SESSION_STILL_FDS 1
struct session_still_ready {
	struct chan_header header;
	uint64_t size;
	uint32_t statement_size;
	uint8_t statement[PROTO_STATEMENT_SIZE];
};

/* An agent is being asked; GRANTED or DENIED follows. */
struct session_pending {
	struct chan_header header;
};

enum session_denied_reason {
	SESSION_DENIED_CREDENTIAL = 1,  /* nobody, or not with this token: 401 */
	SESSION_DENIED_NOT_FOUND = 2,   /* not granted, suspended or not existing, all alike: 404 */
	SESSION_DENIED_UNAVAILABLE = 3, /* granted, but the camera gives no picture now: 503 */
	SESSION_DENIED_LIMIT = 4,       /* granted, but too many at once: 453 */
};

struct session_denied {
	struct chan_header header;
	uint32_t reason; /* enum session_denied_reason */
};

enum session_end_reason {
	SESSION_END_CAMERA = 1,   /* the camera's epoch is over */
	SESSION_END_SHUTDOWN = 2, /* the service stops */
};

/* An orderly end. Revocation sends nothing: it aborts the connection. */
struct session_end {
	struct chan_header header;
	uint32_t reason; /* enum session_end_reason */
};

/*
 * The counters page, one memfd a lease: written by the session alone, read by the broker.
 * For each frame: raise intent, hand it to the kernel, then raise done (store-release), so that
 * after a kill at any instruction intent - done <= 1. offered = delivered + sum of skipped.
 */
#define SESSION_COUNTERS_FRAMES 256

enum session_skip_reason {
	SESSION_SKIP_LATE = 0,    /* older than MaxFrameAge */
	SESSION_SKIP_OVERRUN = 1, /* the ring was overwritten before it was read */
	SESSION_SKIP_JOIN = 2,    /* before the keyframe that a skip waits for */
	SESSION_SKIP_SWITCH = 3,  /* between two streams */
	SESSION_N_SKIP_REASONS,
};

struct session_counters {
	_Atomic uint64_t intent; /* frames begun */
	_Atomic uint64_t done;   /* frames handed to the kernel whole: delivered */
	_Atomic uint64_t offered;
	_Atomic uint64_t skipped[SESSION_N_SKIP_REASONS];
	_Atomic uint64_t first_sequence; /* + 1; 0: none; of the stream that it began with */
	_Atomic uint64_t last_sequence;  /* the same */
	_Atomic uint64_t acknowledged;   /* a local subscriber's: frames that it gave back */
	_Atomic uint64_t wire_bytes;     /* written to the socket since the connection began */
	/* Frame number n (from 0) ends at wire_end[n % SESSION_COUNTERS_FRAMES]. */
	_Atomic uint64_t wire_end[SESSION_COUNTERS_FRAMES];
};

/*
 * The permit, one memfd a lease: written by the broker alone, read by the session before each
 * frame. How many frames may be begun (intent) is durable in the ledger before it stands here, so
 * that none is sent that a power cut could hide. It costs neither side a system call.
 */
struct session_permit {
	_Atomic uint64_t frames;
};

bool session_certificate_valid(const void *message);
bool session_open_valid(const void *message);
bool session_list_valid(const void *message);
bool session_still_valid(const void *message);
bool session_switch_valid(const void *message);
bool session_done_valid(const void *message);
bool session_signature_valid(const void *message);
bool session_granted_valid(const void *message);
bool session_ring_valid(const void *message);
bool session_cameras_valid(const void *message);
bool session_still_ready_valid(const void *message);
bool session_denied_valid(const void *message);
bool session_end_valid(const void *message);
