// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A local subscriber: takes a camera's frames on this machine and writes them to standard output.
 * It needs libsystemd, and of camward only a header that says what comes over the socket:
 *
 *	cc -D_GNU_SOURCE -I service -o subscribe docs/examples/subscribe.c \
 *		$(pkg-config --cflags --libs libsystemd)
 *
 * An administrator says who may, once; from then on the program needs no token, for the bus says
 * which user it runs as:
 *
 *	camwardctl client add recorder
 *	camwardctl client user recorder _recorder
 *	usermod -aG camward-local _recorder
 *	camwardctl grant recorder front live,raw
 *
 *	subscribe front | ffplay -f h264 -
 *	subscribe --raw front | ffplay -f rawvideo -pixel_format yuv420p -video_size 1280x720 -
 *
 * It ends with status 0 when its access ends or the camera goes, be it in the middle of a frame.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "proto/subscriber-msg.h"

struct subscription {
	sd_bus *bus; /* stays connected: the subscription ends with it */
	int socket;
	int memory;
	uint64_t size; /* of the memory */
};

/* Camera.Subscribe: the socket. */
static int subscribe(struct subscription *s, const char *camera, const char *client, bool raw)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	const char *lease;
	char *path = NULL;
	int fd, r = sd_bus_open_system(&s->bus);

	if (r >= 0)
		r = sd_bus_path_encode("/org/camward/Camward1/camera", camera, &path);
	if (r >= 0)
		r = sd_bus_call_method(s->bus, "org.camward.Camward1", path,
				       "org.camward.Camward1.Camera", "Subscribe", &error, &reply,
				       "a{sv}", client ? 2 : 1, "right", "s", raw ? "raw" : "live",
				       "client", "s", client);
	if (r >= 0)
		r = sd_bus_message_read(reply, "oh", &lease, &fd);
	if (r >= 0)
		s->socket = dup(fd); /* the reply closes its own */
	else
		fprintf(stderr, "subscribe: %s\n", error.message ? error.message : strerror(-r));
	sd_bus_message_unref(reply);
	sd_bus_error_free(&error);
	free(path);
	return r < 0 ? r : 0;
}

/* One message, and the descriptor that may come with it. Returns its size; 0: it is over. */
static ssize_t receive(int socket, void *message, size_t size, int *ret_fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = {message, size};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(socket, &m, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;

	*ret_fd = -1;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(c), sizeof(*ret_fd));
	/* Memory that was taken back while something lay unread. */
	return n < 0 && errno == ECONNRESET ? 0 : n;
}

/* The first message. It says whose frames these are: they must be those that were asked for. */
static int take_memory(struct subscription *s, const char *camera)
{
	struct subscriber_memory m;

	if (receive(s->socket, &m, sizeof(m), &s->memory) != sizeof(m) || s->memory < 0 ||
	    m.header.type != SUBSCRIBER_MEMORY || m.header.version != SUBSCRIBER_MSG_VERSION) {
		fprintf(stderr, "subscribe: this is not what was expected\n");
		return -EPROTO;
	}
	if (strcmp(m.camera, camera) != 0) {
		fprintf(stderr, "subscribe: these are frames of '%s'\n", m.camera);
		return -EPROTO;
	}
	s->size = m.size;
	fprintf(stderr, "subscribe: %s, %ux%u, %s\n", m.camera, m.format.width, m.format.height,
		m.right == RIGHT_RAW                ? "I420"
		: m.format.codec == RING_CODEC_H264 ? "H.264"
						    : "JPEG");
	return 0;
}

/* Copies a frame out and gives it back. Returns 0, or 1 when it is over. */
static int take_frame(struct subscription *s, const struct subscriber_frame *frame)
{
	struct subscriber_release release = {
		.header = {.type = SUBSCRIBER_RELEASE,
			   .version = SUBSCRIBER_MSG_VERSION,
			   .size = sizeof(release)},
		.sequence = frame->sequence,
	};
	char *bytes = malloc(frame->length);
	ssize_t n = bytes ? pread(s->memory, bytes, frame->length, (off_t)frame->offset) : -1;
	bool whole = n == (ssize_t)frame->length;

	if (frame->skipped)
		fprintf(stderr, "subscribe: too slow for %u frames\n", frame->skipped);
	if (whole)
		whole = fwrite(bytes, frame->length, 1, stdout) == 1 && fflush(stdout) == 0;
	free(bytes);
	if (!whole)
		return 1; /* the memory has been taken back, or nobody reads us */
	return send(s->socket, &release, sizeof(release), MSG_NOSIGNAL) < 0;
}

static int run(struct subscription *s)
{
	struct subscriber_frame frame;
	ssize_t n;
	int fd;

	while ((n = receive(s->socket, &frame, sizeof(frame), &fd)) == sizeof(frame) &&
	       frame.header.type == SUBSCRIBER_FRAME)
		if (take_frame(s, &frame) != 0)
			return 0;
	if (n != 0)
		fprintf(stderr, "subscribe: %s\n", n < 0 ? strerror(errno) : "an odd message");
	return n == 0 ? 0 : -EPROTO;
}

/* The socket does not block; this program has nothing else to do. */
static int set_blocking(int socket)
{
	int flags = fcntl(socket, F_GETFL);

	return flags < 0 || fcntl(socket, F_SETFL, flags & ~O_NONBLOCK) < 0 ? -errno : 0;
}

int main(int argc, char *argv[])
{
	struct subscription s = {.socket = -1, .memory = -1};
	const char *client = NULL;
	bool raw = false;
	int i = 1, r;

	for (; i < argc && argv[i][0] == '-'; i++)
		if (!strcmp(argv[i], "--raw"))
			raw = true;
		else if (!strcmp(argv[i], "--client") && i + 1 < argc)
			client = argv[++i];
		else
			break;
	if (i + 1 != argc || argv[i][0] == '-') {
		fprintf(stderr, "Usage: subscribe [--raw] [--client NAME] CAMERA\n");
		return 2;
	}
	r = subscribe(&s, argv[i], client, raw);
	if (r >= 0)
		r = set_blocking(s.socket);
	if (r >= 0)
		r = take_memory(&s, argv[i]);
	if (r >= 0)
		r = run(&s);
	sd_bus_flush_close_unref(s.bus);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
