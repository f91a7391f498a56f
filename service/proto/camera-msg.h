// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The link between a camera process and the broker. One message = one struct, fixed size
 * (base/chan.h).
 *
 *	camera -> broker   HELLO (once, first), EPOCH_KEY, RING (+1 fd), STATEMENT, SEQUENCE, STATE,
 *	                   STILL_DONE (+1), STILL_FAILED, SET_DONE, CONTROL, SUBSCRIBED (+1),
 *	                   UNSUBSCRIBED
 *	broker -> camera   WELCOME (once, first), CERTIFICATE, START, STREAMS, STOP, ADD_WAKE (+1),
 *	                   MOVE_WAKE, DROP_WAKE, LEASE, KEYFRAME, STILL, SET, SUBSCRIBER (+2)
 *
 * START is answered by EPOCH_KEY, that by CERTIFICATE; before it there is no RING. Each LEASE is
 * answered by one STATEMENT, unless its epoch ends.
 *
 * An epoch is one run from START to STOP. The broker numbers the epochs of a camera and never uses
 * a number again. Which streams are made meanwhile follows who takes them: STREAMS. A stream that
 * is made anew has a new ring, and its sequence goes on.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/chan.h"
#include "base/ring.h"
#include "proto/limits.h"
#include "proto/subscriber-msg.h"

#define CAMERA_MSG_VERSION 1

enum camera_msg_type {
	/* camera -> broker */
	CAMERA_HELLO = 1,
	CAMERA_EPOCH_KEY = 2,
	CAMERA_RING = 3,
	CAMERA_STATEMENT = 4,
	CAMERA_SEQUENCE = 5,
	CAMERA_STATE = 6,
	CAMERA_STILL_DONE = 7,
	CAMERA_STILL_FAILED = 8,
	CAMERA_SET_DONE = 9,
	CAMERA_CONTROL = 10,
	CAMERA_SUBSCRIBED = 11,
	CAMERA_UNSUBSCRIBED = 12,
	/* broker -> camera */
	CAMERA_WELCOME = 101,
	CAMERA_CERTIFICATE = 102,
	CAMERA_START = 103,
	CAMERA_STOP = 104,
	CAMERA_ADD_WAKE = 105,
	CAMERA_DROP_WAKE = 106,
	CAMERA_LEASE = 107,
	CAMERA_KEYFRAME = 108,
	CAMERA_STILL = 109,
	CAMERA_SET = 110,
	CAMERA_SUBSCRIBER = 111,
	CAMERA_STREAMS = 112,
	CAMERA_MOVE_WAKE = 113,
};

struct camera_hello {
	struct chan_header header;
	char name[PROTO_NAME_SIZE]; /* of its unit's instance; the broker's record must agree */
};

/* The key that seals this epoch's frames (docs/SEAL.md); its private half stays in the camera. */
struct camera_epoch_key {
	struct chan_header header;
	uint64_t epoch;
	uint8_t key[PROTO_KEY_SIZE];
};

/* Sent once the parameter sets stand in the ring's header, that is with its first keyframe. */
#define CAMERA_RING_FDS 1
struct camera_ring {
	struct chan_header header;
	uint64_t epoch;
	uint64_t ring_size;
	uint32_t stream; /* enum ring_stream */
	uint32_t turn;   /* of the START or STREAMS that asked for the stream */
	/* For people: sessions go by what the ring says. */
	uint32_t codec; /* enum ring_codec; 0: not told */
	uint32_t width, height;
	uint32_t reserved;
};

/* The lease statement as the viewer gets it (docs/SEAL.md); the broker only passes it on. */
struct camera_statement {
	struct chan_header header;
	uint64_t epoch;
	uint64_t lease;
	uint32_t size;
	uint8_t statement[PROTO_STATEMENT_SIZE];
};

/* Where the camera stood when a wake was added or dropped: the upper bound of an exposure, which no
 * session can change. */
struct camera_sequence {
	struct chan_header header;
	uint64_t epoch;
	uint64_t lease;
	uint64_t first; /* of the oldest access unit that can have been read; next: none */
	uint64_t next;  /* sequence of the access unit to come; below 2^63 */
	uint32_t stream;
	uint32_t added; /* 1: by ADD_WAKE, 0: by DROP_WAKE */
};

enum camera_condition {
	CAMERA_IDLE = 1,     /* nobody watches; the device is closed */
	CAMERA_STARTING = 2, /* no picture yet */
	CAMERA_RUNNING = 3,
	CAMERA_LOST = 4, /* unplugged, stalled, busy; it tries again by itself */
};

/* How raw frames reach the encoder. */
enum camera_path {
	CAMERA_PATH_NONE = 0,
	CAMERA_PATH_PASSTHROUGH = 1, /* the camera encodes itself */
	CAMERA_PATH_ZERO_COPY = 2,
	CAMERA_PATH_CONVERTER = 3,
	CAMERA_PATH_COPY = 4,
	CAMERA_PATH_SOFTWARE = 5,
};

