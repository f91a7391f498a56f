// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What serving viewers cannot cost less than, with a process for each: TLS 1.3 with AES-128-GCM,
 * one forked process a viewer, which sends frames of given sizes at their times, each as one
 * collection of records and one send(). No RTSP, no RTP, no sandbox, no ring, no wake-ups from
 * elsewhere. tests/bench/viewers measures the service against it.
 */
#include <errno.h>
#include <getopt.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "base/parse.h"
#include "bench/certificate.h"

#define PRIORITY                                                               \
	"NONE:+VERS-TLS1.3:+AEAD:+AES-128-GCM:+GROUP-X25519:+GROUP-SECP256R1:" \
	"+SIGN-ECDSA-SECP256R1-SHA256:+CTYPE-X509"

#define SIZES_MAX  100000
#define FRAME_MAX  (4u << 20)
#define RECORD_MAX 16384
#define OVERHEAD   64 /* of a record, generously */

static const char HELP[] =
	"bare-sender --sizes FILE [--port PORT] [--fps N]: prints its port, then sends frames of\n"
	"the sizes in FILE (one a line, repeated) over TLS to whoever connects on loopback, one\n"
	"forked process each, until it is killed.\n";

struct sender {
	uint32_t sizes[SIZES_MAX];
	unsigned n_sizes;
	uint32_t fps;
	uint64_t base; /* CLOCK_MONOTONIC us of frame 0 */
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priority;
	uint8_t *frame; /* FRAME_MAX random bytes */
};

struct viewer {
	int fd;
	bool collecting;
	size_t len;
	uint8_t *out;
};

static ssize_t push(gnutls_transport_ptr_t p, const void *data, size_t n)
{
	struct viewer *v = p;

	if (!v->collecting)
		return send(v->fd, data, n, MSG_NOSIGNAL);
	memcpy(v->out + v->len, data, n);
	v->len += n;
	return (ssize_t)n;
}

static ssize_t pull(gnutls_transport_ptr_t p, void *data, size_t n)
{
	return recv(((struct viewer *)p)->fd, data, n, 0);
}

static int send_frame(gnutls_session_t tls, struct viewer *v, const uint8_t *frame, size_t size)
{
	v->len = 0;
	for (size_t at = 0; at < size;) {
		size_t piece = size - at < RECORD_MAX ? size - at : RECORD_MAX;
		ssize_t n = gnutls_record_send(tls, frame + at, piece);

		if (n < 0)
			return -EIO;
		at += (size_t)n;
	}
	for (size_t at = 0; at < v->len;) {
		ssize_t n = send(v->fd, v->out + at, v->len - at, MSG_NOSIGNAL);

		if (n < 0)
			return -errno;
		at += (size_t)n;
	}
	return 0;
}

static void sleep_until(uint64_t us)
{
	struct timespec t = {.tv_sec = (time_t)(us / USEC_PER_SEC),
			     .tv_nsec = (long)(us % USEC_PER_SEC * NSEC_PER_USEC)};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static int serve(const struct sender *s, int fd)
{
	struct viewer v = {.fd = fd};
	gnutls_session_t tls;
	uint64_t frame;
	int r, one = 1;

	v.out = malloc(FRAME_MAX + (FRAME_MAX / RECORD_MAX + 1) * OVERHEAD);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (!v.out || gnutls_init(&tls, GNUTLS_SERVER | GNUTLS_NO_TICKETS) < 0)
		return -ENOMEM;
	gnutls_priority_set(tls, s->priority);
	gnutls_credentials_set(tls, GNUTLS_CRD_CERTIFICATE, s->credentials);
	gnutls_transport_set_ptr(tls, &v);
	gnutls_transport_set_push_function(tls, push);
	gnutls_transport_set_pull_function(tls, pull);
	do
		r = gnutls_handshake(tls);
	while (r < 0 && !gnutls_error_is_fatal(r));
	if (r < 0)
		return -EIO;
	v.collecting = true;
	frame = (clock_monotonic() - s->base) * s->fps / USEC_PER_SEC + 1;
	for (r = 0; r == 0; frame++) {
		sleep_until(s->base + frame * USEC_PER_SEC / s->fps);
		r = send_frame(tls, &v, s->frame, s->sizes[frame % s->n_sizes]);
	}
	return r;
}

static int read_sizes(struct sender *s, const char *path)
{
	FILE *f = fopen(path, "re");
	uint32_t size;

	if (!f)
		return -errno;
	while (s->n_sizes < SIZES_MAX && fscanf(f, "%u", &size) == 1 && size <= FRAME_MAX)
		s->sizes[s->n_sizes++] = size;
	fclose(f);
	return s->n_sizes > 0 ? 0 : -EINVAL;
}

static int open_listener(uint32_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((uint16_t)port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(a);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 1024) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &size) < 0)
		return -errno;
	printf("%u\n", ntohs(a.sin_port));
	fflush(stdout);
	return fd;
}

/* Children are waited for, so that their time is in ours; a busy accept() must not keep them. */
static void reap(int signal)
{
	int saved = errno;

	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	errno = saved;
}

static int accept_viewers(const struct sender *s, int listener)
{
	struct sigaction action = {.sa_handler = reap, .sa_flags = SA_RESTART | SA_NOCLDSTOP};

	sigaction(SIGCHLD, &action, NULL);
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			return -errno;
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(listener);
			_exit(serve(s, fd) < 0);
		}
		close(fd);
	}
}

static int prepare(struct sender *s)
{
	s->base = clock_monotonic();
	s->frame =
		mmap(NULL, FRAME_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s->frame == MAP_FAILED || gnutls_rnd(GNUTLS_RND_NONCE, s->frame, FRAME_MAX) < 0)
		return -ENOMEM;
	if (gnutls_priority_init(&s->priority, PRIORITY, NULL) < 0)
		return -EINVAL;
	return certificate_make(&s->credentials);
}

static int parse(struct sender *s, int argc, char **argv, uint32_t *port)
{
	static const struct option options[] = {{"sizes", required_argument, NULL, 's'},
						{"port", required_argument, NULL, 'p'},
						{"fps", required_argument, NULL, 'f'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	int option, r = 0;

	s->fps = 30;
	while (r == 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 's')
			r = read_sizes(s, optarg);
		else if (option == 'p')
			r = parse_u32(optarg, UINT16_MAX, port);
		else if (option == 'f')
			r = parse_u32(optarg, 1000, &s->fps);
		else
			r = option == 'h' ? 1 : -EINVAL;
	}
	return r == 0 && (s->n_sizes == 0 || s->fps == 0) ? -EINVAL : r;
}

static struct sender sender;

int main(int argc, char **argv)
{
	uint32_t port = 0;
	int listener, r;

	r = parse(&sender, argc, argv, &port);
	if (r != 0) {
		fputs(HELP, r > 0 ? stdout : stderr);
		return r > 0 ? 0 : 2;
	}
	r = prepare(&sender);
	listener = r < 0 ? r : open_listener(port);
	if (listener >= 0)
		listener = accept_viewers(&sender, listener);
	fprintf(stderr, "bare-sender: %s\n", strerror(-listener));
	return 1;
}
