// SPDX-License-Identifier: LGPL-2.1-or-later
#include "load/viewer.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "load/dialogue.h"
#include "load/pin.h"
#include "wire/demux.h"

#define PRIORITY    "NORMAL:-VERS-ALL:+VERS-TLS1.3"
#define ALIVE_EVERY (25 * USEC_PER_SEC)

/* Readiness is level-triggered, so what is left after this much comes again. */
#define READ_AT_ONCE (256u << 10)

static const char *const END_NAMES[] = {
	[VIEWER_RUNNING] = "running",           [VIEWER_FINISHED] = "finished",
	[VIEWER_REFUSED] = "refused",           [VIEWER_RST] = "rst",
	[VIEWER_CLOSE_NOTIFY] = "close_notify", [VIEWER_FIN] = "fin",
	[VIEWER_TLS_ERROR] = "tls_error",       [VIEWER_PROTOCOL_ERROR] = "protocol_error",
};

const char *viewer_end_name(enum viewer_end end)
{
	return END_NAMES[end];
}

static void end(struct viewer *v, enum viewer_end how)
{
	if (v->state == VIEWER_ENDED)
		return;
	v->state = VIEWER_ENDED;
	v->end = how;
	v->end_realtime = clock_realtime();
	close_fd(steal_fd(&v->fd));
}

static ssize_t push(gnutls_transport_ptr_t p, const void *data, size_t n)
{
	struct viewer *v = p;
	ssize_t r = send(v->fd, data, n, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (r < 0)
		gnutls_transport_set_errno(v->tls, errno);
	return r;
}

/* How much may be read now; 0: nothing. */
static size_t allowed(const struct viewer *v)
{
	size_t room = sizeof(v->raw);

	if (v->drained || v->paused)
		return 0;
	if (v->options->rate_limit == 0 || v->state != VIEWER_PLAYING)
		return room;
	return v->allowance < room ? v->allowance : room;
}

static ssize_t fill(struct viewer *v)
{
	size_t room = allowed(v);
	ssize_t r;

	if (room == 0) {
		gnutls_transport_set_errno(v->tls, EAGAIN);
		return -1;
	}
	r = recv(v->fd, v->raw, room, MSG_DONTWAIT);
	if (r < 0) {
		v->drained = true;
		gnutls_transport_set_errno(v->tls, errno);
		return -1;
	}
	v->drained = (size_t)r < room;
	v->received += (size_t)r;
	v->allowance -= v->options->rate_limit && v->state == VIEWER_PLAYING ? (size_t)r : 0;
	v->last_realtime = r > 0 ? clock_realtime() : v->last_realtime;
	v->raw_at = 0;
	v->raw_len = (size_t)r;
	return r;
}

static ssize_t pull(gnutls_transport_ptr_t p, void *data, size_t n)
{
	struct viewer *v = p;

	if (v->raw_at == v->raw_len) {
		ssize_t r = fill(v);

		if (r <= 0)
			return r;
	}
	if (n > v->raw_len - v->raw_at)
		n = v->raw_len - v->raw_at;
	memcpy(data, v->raw + v->raw_at, n);
	v->raw_at += n;
	return (ssize_t)n;
}

/* Comes from the address that was chosen. */
static int bind_source(struct viewer *v)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM}, *a;
	int r;

	if (!v->options->source)
		return 0;
	if (getaddrinfo(v->options->source, NULL, &hints, &a) != 0)
		return -EINVAL;
	r = bind(v->fd, a->ai_addr, a->ai_addrlen);
	freeaddrinfo(a);
	return r < 0 ? -errno : 0;
}

static int open_socket(struct viewer *v)
{
	const struct load_options *o = v->options;
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM}, *a;
	int one = 1, size = (int)o->receive_buffer, r;

	if (getaddrinfo(o->host, o->port, &hints, &a) != 0)
		return -EINVAL;
	v->fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (v->fd >= 0 && size > 0)
		setsockopt(v->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (v->fd >= 0)
		setsockopt(v->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	r = v->fd < 0 ? -errno : bind_source(v);
	if (r == 0 && connect(v->fd, a->ai_addr, a->ai_addrlen) < 0 && errno != EINPROGRESS)
		r = -errno;
	freeaddrinfo(a);
	return r;
}

static void poll_for(struct viewer *v, int epoll, int operation, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = v};

	epoll_ctl(epoll, operation, v->fd, &event);
}

