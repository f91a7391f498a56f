// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stub.h"

int stub_gate_listen(const char *port)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT};
	int one = 1, fd = socket(AF_INET6, SOCK_STREAM, 0);

	address.sin6_port = htons((uint16_t)atoi(port));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 512) < 0)
		stub_die("listen");
	return fd;
}

pid_t stub_gate_start(const char *program, int rtsps, int https, int link, char **arguments)
{
	pid_t pid = fork();
	char text[16];
	char *argv[32] = {(char *)(uintptr_t)program, (char *)(uintptr_t) "--broker-fd",
			  (char *)(uintptr_t) "5"};

	if (pid)
		return pid;
	rtsps = fcntl(rtsps, F_DUPFD, 10);
	https = fcntl(https, F_DUPFD, 10);
	link = fcntl(link, F_DUPFD, 10);
	dup2(rtsps, 3);
	dup2(https, 4);
	dup2(link, 5);
	close_range(6, ~0U, 0);
	snprintf(text, sizeof(text), "%d", getpid());
	setenv("LISTEN_PID", text, 1);
	setenv("LISTEN_FDS", "2", 1);
	setenv("LISTEN_FDNAMES", "rtsps:https", 1);
	for (size_t i = 0; arguments[i] && i < 28; i++)
		argv[3 + i] = arguments[i];
	execv(program, argv);
	stub_die("exec");
}
