// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/dialer.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fdpass.h"
#include "base/sandbox.h"
#include "base/sanitizer.h"
#include "view/secret.h"

#define LINK 3

struct answer {
	char why[DIALER_WHY_SIZE]; /* with no socket */
};

/* --- the child --- */

static int finish_connect(int sock)
{
	struct pollfd p = {.fd = sock, .events = POLLOUT};
	socklen_t size = sizeof(int);
	int error = 0;

	if (poll(&p, 1, DIALER_CONNECT_MSEC) == 0)
		return -ETIMEDOUT;
	if (getsockopt(sock, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	return -error;
}

static int connect_to(const struct addrinfo *a, int *ret)
{
	_cleanup_close_ int sock =
		socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1, r = 0;

	if (sock < 0)
		return -errno;
	setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(sock, a->ai_addr, a->ai_addrlen) < 0)
		r = errno == EINPROGRESS ? finish_connect(sock) : -errno;
	if (r == 0)
		*ret = steal_fd(&sock);
	return r;
}

/* Each of its addresses in turn. */
static int dial(const struct url *url, struct answer *answer)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *all;
	char port[8];
	int sock = -EBADF, r;

	snprintf(port, sizeof(port), "%u", url->port);
	r = getaddrinfo(url->host, port, &hints, &all);
	if (r != 0) {
		snprintf(answer->why, sizeof(answer->why), "cannot find the host: %s",
			 gai_strerror(r));
		return -EHOSTUNREACH;
	}
	r = -EHOSTUNREACH;
	for (const struct addrinfo *a = all; r < 0 && a; a = a->ai_next)
		r = connect_to(a, &sock);
	freeaddrinfo(all);
	if (r < 0)
		snprintf(answer->why, sizeof(answer->why), "cannot connect: %s", strerror(-r));
	return sock;
}

static bool serve(const struct url *url)
{
	struct pollfd p = {.fd = LINK, .events = POLLIN};
	struct answer answer = {};
	char word;
	int sock;

	if (poll(&p, 1, -1) < 0)
		return errno == EINTR;
	if (recv(LINK, &word, sizeof(word), 0) <= 0)
		return false;
	sock = dial(url, &answer);
	if (fdpass_send(LINK, &answer, sizeof(answer), &sock, sock >= 0) < 0)
		return false;
	close_fd(sock);
	return true;
}

/* What a look-up reads (nsswitch.conf(5), and the modules that it names), and nothing else. */
static int confine(void)
{
	static const char *const places[] = {"/etc",   "/etc/resolv.conf", "/lib",
					     "/lib64", "/usr/lib",         "/usr/lib64",
					     "/run",   "/var/lib/sss"};
	struct sandbox_path paths[ARRAY_SIZE(places)];
	size_t n = 0;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (access(places[i], R_OK) == 0)
			paths[n++] = (struct sandbox_path){.path = places[i]};
	r = sandbox_landlock_new(paths, n, SANDBOX_LEAVE_TCP);
	if (r >= 0) {
		int ruleset = r;

		r = sandbox_apply_landlock(ruleset);
		close_fd(ruleset);
	}
	if (r == 0 || r == -EOPNOTSUPP)
		r = sandbox_drop_capabilities(0);
	return r < 0 ? r : sandbox_hide();
}

static int keep_link_alone(int link)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return -errno;
#ifndef WITH_SANITIZER
	if (dup2(null, STDERR_FILENO) < 0)
		return -errno;
#endif
	if (link != LINK && dup2(link, LINK) < 0)
		return -errno;
	return close_range(LINK + 1, ~0U, 0) < 0 ? -errno : 0;
}

_Noreturn static void live(int link, struct url *url, pid_t parent)
{
	erase(url->token, sizeof(url->token));
	secret_forget();
	/* Those of the terminal are for the viewer, with whom this one ends. */
	signal(SIGINT, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent &&
	    keep_link_alone(link) == 0 && confine() == 0)
		while (serve(url))
			;
	_exit(0);
}

/* --- the viewer --- */

int dialer_start(struct dialer *d, struct url *url)
{
	pid_t parent = getpid(), pid;
	int ends[2], r = fdpass_pair(ends);

	*d = (struct dialer){.link = -EBADF};
	if (r < 0)
		return r;
	pid = fork();
	if (pid == 0)
		live(ends[1], url, parent);
	close_fd(ends[1]);
	d->link = ends[0];
	if (pid < 0) {
		r = -errno;
		dialer_stop(d);
	}
	return r;
}

void dialer_stop(struct dialer *d)
{
	close_fd(steal_fd(&d->link));
	d->asked = false;
}

int dialer_ask(struct dialer *d)
{
	static const char word = 'c';

	if (d->asked)
		return 0;
	if (fdpass_send(d->link, &word, sizeof(word), NULL, 0) < 0)
		return -EPIPE;
	d->asked = true;
	return 0;
}

int dialer_answer(struct dialer *d, int *ret, char why[DIALER_WHY_SIZE])
{
	struct answer answer;
	size_t n_fds = 0;
	ssize_t n = fdpass_recv(d->link, &answer, sizeof(answer), ret, 1, &n_fds);

	if (n == -EAGAIN)
		return -EAGAIN;
	d->asked = false;
	if (n != sizeof(answer)) {
		if (n_fds == 1)
			close_fd(*ret);
		return -EPIPE;
	}
	memcpy(why, answer.why, sizeof(answer.why));
	why[DIALER_WHY_SIZE - 1] = '\0';
	return n_fds == 1 ? 0 : -EHOSTUNREACH;
}
