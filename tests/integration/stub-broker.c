// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the gate and its sessions talk to in tests that need a broker which misbehaves: it plays a
 * clip into a ring by the real ring writer, signs handshakes with a key that it makes itself, and
 * grants, denies, or lies as it is told.
 *
 *	stub-broker GATE CLIP RTSPS-PORT HTTPS-PORT [--fault FAULT] [GATE-ARGUMENTS...]
 *
 * FAULT: name, uuid, epoch, stream (GRANTED and ring disagree), answer (GRANTED unasked).
 * Commands on standard input, one a line: end, hangup (closes the sessions' links), drop (closes
 * the gate's link), kill, freeze, thaw (the clip), quit. What happens is told on standard output.
 *
 * It knows the client "owner" with the token "secret", and the camera "front"; "busy" is at its
 * limit, "dark" gives no picture, "ask" waits for an agent that never answers.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/memfd.h"
#include "base/ring-writer.h"
#include "proto/camera-msg.h"
#include "stub-clip.h"
#include "stub.h"

#define SESSIONS_MAX 600
#define FPS          30
#define EPOCH        7

struct session {
	struct chan link;
	uint64_t connection;
	int dup;
	int wake;
	struct session_counters *counters;
};

static struct session sessions[SESSIONS_MAX];
static struct chan gate = {.fd = -EBADF};
static struct ring_writer *ring;
static struct ring_description description = {
	.camera_uuid = {1, 2, 3, 4, 5, 6, 7, 8},
	.camera_name = "front",
	.epoch = EPOCH,
	.codec = RING_CODEC_H264,
	.fps_numerator = FPS,
	.fps_denominator = 1,
};
static const char *fault = "";
static bool frozen, keyframe_wanted;

_Noreturn void stub_die(const char *what)
{
	fprintf(stderr, "stub-broker: %s: %s\n", what, strerror(errno));
	exit(1);
}

static bool faulty(const char *name)
{
	return strcmp(fault, name) == 0;
}

/* --- sessions --- */

static int on_sign(void *userdata, const void *message, int *fds)
{
	struct session *s = userdata;
	struct session_signature answer = {};

	stub_tls_sign(message, &answer);
	return chan_send_message(&s->link, SESSION_SIGNATURE, &answer);
}

static bool is_owner(const struct session_credential *c)
{
	return strcmp(c->client, "owner") == 0 && strcmp(c->token, "secret") == 0;
}

static int deny(struct session *s, uint32_t reason)
{
	struct session_denied m = {.reason = reason};

	printf("denied %llu %u\n", (unsigned long long)s->connection, reason);
	return chan_send_message(&s->link, SESSION_DENIED, &m);
}

static int grant(struct session *s)
{
	struct session_granted m = {
		.lease = s->connection,
		.epoch = faulty("epoch") ? EPOCH + 1 : EPOCH,
		.ring_size = ring_writer_size(ring),
		.stream = faulty("stream") ? RING_STREAM_SUB : RING_STREAM_MAIN,
	};
	struct gate_admitted admitted = {.connection = s->connection};
	int pair[2], counters, permit, r;
	void *page;

	memcpy(m.camera_uuid, description.camera_uuid, UUID_SIZE);
	m.camera_uuid[15] = faulty("uuid");
	strcpy(m.camera, faulty("name") ? "back" : "front");
	counters = memfd_create_shared("counters", sizeof(struct session_counters), &page);
	s->counters = page;
	permit = memfd_create_single_writer("permit", sizeof(struct session_permit), &page);
	if (counters < 0 || permit < 0 || fdpass_pair(pair) < 0)
		stub_die("grant");
	atomic_store(&((struct session_permit *)page)->frames, UINT64_MAX);
	munmap(page, sizeof(struct session_permit));
	s->wake = pair[0];
	printf("granted %llu\n", (unsigned long long)s->connection);
	r = chan_send(&s->link, SESSION_GRANTED, &m, sizeof(m),
		      (int[]){ring_writer_fd(ring), pair[1], counters, permit},
		      SESSION_GRANTED_FDS);
	close(pair[1]);
	close(counters);
	close(permit);
	return r < 0 ? r : chan_send_message(&gate, GATE_ADMITTED, &admitted);
}

static int on_open(void *userdata, const void *message, int *fds)
{
	const struct session_open *m = message;
	struct session *s = userdata;

	printf("open %llu %s %s\n", (unsigned long long)s->connection, m->credential.client,
	       m->camera);
	if (!is_owner(&m->credential))
		return deny(s, SESSION_DENIED_CREDENTIAL);
	if (strcmp(m->camera, "busy") == 0)
		return deny(s, SESSION_DENIED_LIMIT);
	if (strcmp(m->camera, "dark") == 0)
		return deny(s, SESSION_DENIED_UNAVAILABLE);
	if (strcmp(m->camera, "ask") == 0) {
		struct gate_admitted admitted = {.connection = s->connection};

		(void)chan_send_message(&gate, GATE_ADMITTED, &admitted);
		return chan_send_message(&s->link, SESSION_PENDING, &(struct session_pending){});
	}
	if (strcmp(m->camera, "front") != 0 || m->stream != RING_STREAM_MAIN)
		return deny(s, SESSION_DENIED_NOT_FOUND);
	return grant(s);
}

static int on_list(void *userdata, const void *message, int *fds)
{
	const struct session_list *m = message;
	struct session *s = userdata;
	struct session_cameras answer = {.n_cameras = 2};

	if (!is_owner(&m->credential))
		return deny(s, SESSION_DENIED_CREDENTIAL);
	strcpy(answer.cameras[0].name, "front");
	memcpy(answer.cameras[0].uuid, description.camera_uuid, UUID_SIZE);
	answer.cameras[0].rights = RIGHT_LIVE | RIGHT_STILL;
	answer.cameras[0].online = 1;
	answer.cameras[0].streams = 1 << RING_STREAM_MAIN | 1 << RING_STREAM_SUB;
	strcpy(answer.cameras[1].name, "back");
	answer.cameras[1].rights = RIGHT_STILL;
	return chan_send_message(&s->link, SESSION_CAMERAS, &answer);
}

static int on_keyframe(void *userdata, const void *message, int *fds)
{
	keyframe_wanted = true;
	return 0;
}

static void tell_counters(const struct session *s)
{
	const struct session_counters *c = s->counters;

	printf("counters %llu intent %llu done %llu offered %llu late %llu overrun %llu join %llu "
	       "first %llu last %llu wire %llu\n",
	       (unsigned long long)s->connection, (unsigned long long)c->intent,
	       (unsigned long long)c->done, (unsigned long long)c->offered,
	       (unsigned long long)c->skipped[0], (unsigned long long)c->skipped[1],
	       (unsigned long long)c->skipped[2], (unsigned long long)c->first_sequence,
	       (unsigned long long)c->last_sequence, (unsigned long long)c->wire_bytes);
}

static int on_done(void *userdata, const void *message, int *fds)
{
	const struct session_done *m = message;
	struct session *s = userdata;

	printf("done %llu %u\n", (unsigned long long)s->connection, m->how);
	return 0;
}

#define ALWAYS(kind, upper, check)                                              \
	{                                                                       \
		.type = SESSION_##upper, .size = sizeof(struct session_##kind), \
		.states = CHAN_ANY_STATE, .valid = check, .handler = on_##kind, \
	}
static const struct chan_rule session_rules[] = {
	ALWAYS(sign, SIGN, NULL),
	ALWAYS(open, OPEN, session_open_valid),
	ALWAYS(list, LIST, session_list_valid),
	ALWAYS(keyframe, KEYFRAME, NULL),
	ALWAYS(done, DONE, session_done_valid),
};

static void forget(struct session *s)
{
	if (s->counters) {
		tell_counters(s);
		munmap(s->counters, sizeof(*s->counters));
	}
	chan_close(&s->link);
	close_fd(s->dup);
	close_fd(s->wake);
	*s = (struct session){};
}

static void publish(void)
{
	struct camera_wake wake = {.index = stub_clip_publish(ring, keyframe_wanted)};

	keyframe_wanted = false;
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		if (sessions[i].wake > 0 &&
		    send(sessions[i].wake, &wake, sizeof(wake), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
		    errno == EPIPE)
			close_fd(steal_fd(&sessions[i].wake));
}

/* --- the gate --- */

static int on_connection(void *userdata, const void *message, int *fds)
{
	const struct gate_connection *m = message;
	struct session *s = sessions;

	while (s->connection)
		if (++s == sessions + SESSIONS_MAX)
			stub_die("too many");
	*s = (struct session){
		.connection = m->connection, .wake = -EBADF, .dup = steal_fd(&fds[1])};
	chan_init(&s->link, steal_fd(&fds[0]), SESSION_MSG_VERSION, session_rules,
		  ARRAY_SIZE(session_rules), 1, s);
	printf("connection %llu port %u\n", (unsigned long long)m->connection, m->peer.port);
	return faulty("answer") ? grant(s) : 0;
}

static int on_exited(void *userdata, const void *message, int *fds)
{
	const struct gate_exited *m = message;

	printf("exited %llu %u %u\n", (unsigned long long)m->connection, m->how, m->value);
	return 0;
}

static int on_listening(void *userdata, const void *message, int *fds)
{
	const struct gate_listening *m = message;

	for (uint32_t i = 0; i < m->n_listeners; i++)
		printf("listening %u port %u\n", m->listeners[i].service, m->listeners[i].port);
	return 0;
}

static const struct chan_rule gate_rules[] = {
	{
		.type = GATE_LISTENING,
		.size = sizeof(struct gate_listening),
		.once = true,
		.states = CHAN_ANY_STATE,
		.valid = gate_listening_valid,
		.handler = on_listening,
	},
	{
		.type = GATE_CONNECTION,
		.size = sizeof(struct gate_connection),
		.n_fds = GATE_CONNECTION_FDS,
		.states = CHAN_ANY_STATE,
		.valid = gate_connection_valid,
		.handler = on_connection,
	},
	{
		.type = GATE_EXITED,
		.size = sizeof(struct gate_exited),
		.states = CHAN_ANY_STATE,
		.valid = gate_exited_valid,
		.handler = on_exited,
	},
};

/* --- the loop --- */

static void for_each(void (*f)(struct session *s))
{
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		if (sessions[i].connection)
			f(&sessions[i]);
}

static void end(struct session *s)
{
	struct session_end m = {.reason = SESSION_END_CAMERA};

	(void)chan_send_message(&s->link, SESSION_END, &m);
}

static void abort_connection(struct session *s)
{
	struct sockaddr address = {.sa_family = AF_UNSPEC};

	connect(s->dup, &address, sizeof(address));
}

static void kill_child(struct session *s)
{
	struct gate_kill m = {.connection = s->connection};

	(void)chan_send_message(&gate, GATE_KILL, &m);
}

static void command(void)
{
	char line[64];

	if (!fgets(line, sizeof(line), stdin) || strcmp(line, "quit\n") == 0)
		exit(0);
	if (strcmp(line, "end\n") == 0)
		for_each(end);
	else if (strcmp(line, "abort\n") == 0)
		for_each(abort_connection);
	else if (strcmp(line, "kill\n") == 0)
		for_each(kill_child);
	else if (strcmp(line, "hangup\n") == 0)
		for_each(forget);
	else if (strcmp(line, "counters\n") == 0) {
		for (size_t i = 0; i < SESSIONS_MAX; i++)
			if (sessions[i].counters)
				tell_counters(&sessions[i]);
		printf("end of counters\n");
	} else if (strcmp(line, "drop\n") == 0)
		chan_close(&gate);
	else if (strcmp(line, "freeze\n") == 0)
		frozen = true;
	else if (strcmp(line, "thaw\n") == 0)
		frozen = false;
}

static void run(int timer)
{
	static struct pollfd p[SESSIONS_MAX + 3];
	uint64_t expired;

	p[0] = (struct pollfd){.fd = timer, .events = POLLIN};
	p[1] = (struct pollfd){.fd = gate.fd, .events = POLLIN};
	p[2] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		p[3 + i] = (struct pollfd){
			.fd = sessions[i].connection ? sessions[i].link.fd : -1,
			.events = POLLIN,
		};
	if (poll(p, ARRAY_SIZE(p), -1) < 0)
		stub_die("poll");
	if (p[0].revents && read(timer, &expired, sizeof(expired)) > 0 && !frozen)
		publish();
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		if (p[3 + i].revents && sessions[i].connection &&
		    chan_receive(&sessions[i].link) != 1)
			forget(&sessions[i]);
	if (p[1].revents && chan_receive(&gate) != 1) {
		printf("the gate is gone\n");
		chan_close(&gate);
	}
	if (p[2].revents)
		command();
}

int main(int argc, char **argv)
{
	static struct gate_server server;
	struct itimerspec interval = {{0, 1000000000 / FPS}, {0, 1000000000 / FPS}};
	int pair[2], timer, rtsps, https, first = 5;
	pid_t pid;

	if (argc < 5)
		return 2;
	if (argc > 6 && strcmp(argv[5], "--fault") == 0) {
		fault = argv[6];
		first = 7;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	ring = stub_clip_load(argv[2], &description);
	if (!ring)
		stub_die(argv[2]);
	stub_tls_init(&server);
	rtsps = stub_gate_listen(argv[3]);
	https = stub_gate_listen(argv[4]);
	if (fdpass_pair(pair) < 0)
		stub_die("socketpair");
	pid = stub_gate_start(argv[1], rtsps, https, pair[1], argv + first);
	close(pair[1]);
	close(rtsps);
	close(https);
	chan_init(&gate, pair[0], GATE_MSG_VERSION, gate_rules, ARRAY_SIZE(gate_rules), 1, NULL);
	timer = timerfd_create(CLOCK_MONOTONIC, 0);
	timerfd_settime(timer, 0, &interval, NULL);
	if (chan_send_message(&gate, GATE_SERVER, &server) < 0)
		stub_die("server");
	printf("gate %d\n", pid);
	for (;;)
		run(timer);
}