enum camera_drop_reason {
	CAMERA_DROP_DRIVER = 0, /* a gap in the driver's sequence */
	CAMERA_DROP_ERROR = 1,  /* V4L2_BUF_FLAG_ERROR */
	CAMERA_DROP_ENCODER = 2,
	CAMERA_DROP_STALE = 3, /* taken before STREAMON */
	CAMERA_DROP_SIZE = 4,  /* larger than the ring takes */
	CAMERA_N_DROP_REASONS,
};

/* Sent at each change of condition and about once a second while running. */
struct camera_state {
	struct chan_header header;
	uint64_t epoch;
	uint32_t condition; /* enum camera_condition */
	uint32_t path;      /* enum camera_path */
	uint32_t width, height;
	uint32_t fps_numerator, fps_denominator;
	uint32_t fourcc;  /* V4L2 pixel format; 0: none */
	uint32_t streams; /* which the source can give, 1 << enum ring_stream; 0: not known yet */
	uint64_t captured, encoded;
	uint64_t dropped[CAMERA_N_DROP_REASONS];
	char source[PROTO_REASON_SIZE];  /* "v4l2 vivid /dev/video0", "pattern" */
	char encoder[PROTO_REASON_SIZE]; /* "OpenH264 2.3.1" */
	char reason[PROTO_REASON_SIZE];  /* why this path, or what is wrong */
};

#define CAMERA_STILL_FDS 1
struct camera_still_done {
	struct chan_header header;
	uint64_t request;
	uint64_t size;
};

struct camera_still_failed {
	struct chan_header header;
	uint64_t request;
	char reason[PROTO_REASON_SIZE];
};

/* What came of a SET that asked for it. */
struct camera_set_done {
	struct chan_header header;
	uint64_t request;
	int32_t error; /* 0, or the device's -errno: -ENODEV it is closed, -ERANGE see value */
	int32_t value; /* of the control now; -ERANGE: the nearest that it takes */
};

enum camera_control_type {
	CAMERA_CONTROL_INTEGER = 1,
	CAMERA_CONTROL_BOOLEAN = 2,
	CAMERA_CONTROL_MENU = 3,
	CAMERA_CONTROL_BUTTON = 4,
	CAMERA_CONTROL_BITMASK = 5,
};

/* Of struct camera_control's flags. */
#define CAMERA_CONTROL_READ_ONLY  (1U << 0)
#define CAMERA_CONTROL_INACTIVE   (1U << 1) /* has no effect while others are as they are */
#define CAMERA_CONTROL_BUSY       (1U << 2) /* cannot be set just now */
#define CAMERA_CONTROL_WRITE_ONLY (1U << 3)
#define CAMERA_CONTROL_N_FLAGS    4

#define CAMERA_CONTROLS_MAX   96 /* of a camera; more are not told */
#define CAMERA_CHOICES_MAX    32 /* of the owner's, for a camera */
#define CAMERA_MENU_MAX       32 /* items; more are not told */
#define CAMERA_MENU_TEXT_SIZE 32

struct camera_menu_item {
	int32_t value;
	char text[CAMERA_MENU_TEXT_SIZE];
};

/*
 * One control of the device: the one numbered `index` of `count`, told in order, all of them, soon
 * after the device was opened or a control was set. count 0: the source has none.
 */
struct camera_control {
	struct chan_header header;
	uint32_t index, count;
	uint32_t type; /* enum camera_control_type */
	uint32_t flags;
	int32_t minimum, maximum;
	int32_t standard; /* the driver's default */
	int32_t value;
	uint32_t step;
	uint32_t n_items;
	char control[PROTO_CONTROL_SIZE]; /* "white_balance_automatic" */
	char title[PROTO_CONTROL_SIZE];   /* "White Balance, Automatic" */
	struct camera_menu_item items[CAMERA_MENU_MAX];
};

/* What may encode raw pictures. */
enum camera_encoder {
	CAMERA_ENCODER_AUTO = 0, /* the hardware, if there is an encoder that can */
	CAMERA_ENCODER_SOFTWARE = 1,
	CAMERA_N_ENCODERS,
};

/* What to make of the picture. 0 means: as the source gives it, or the default. */
struct camera_configuration {
	uint32_t width, height;
	uint32_t fps;
	uint32_t bitrate; /* bit/s */
	uint32_t gop;     /* frames between keyframes */
	/* Of the stream `sub`, which is never larger or faster than what the source gives. */
	uint32_t sub_width, sub_height;
	uint32_t sub_fps;
	uint32_t sub_bitrate; /* bit/s */
	uint32_t encoder;     /* enum camera_encoder */
};

struct camera_welcome {
	struct chan_header header;
	char name[PROTO_NAME_SIZE];
	uint8_t uuid[UUID_SIZE];
	struct camera_configuration configuration;
};

struct camera_certificate {
	struct chan_header header;
	uint64_t epoch;
	uint32_t size;
	uint8_t certificate[PROTO_SEAL_CERTIFICATE_SIZE];
};