int viewer_start(struct viewer *v, const struct load_options *o, unsigned index, int epoll,
		 gnutls_certificate_credentials_t credentials)
{
	int r;

	*v = (struct viewer){.options = o,
			     .camera = o->cameras[index % o->n_cameras],
			     .fd = -EBADF,
			     .stalled = index < o->stalled,
			     .started = clock_monotonic()};
	r = stream_init(&v->stream);
	if (r < 0)
		return r;
	if (gnutls_init(&v->tls, GNUTLS_CLIENT | GNUTLS_NONBLOCK) < 0 ||
	    gnutls_priority_set_direct(v->tls, PRIORITY, NULL) < 0 ||
	    gnutls_credentials_set(v->tls, GNUTLS_CRD_CERTIFICATE, credentials) < 0)
		return -ENOMEM;
	gnutls_transport_set_ptr(v->tls, v);
	gnutls_transport_set_push_function(v->tls, push);
	gnutls_transport_set_pull_function(v->tls, pull);
	r = open_socket(v);
	if (r < 0)
		return r;
	poll_for(v, epoll, EPOLL_CTL_ADD, EPOLLOUT);
	return 0;
}

static void end_by_error(struct viewer *v, ssize_t error)
{
	int code = 0;
	socklen_t size = sizeof(code);

	if (error == GNUTLS_E_PREMATURE_TERMINATION) {
		end(v, VIEWER_FIN);
		return;
	}
	/* GnuTLS says only that it could not pull or push. */
	if (error == GNUTLS_E_PULL_ERROR || error == GNUTLS_E_PUSH_ERROR)
		end(v, VIEWER_RST);
	getsockopt(v->fd, SOL_SOCKET, SO_ERROR, &code, &size);
	end(v, code != 0 ? VIEWER_RST : VIEWER_TLS_ERROR);
}

static void send_request(struct viewer *v, const char *method)
{
	char request[2048];
	int n = dialogue_request(v, method, request, sizeof(request));
	ssize_t r = gnutls_record_send(v->tls, request, (size_t)n);

	if (r < 0)
		end_by_error(v, r);
}

static void start_playing(struct viewer *v, uint64_t now)
{
	v->state = VIEWER_PLAYING;
	v->played = now;
	v->next_alive = now + ALIVE_EVERY;
	v->allowance_at = now;
	v->stream.measure_from = now + v->options->warm_up_us;
}

static void continue_handshake(struct viewer *v)
{
	int r = gnutls_handshake(v->tls);

	if (r < 0) {
		if (gnutls_error_is_fatal(r))
			end_by_error(v, r);
		return;
	}
	v->handshaken = clock_monotonic();
	if (v->options->pin && !pin_matches(v->tls, v->options->pin)) {
		end(v, VIEWER_TLS_ERROR);
		return;
	}
	if (v->options->bare) {
		start_playing(v, v->handshaken);
		return;
	}
	v->state = VIEWER_DESCRIBE;
	send_request(v, "DESCRIBE");
}

static void take_answer(struct viewer *v, const struct dialogue_answer *answer, uint64_t now)
{
	if (answer->status != 200) {
		v->status = answer->status;
		end(v, VIEWER_REFUSED);
		return;
	}
	switch (v->state) {
	case VIEWER_DESCRIBE:
		v->state = VIEWER_SETUP;
		send_request(v, "SETUP");
		break;
	case VIEWER_SETUP:
		snprintf(v->session, sizeof(v->session), "%s", answer->session);
		v->state = VIEWER_PLAY;
		v->play_sent = now;
		send_request(v, "PLAY");
		break;
	case VIEWER_PLAY:
		start_playing(v, now);
		break;
	default:
		break; /* to a keepalive */
	}
}

