// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A broker in this process, real but for its peers: store, ledger, policy, rings and TCP
 * connections are real; the gate, the cameras and the sessions are the test, which speaks their
 * messages over the links. Two cameras, front and back; alice may watch front, bob nothing.
 */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fdpass.h"
#include "base/log.h"
#include "base/ring-writer.h"
#include "broker/broker.h"
#include "broker/camera-link.h"
#include "broker/camera-register.h"
#include "broker/control.h"
#include "broker/gate-link.h"
#include "broker/lease.h"

#define BENCH_PATIENCE (20 * USEC_PER_SEC) /* longer than anything the broker waits for */

struct fake_camera {
	struct camera *camera; /* the broker's */
	int link;              /* the process's end; -EBADF: no process */
	uint64_t epoch;
	struct camera_certificate certificate;
	struct ring_writer *ring, *sub; /* of main, and of sub */
};

struct fake_session {
	uint64_t connection;
	int link;   /* the session's end */
	int viewer; /* the far end of the TCP connection */
	int socket; /* the near end, as the session holds it */
};

struct bench {
	char directory[64];
	sd_event *event;
	struct broker broker;
	struct broker_options options;
	struct gate *gate;
	int gate_link;
	uint64_t connections;
	struct fake_camera front, back;
	char alice[TOKEN_TEXT_SIZE], bob[TOKEN_TEXT_SIZE];
	int done, error; /* of the last control call */
};

/* A port on loopback, and one that others reach. */
static struct gate_listening bench_listening = {
	.n_listeners = 2,
	.listeners = {{.address = {[15] = 1}, .port = 8443, .service = GATE_SERVICE_HTTPS},
		      {.port = 322, .service = GATE_SERVICE_RTSPS}},
};

/* One turn of the loop at most. */
static inline void bench_turn(struct bench *b, uint64_t usec)
{
	assert_true(sd_event_run(b->event, usec) >= 0);
}

/* Turns until nothing has happened for a while: long enough for a commit to the disk. */
static inline void bench_settle(struct bench *b)
{
	while (sd_event_run(b->event, 50 * USEC_PER_MSEC) > 0)
		;
}

static inline void bench_reloaded(void *userdata, int error)
{
	*(int *)userdata = error;
}

/* As by SIGHUP, until it is done. */
static inline void bench_reload(struct bench *b)
{
	int error = 1;

	reload_begin(&b->broker, bench_reloaded, &error);
	while (error > 0)
		sd_event_run(b->event, USEC_PER_SEC);
	assert_int_equal(error, 0);
	b->broker.reload.done = NULL;
}

/* What stands in policy.d, and nothing else, as at a reload. */
static inline void bench_declare(struct bench *b)
{
	struct declared declared;

	declared_read(b->directory, &declared);
	declared_take(&b->broker, &declared);
}

static inline void bench_wait(struct bench *b, uint64_t usec)
{
	uint64_t end = clock_monotonic() + usec;

	while (clock_monotonic() < end)
		bench_turn(b, 5 * USEC_PER_MSEC);
}

/* The next message on a link, turning the loop for up to timeout us. Returns its type, 0 at the
 * link's end, -EAGAIN when none came. */
static inline int bench_receive_within(struct bench *b, uint64_t timeout, int link, void *message,
				       size_t size, int *fds, size_t n_fds)
{
	uint64_t end = clock_monotonic() + timeout;
	union {
		struct chan_header header;
		uint8_t bytes[CHAN_MESSAGE_MAX];
	} m;
	int arrived[FDPASS_MAX];
	size_t n_arrived;
	ssize_t n;

	do {
		n = fdpass_recv(link, m.bytes, sizeof(m), arrived, FDPASS_MAX, &n_arrived);
		if (n == -EAGAIN)
			bench_turn(b, 5 * USEC_PER_MSEC);
	} while (n == -EAGAIN && clock_monotonic() < end);
	if (n == -ECONNRESET)
		return 0;
	if (n <= 0)
		return (int)n;
	assert_true((size_t)n >= sizeof(m.header));
	if (message)
		memcpy(message, m.bytes, size < (size_t)n ? size : (size_t)n);
	for (size_t i = 0; i < n_arrived; i++) {
		if (fds && i < n_fds)
			fds[i] = arrived[i];
		else
			close_fd(arrived[i]);
	}
	return m.header.type;
}