struct camera_start {
	struct chan_header header;
	uint64_t epoch;
	uint32_t streams; /* bit 1 << enum ring_stream */
	uint32_t turn;    /* 1; each STREAMS of the epoch has one more */
};

/* From now on these are made, and no others: one that is left out loses its ring, one that is new
 * is answered by RING, unless it cannot be made (STATE). */
struct camera_streams {
	struct chan_header header;
	uint64_t epoch;
	uint32_t streams; /* as in START */
	uint32_t turn;
};

struct camera_stop {
	struct chan_header header;
	uint64_t epoch;
};

/* fds: [0] the writing end of the lease's wake, SEQPACKET, written with MSG_DONTWAIT. A wake
 * message is one struct camera_wake. */
#define CAMERA_ADD_WAKE_FDS 1
struct camera_add_wake {
	struct chan_header header;
	uint64_t epoch;
	uint64_t lease;
	uint32_t stream;
	uint32_t reserved;
};

struct camera_wake {
	uint64_t index; /* of the unit just published in the ring */
};

/* The lease is told of the units of this stream from now on. It keeps the ring that it had. */
struct camera_move_wake {
	struct chan_header header;
	uint64_t epoch;
	uint64_t lease;
	uint32_t stream;
	uint32_t reserved;
};

struct camera_drop_wake {
	struct chan_header header;
	uint64_t lease;
};

/* What to state: this lease, for this viewer's nonce, on this TLS connection. */
struct camera_lease {
	struct chan_header header;
	uint64_t epoch;
	uint64_t lease;
	uint32_t stream;     /* enum ring_stream */
	uint32_t may_switch; /* 1: to the other one, and back */
	uint8_t nonce[PROTO_NONCE_SIZE];
	uint8_t exporter[PROTO_EXPORTER_SIZE];
};

struct camera_keyframe {
	struct chan_header header;
	uint32_t stream;
	uint32_t reserved;
};

struct camera_still {
	struct chan_header header;
	uint64_t request;
};

/*
 * A configuration, or a control's value. With a request it is set now, exactly so, and answered by
 * SET_DONE. Without, it is what the owner has chosen: set at each opening of the device, as near as
 * the control can.
 */
struct camera_set {
	struct chan_header header;
	uint64_t request;                 /* 0: no answer */
	char control[PROTO_CONTROL_SIZE]; /* "": the configuration */
	int32_t value;
	uint32_t reserved;
	struct camera_configuration configuration;
};

/*
 * A local subscriber (proto/subscriber-msg.h) is to have memory of its own: answered by SUBSCRIBED,
 * or UNSUBSCRIBED, unless its epoch ends. Frames are put there from ADD_WAKE on, which brings the
 * subscriber's socket in place of a wake, until DROP_WAKE.
 *
 * fds: [0] the counters page (proto/session-msg.h), which the camera writes; [1] the permit, which
 * it reads: more frames than stand there it does not hand over.
 */
#define CAMERA_SUBSCRIBER_FDS 2
struct camera_subscriber {
	struct chan_header header;
	uint64_t epoch;
	uint64_t lease;
	uint32_t right;  /* RIGHT_LIVE or RIGHT_RAW */
	uint32_t stream; /* enum ring_stream */
};

/* fds: [0] the memory, by memfd_create_revocable(): the broker takes it back when the lease ends.
 */
#define CAMERA_SUBSCRIBED_FDS 1
struct camera_subscribed {
	struct chan_header header;
	uint64_t epoch;
	uint64_t lease;
	uint64_t size;
	char name[PROTO_NAME_SIZE]; /* of its unit's instance, as in HELLO */
	uint32_t right, stream;
	struct subscriber_format format;
};

/* There is no memory for it, it has gone, or it has done what it must not: it gets nothing (more).
 * Of a lease that has ended it means nothing. */
struct camera_unsubscribed {
	struct chan_header header;
	uint64_t epoch;
	uint64_t lease;
	char reason[PROTO_REASON_SIZE];
};

/* Whether a text is a control's name: 1 to PROTO_CONTROL_SIZE - 1 of a-z, 0-9 and '_'. */
bool camera_control_name_valid(const char *name);

bool camera_hello_valid(const void *message);
bool camera_ring_valid(const void *message);
bool camera_statement_valid(const void *message);
bool camera_sequence_valid(const void *message);
bool camera_state_valid(const void *message);
bool camera_still_done_valid(const void *message);
bool camera_still_failed_valid(const void *message);
bool camera_set_done_valid(const void *message);
bool camera_control_valid(const void *message);
bool camera_welcome_valid(const void *message);
bool camera_certificate_valid(const void *message);
bool camera_start_valid(const void *message);
bool camera_streams_valid(const void *message);
bool camera_add_wake_valid(const void *message);
bool camera_move_wake_valid(const void *message);
bool camera_lease_valid(const void *message);
bool camera_keyframe_valid(const void *message);
bool camera_set_valid(const void *message);
bool camera_subscriber_valid(const void *message);
bool camera_subscribed_valid(const void *message);
bool camera_unsubscribed_valid(const void *message);
