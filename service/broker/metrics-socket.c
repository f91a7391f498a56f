// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/metrics-socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "broker/broker.h"
#include "broker/metrics.h"

#define TIMER_ACCURACY (100 * USEC_PER_MSEC)
#define BACKLOG        8
#define MODE           0660

/* Its text may be larger than what the kernel takes at once. */
struct reader {
	struct list list;
	struct metrics_socket *server;
	int fd;
	char last[4]; /* of the request, whose end is an empty line */
	char *answer; /* NULL: the request is not whole yet */
	size_t size, sent;
	sd_event_source *io, *timer;
};

struct metrics_socket {
	struct broker *broker;
	int fd;
	char *path;
	unsigned n;
	struct list readers;
	sd_event_source *io;
};

static void reader_free(struct reader *reader)
{
	reader->server->n--;
	list_remove(&reader->list);
	sd_event_source_disable_unref(reader->io);
	sd_event_source_disable_unref(reader->timer);
	close_fd(reader->fd);
	free(reader->answer);
	free(reader);
}

static int compose(struct reader *reader)
{
	_cleanup_free_ char *text = metrics_text(reader->server->broker);
	int n = text ? asprintf(&reader->answer,
				"HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"
				"Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
				strlen(text), text)
		     : -1;

	if (n < 0) {
		reader->answer = NULL;
		return -ENOMEM;
	}
	reader->size = (size_t)n;
	return sd_event_source_set_io_events(reader->io, EPOLLOUT);
}

/* 1: it is whole; 0: not yet. */
static int take_request(struct reader *reader)
{
	char bytes[1024];
	ssize_t n = recv(reader->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	for (ssize_t i = 0; i < n; i++) {
		memmove(reader->last, reader->last + 1, sizeof(reader->last) - 1);
		reader->last[sizeof(reader->last) - 1] = bytes[i];
		if (memcmp(reader->last, "\r\n\r\n", sizeof(reader->last)) == 0)
			return 1;
	}
	/* Who asks nothing, as `socat - UNIX:...` at its end, is answered too. */
	return n == 0;
}

static int send_answer(struct reader *reader)
{
	ssize_t n = send(reader->fd, reader->answer + reader->sent, reader->size - reader->sent,
			 MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	reader->sent += (size_t)n;
	return reader->sent == reader->size ? -ECONNRESET : 0;
}

static int on_reader(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct reader *reader = userdata;
	int r = reader->answer ? send_answer(reader) : take_request(reader);

	if (r > 0)
		r = compose(reader);
	if (r < 0)
		reader_free(reader);
	return 0;
}

static int on_timeout(sd_event_source *source, uint64_t when, void *userdata)
{
	reader_free(userdata);
	return 0;
}

static int add_reader(struct metrics_socket *server, int fd)
{
	struct reader *reader = calloc(1, sizeof(*reader));
	sd_event *event = server->broker->event;
	int r;

	if (!reader)
		return -ENOMEM;
	*reader = (struct reader){.server = server, .fd = fd};
	server->n++;
	list_append(&server->readers, &reader->list);
	r = sd_event_add_io(event, &reader->io, fd, EPOLLIN, on_reader, reader);
	if (r >= 0)
		r = sd_event_source_set_priority(reader->io, BROKER_PRIORITY_SESSION);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &reader->timer, CLOCK_MONOTONIC,
					       METRICS_SOCKET_TIMEOUT, TIMER_ACCURACY, on_timeout,
					       reader);
	if (r < 0) {
		reader->fd = -EBADF;
		reader_free(reader);
	}
	return r;
}

static int on_connection(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct metrics_socket *server = userdata;
	int reader = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (reader >= 0 &&
	    (server->n == METRICS_SOCKET_READERS_MAX || add_reader(server, reader) < 0))
		close_fd(reader);
	return 0;
}

static int bind_to(struct metrics_socket *server)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(server->path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, server->path);
	server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server->fd < 0)
		return -errno;
	if (unlink(server->path) < 0 && errno != ENOENT)
		return -errno;
	if (bind(server->fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(server->path, MODE) < 0 || listen(server->fd, BACKLOG) < 0)
		return -errno;
	return 0;
}

int metrics_socket_open(struct broker *broker, const char *path, struct metrics_socket **ret)
{
	struct metrics_socket *server = calloc(1, sizeof(*server));
	int r = -ENOMEM;

	if (!server)
		return r;
	*server = (struct metrics_socket){.broker = broker, .fd = -EBADF, .path = strdup(path)};
	list_init(&server->readers);
	if (server->path)
		r = bind_to(server);
	if (r >= 0)
		r = sd_event_add_io(broker->event, &server->io, server->fd, EPOLLIN, on_connection,
				    server);
	if (r >= 0)
		r = sd_event_source_set_priority(server->io, BROKER_PRIORITY_SESSION);
	if (r < 0) {
		metrics_socket_close(server);
		return r;
	}
	*ret = server;
	return 0;
}

void metrics_socket_close(struct metrics_socket *server)
{
	struct reader *reader, *tmp;

	if (!server)
		return;
	list_for_each_safe (reader, tmp, &server->readers, list)
		reader_free(reader);
	sd_event_source_disable_unref(server->io);
	if (server->fd >= 0)
		(void)unlink(server->path);
	close_fd(server->fd);
	free(server->path);
	free(server);
}