static inline int bench_receive(struct bench *b, int link, void *message, size_t size)
{
	return bench_receive_within(b, BENCH_PATIENCE, link, message, size, NULL, 0);
}

/* Whether nothing comes over a link for a while. */
static inline bool bench_silent(struct bench *b, int link)
{
	return bench_receive_within(b, 100 * USEC_PER_MSEC, link, NULL, 0, NULL, 0) == -EAGAIN;
}

static inline void bench_send(int link, uint16_t type, uint16_t version, void *message, size_t size,
			      const int *fds, size_t n_fds)
{
	struct chan_header *h = message;

	*h = (struct chan_header){.type = type, .version = version, .size = (uint32_t)size};
	assert_int_equal(fdpass_send(link, message, size, fds, n_fds), 0);
}

#define camera_send(c, type, m) \
	bench_send((c)->link, type, CAMERA_MSG_VERSION, m, sizeof(*(m)), NULL, 0)
#define session_send(s, type, m) \
	bench_send((s)->link, type, SESSION_MSG_VERSION, m, sizeof(*(m)), NULL, 0)

static inline void bench_done(void *userdata, int error)
{
	struct bench *b = userdata;

	b->done++;
	b->error = error;
}

/* Runs a control call to its end: BENCH_CONTROL(b, control_revoke, "alice", "front"). */
#define BENCH_CONTROL(b, call, ...)                                                              \
	do {                                                                                     \
		struct control_result result_ = {};                                              \
		int before_ = (b)->done;                                                         \
		assert_int_equal(call(&(b)->broker, __VA_ARGS__, &result_, bench_done, (b)), 0); \
		while ((b)->done == before_)                                                     \
			bench_turn((b), USEC_PER_SEC);                                           \
		assert_int_equal((b)->error, 0);                                                 \
	} while (0)

/* What is not said is live pictures of front. */
static inline void bench_grant(struct bench *b, const struct control_grant *asked)
{
	struct control_grant grant = *asked;

	if (!grant.camera)
		grant.camera = "front";
	if (!grant.rights)
		grant.rights = RIGHT_LIVE;
	BENCH_CONTROL(b, control_add_grant, &grant);
}

static inline void bench_add_client(struct bench *b, const char *name, char token[TOKEN_TEXT_SIZE])
{
	struct control_result result = {};
	int before = b->done;

	assert_int_equal(control_add_client(&b->broker, name, "", 0, &result, bench_done, b), 0);
	while (b->done == before)
		bench_turn(b, USEC_PER_SEC);
	memcpy(token, result.token, TOKEN_TEXT_SIZE);
}

/* Its process: says HELLO as `name`. */
static inline void fake_camera_connect(struct bench *b, struct fake_camera *c, const char *name)
{
	struct camera_hello hello = {};
	int pair[2];

	assert_int_equal(fdpass_pair(pair), 0);
	c->link = pair[0];
	camera_link_adopt(c->camera, pair[1]);
	snprintf(hello.name, sizeof(hello.name), "%s", name);
	camera_send(c, CAMERA_HELLO, &hello);
}

static inline void fake_camera_start(struct bench *b, struct fake_camera *c)
{
	struct camera_welcome welcome;

	fake_camera_connect(b, c, c->camera->name);
	assert_int_equal(bench_receive(b, c->link, &welcome, sizeof(welcome)), CAMERA_WELCOME);
	assert_string_equal(welcome.name, c->camera->name);
	assert_memory_equal(welcome.uuid, c->camera->uuid, UUID_SIZE);
}

static inline void fake_camera_stop(struct fake_camera *c)
{
	close_fd(c->link);
	c->link = -EBADF;
	c->ring = ring_writer_free(c->ring);
	c->sub = ring_writer_free(c->sub);
}

/* Tells the epoch's key, which is nobody's, and takes its certificate. */
static inline void fake_camera_certify(struct bench *b, struct fake_camera *c, uint64_t epoch)
{
	struct camera_epoch_key key = {.epoch = epoch, .key = {7}};

	camera_send(c, CAMERA_EPOCH_KEY, &key);
	assert_int_equal(bench_receive(b, c->link, &c->certificate, sizeof(c->certificate)),
			 CAMERA_CERTIFICATE);
	assert_int_equal(c->certificate.epoch, epoch);
}

