// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/fdpass.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "base/cleanup.h"

/* What the kernel accounts for a small message, rounded up. */
#define MESSAGE_COST 1024

union fdpass_control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(FDPASS_MAX * sizeof(int))];
};

int fdpass_pair(int ret[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ret) < 0)
		return -errno;
	return 0;
}

int fdpass_set_backlog(int sock)
{
	/* Twice of it is what the kernel grants; what is beyond net.core.wmem_max it cuts. */
	const int size = FDPASS_BACKLOG * MESSAGE_COST;

	return setsockopt(sock, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) < 0 ? -errno : 0;
}

int fdpass_connect(const char *path, int *ret)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (fd < 0)
		return -errno;
	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >=
	    (int)sizeof(address.sun_path))
		return -ENAMETOOLONG;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	*ret = steal_fd(&fd);
	return 0;
}

int fdpass_send(int sock, const void *message, size_t size, const int *fds, size_t n_fds)
{
	struct iovec iov = {.iov_base = (void *)(uintptr_t)message, .iov_len = size};
	struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};
	union fdpass_control control = {};
	ssize_t n;

	if (n_fds > FDPASS_MAX)
		return -E2BIG;
	if (n_fds > 0) {
		struct cmsghdr *c;

		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		c = CMSG_FIRSTHDR(&header);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
	}
	do
		n = sendmsg(sock, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* Everything that arrived, up to what the control buffer holds. */
static size_t collect_fds(struct msghdr *header, int *fds)
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		size_t here;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		here = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds + n, CMSG_DATA(c), here * sizeof(int));
		n += here;
	}
	return n;
}

ssize_t fdpass_recv(int sock, void *message, size_t size, int *fds, size_t max_fds,
		    size_t *ret_n_fds)
{
	struct iovec iov = {.iov_base = message, .iov_len = size};
	union fdpass_control control;
	struct msghdr header = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	int arrived[sizeof(control.bytes) / sizeof(int)];
	size_t n_fds;
	ssize_t n;

	*ret_n_fds = 0;
	do
		n = recvmsg(sock, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	n_fds = collect_fds(&header, arrived);
	if (header.msg_flags & MSG_TRUNC) {
		close_fds(arrived, n_fds);
		return -EMSGSIZE;
	}
	/* A message without a byte looks like the end of the stream, but brings what it carries. */
	if (header.msg_flags & MSG_CTRUNC || n_fds > max_fds || (n == 0 && n_fds > 0)) {
		close_fds(arrived, n_fds);
		return -EPROTO;
	}
	memcpy(fds, arrived, n_fds * sizeof(int));
	*ret_n_fds = n_fds;
	return n;
}