/* Takes one answer or frame off the front; false when it is not complete. */
static bool take_one(struct viewer *v, size_t *at, uint64_t now)
{
	const uint8_t *data = v->plain + *at;
	size_t len = v->plain_len - *at;
	struct dialogue_answer answer;
	struct demux_frame frame;

	if (len == 0)
		return false;
	if (*data == '$') {
		if (demux_peek(data, len, DEMUX_FRAME_MAX, &frame) != DEMUX_FRAME)
			return false;
		stream_push(&v->stream, frame.channel, frame.payload, now);
		*at += frame.size;
		return true;
	}
	switch (dialogue_parse(&answer, data, len)) {
	case 0:
		return false;
	case 1:
		*at += answer.size;
		take_answer(v, &answer, now);
		return v->state != VIEWER_ENDED;
	default:
		end(v, VIEWER_PROTOCOL_ERROR);
		return false;
	}
}

static void take_plain(struct viewer *v, uint64_t now)
{
	size_t at = 0;

	while (take_one(v, &at, now))
		;
	memmove(v->plain, v->plain + at, v->plain_len - at);
	v->plain_len -= at;
	if (v->plain_len == sizeof(v->plain))
		end(v, VIEWER_PROTOCOL_ERROR);
}

static void read_stream(struct viewer *v)
{
	size_t total = 0;

	v->drained = false;
	while (v->state != VIEWER_ENDED && total < READ_AT_ONCE) {
		ssize_t n = gnutls_record_recv(v->tls, v->plain + v->plain_len,
					       sizeof(v->plain) - v->plain_len);

		if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
			return;
		if (n == 0)
			end(v, VIEWER_CLOSE_NOTIFY);
		else if (n < 0 && gnutls_error_is_fatal((int)n))
			end_by_error(v, n);
		if (n <= 0)
			continue;
		total += (size_t)n;
		if (v->options->bare)
			continue;
		v->plain_len += (size_t)n;
		take_plain(v, clock_monotonic());
	}
}

void viewer_event(struct viewer *v, int epoll, uint32_t events)
{
	if (v->state == VIEWER_ENDED)
		return;
	/* While paused, only the connection's end is reported. */
	if (v->paused) {
		if (events & (EPOLLERR | EPOLLHUP))
			end(v, events & EPOLLERR ? VIEWER_RST : VIEWER_FIN);
		return;
	}
	if (v->state == VIEWER_CONNECTING) {
		v->state = VIEWER_HANDSHAKE;
		poll_for(v, epoll, EPOLL_CTL_MOD, EPOLLIN);
	}
	if (v->state == VIEWER_HANDSHAKE) {
		v->drained = false;
		continue_handshake(v);
	}
	if (v->state >= VIEWER_DESCRIBE && v->state < VIEWER_ENDED)
		read_stream(v);
	if (v->state != VIEWER_PLAYING)
		return;
	v->paused = v->stalled || (v->options->rate_limit && v->allowance == 0);
	if (v->paused)
		poll_for(v, epoll, EPOLL_CTL_MOD, 0);
}

static void grant_allowance(struct viewer *v, int epoll, uint64_t now)
{
	uint64_t rate = v->options->rate_limit;
	uint64_t grant = (now - v->allowance_at) * rate / USEC_PER_SEC;

	if (rate == 0 || grant == 0 || v->stalled)
		return;
	v->allowance_at = now;
	v->allowance += grant;
	if (v->allowance > rate)
		v->allowance = rate;
	if (v->paused) {
		v->paused = false;
		poll_for(v, epoll, EPOLL_CTL_MOD, EPOLLIN);
	}
}

void viewer_tick(struct viewer *v, int epoll, uint64_t now)
{
	if (v->state != VIEWER_PLAYING)
		return;
	grant_allowance(v, epoll, now);
	if (now >= v->next_alive && !v->stalled && !v->options->bare) {
		v->next_alive = now + ALIVE_EVERY;
		send_request(v, "GET_PARAMETER");
	}
}

void viewer_finish(struct viewer *v)
{
	if (v->state == VIEWER_PLAYING && !v->options->bare) {
		send_request(v, "TEARDOWN");
		if (v->state == VIEWER_PLAYING)
			gnutls_bye(v->tls, GNUTLS_SHUT_WR);
	}
	end(v, VIEWER_FINISHED);
}

void viewer_done(struct viewer *v)
{
	gnutls_deinit(v->tls);
	stream_done(&v->stream);
}