/* Gives the ring of a stream. */
static inline void fake_camera_give(struct fake_camera *c, uint32_t stream, uint32_t turn)
{
	struct ring_description description = {
		.epoch = c->epoch,
		.stream = stream,
		.codec = RING_CODEC_H264,
		.width = 16,
		.height = 16,
		.fps_numerator = 30,
		.fps_denominator = 1,
	};
	struct camera_ring ring = {.epoch = c->epoch, .stream = stream, .turn = turn};
	struct ring_writer **writer = stream == RING_STREAM_SUB ? &c->sub : &c->ring;
	int fd;

	memcpy(description.camera_uuid, c->camera->uuid, UUID_SIZE);
	strcpy(description.camera_name, c->camera->name);
	ring_writer_free(*writer);
	assert_int_equal(ring_writer_new(&description, 64, 1 << 16, writer), 0);
	ring.ring_size = ring_writer_size(*writer);
	fd = ring_writer_fd(*writer);
	bench_send(c->link, CAMERA_RING, CAMERA_MSG_VERSION, &ring, sizeof(ring), &fd, 1);
}

/* Waits for START and answers with a key and a ring. */
static inline void fake_camera_serve(struct bench *b, struct fake_camera *c)
{
	struct camera_start start;
	int type;

	/* What was said about earlier leases, and epochs, lies before it. */
	do
		type = bench_receive(b, c->link, &start, sizeof(start));
	while (type == CAMERA_ADD_WAKE || type == CAMERA_DROP_WAKE || type == CAMERA_STOP);
	assert_int_equal(type, CAMERA_START);
	assert_true(start.epoch > c->epoch);
	c->epoch = start.epoch;
	fake_camera_certify(b, c, start.epoch);
	fake_camera_give(
		c, start.streams & 1U << RING_STREAM_MAIN ? RING_STREAM_MAIN : RING_STREAM_SUB,
		start.turn);
}

/* Closes what the test holds. */
static inline void fake_session_close(struct fake_session *s)
{
	close_fd(s->link);
	close_fd(s->viewer);
	close_fd(s->socket);
	*s = (struct fake_session){.link = -EBADF, .viewer = -EBADF, .socket = -EBADF};
}

static inline void connect_tcp(struct fake_session *s)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	s->viewer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(s->viewer, (struct sockaddr *)&address, size), 0);
	s->socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(s->socket >= 0);
	close(listener);
}

/* A new connection, announced by the gate. */
static inline struct fake_session fake_session_open(struct bench *b)
{
	struct fake_session s = {.connection = ++b->connections};
	struct gate_connection m = {.connection = s.connection};
	int pair[2];

	connect_tcp(&s);
	assert_int_equal(fdpass_pair(pair), 0);
	s.link = pair[0];
	m.peer.service = GATE_SERVICE_RTSPS;
	m.peer.port = 4711;
	memcpy(m.peer.address, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\1", 16);
	bench_send(b->gate_link, GATE_CONNECTION, GATE_MSG_VERSION, &m, sizeof(m),
		   (int[]){pair[1], s.socket}, GATE_CONNECTION_FDS);
	close(pair[1]);
	return s;
}

static inline struct session_credential bench_credential(const char *client, const char *token)
{
	struct session_credential credential = {.kind = SESSION_CREDENTIAL_TOKEN};

	snprintf(credential.client, sizeof(credential.client), "%s", client);
	snprintf(credential.token, sizeof(credential.token), "%s", token);
	return credential;
}

static inline void fake_session_ask_stream(struct fake_session *s, const char *client,
					   const char *token, const char *camera, uint32_t stream,
					   bool may_switch)
{
	struct session_open m = {
		.credential = bench_credential(client, token),
		.right = RIGHT_LIVE,
		.stream = stream,
		.may_switch = may_switch,
		.protocol = SESSION_PROTOCOL_RTSP,
	};

	snprintf(m.camera, sizeof(m.camera), "%s", camera);
	session_send(s, SESSION_OPEN, &m);
}

static inline void fake_session_ask(struct fake_session *s, const char *client, const char *token,
				    const char *camera)
{
	fake_session_ask_stream(s, client, token, camera, RING_STREAM_MAIN, false);
}

/* The answer must be a refusal; says which. */
static inline uint32_t fake_session_refused(struct bench *b, struct fake_session *s)
{
	struct session_denied m;

	assert_int_equal(bench_receive(b, s->link, &m, sizeof(m)), SESSION_DENIED);
	return m.reason;
}

/* alice watches front: the whole way to GRANTED. fds: ring, wake, counters, the caller's. */
static inline struct fake_session bench_watch(struct bench *b, struct session_granted *granted,
					      int fds[SESSION_GRANTED_FDS])
{
	struct fake_session s = fake_session_open(b);
	struct gate_admitted admitted;
	int type;

	fake_session_ask(&s, "alice", b->alice, "front");
	if (!b->front.camera->epoch)
		fake_camera_serve(b, &b->front);
	assert_int_equal(bench_receive_within(b, BENCH_PATIENCE, s.link, granted, sizeof(*granted),
					      fds, SESSION_GRANTED_FDS),
			 SESSION_GRANTED);
	/* What was sent about earlier sessions, and about the credential, lies before it. */
	do
		type = bench_receive(b, b->gate_link, &admitted, sizeof(admitted));
	while (type == GATE_KILL || type == GATE_CREDENTIAL);
	assert_int_equal(type, GATE_ADMITTED);
	assert_int_equal(admitted.connection, s.connection);
	return s;
}

/* As bench_watch for those who only want it to run; the descriptors are closed. */
static inline struct fake_session bench_watching(struct bench *b)
{
	struct session_granted granted;
	int fds[SESSION_GRANTED_FDS];
	struct fake_session s = bench_watch(b, &granted, fds);

	close_fds(fds, SESSION_GRANTED_FDS);
	return s;
}

/* How the viewer's connection stands: 1 there is payload, 0 FIN, -errno. */
static inline int viewer_state(const struct fake_session *s)
{
	char byte;
	ssize_t n = recv(s->viewer, &byte, 1, MSG_DONTWAIT);

	return n < 0 ? -errno : (int)n;
}

static inline int bench_setup(void **state)
{
	static unsigned n;
	struct bench *b = calloc(1, sizeof(*b));
	struct gate_server server;
	int pair[2];

	log_set_max_level(-1);
	*b = (struct bench){.front.link = -EBADF, .back.link = -EBADF};
	snprintf(b->directory, sizeof(b->directory), "/tmp/camward-bench-%d-%u", getpid(), n++);
	assert_int_equal(mkdir(b->directory, 0700), 0);
	b->options = (struct broker_options){
		.state_directory = b->directory,
		.config_directory = b->directory,
	};
	assert_true(sd_event_new(&b->event) >= 0);
	assert_int_equal(broker_open(&b->broker, b->event, &b->options), 0);
	assert_int_equal(camera_register(&b->broker, "front", &b->front.camera), 0);
	assert_int_equal(camera_register(&b->broker, "back", &b->back.camera), 0);
	bench_add_client(b, "alice", b->alice);
	bench_add_client(b, "bob", b->bob);
	bench_grant(b, &(struct control_grant){.client = "alice"});
	assert_int_equal(fdpass_pair(pair), 0);
	b->gate_link = pair[0];
	assert_int_equal(gate_new(&b->broker, pair[1], &b->gate), 0);
	assert_int_equal(bench_receive(b, b->gate_link, &server, sizeof(server)), GATE_SERVER);
	assert_false(broker_is_ready(&b->broker));
	bench_send(b->gate_link, GATE_LISTENING, GATE_MSG_VERSION, &bench_listening,
		   sizeof(bench_listening), NULL, 0);
	fake_camera_start(b, &b->front);
	fake_camera_start(b, &b->back);
	*state = b;
	return 0;
}

static inline int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static inline int bench_teardown(void **state)
{
	struct bench *b = *state;

	close_fd(b->gate_link);
	fake_camera_stop(&b->front);
	fake_camera_stop(&b->back);
	broker_close(&b->broker);
	sd_event_unref(b->event);
	nftw(b->directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	free(b);
	return 0;
}
