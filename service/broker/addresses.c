// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/addresses.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "base/cleanup.h"
#include "base/clock.h"

#define ANSWER_SIZE    32768
#define ANSWER_TIMEOUT 2000 /* ms */

struct list_of_addresses {
	struct address *addresses;
	size_t n, max;
};

/* Bound, as news come to no other. */
static int open_own(void)
{
	const struct sockaddr_nl any = {.nl_family = AF_NETLINK};
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0)
		return -errno;
	return steal_fd(&fd);
}

/* A copy of the inherited one, or a new one. */
static int open_socket(void)
{
	int n = sd_listen_fds(0), fd;

	for (int i = 0; i < n; i++)
		if (sd_is_socket(SD_LISTEN_FDS_START + i, AF_NETLINK, SOCK_RAW, -1) > 0) {
			fd = fcntl(SD_LISTEN_FDS_START + i, F_DUPFD_CLOEXEC, 0);
			return fd < 0 ? -errno : fd;
		}
	return open_own();
}

static int ask(int fd, uint32_t sequence)
{
	struct {
		struct nlmsghdr header;
		struct ifaddrmsg body;
	} m = {
		.header.nlmsg_len = sizeof(m),
		.header.nlmsg_type = RTM_GETADDR,
		.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		.header.nlmsg_seq = sequence,
		.body.ifa_family = AF_UNSPEC,
	};

	return send(fd, &m, sizeof(m), 0) < 0 ? -errno : 0;
}

/* IFA_LOCAL where there is one: IFA_ADDRESS is then the other end's. */
static void take(struct list_of_addresses *list, struct nlmsghdr *h)
{
	struct ifaddrmsg *body = NLMSG_DATA(h);
	struct rtattr *best = NULL;
	size_t left;

	if (h->nlmsg_type != RTM_NEWADDR || h->nlmsg_len < NLMSG_LENGTH(sizeof(*body)) ||
	    list->n == list->max || (body->ifa_family != AF_INET && body->ifa_family != AF_INET6))
		return;
	left = IFA_PAYLOAD(h);
	for (struct rtattr *a = IFA_RTA(body); RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == IFA_LOCAL || (a->rta_type == IFA_ADDRESS && !best))
			best = a;
	if (!best || RTA_PAYLOAD(best) > sizeof(list->addresses->bytes))
		return;
	list->addresses[list->n].family = body->ifa_family;
	list->addresses[list->n].size = RTA_PAYLOAD(best);
	memcpy(list->addresses[list->n].bytes, RTA_DATA(best), RTA_PAYLOAD(best));
	list->n++;
}

/* 1: there is more to come. Answers to others, and news, are passed over. */
static int read_answer(struct list_of_addresses *list, struct nlmsghdr *h, size_t left,
		       uint32_t sequence)
{
	for (; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
		if (h->nlmsg_seq != sequence)
			continue;
		if (h->nlmsg_type == NLMSG_DONE)
			return 0;
		if (h->nlmsg_type == NLMSG_ERROR)
			return -EIO;
		take(list, h);
	}
	return 1;
}

int addresses_read(struct address *ret, size_t max)
{
	/* Another one each time: what was left unread of an earlier answer is none of this one. */
	uint32_t sequence = (uint32_t)clock_monotonic();
	struct list_of_addresses list = {.addresses = ret, .max = max};
	_cleanup_close_ int fd = open_socket();
	_cleanup_free_ void *answer = malloc(ANSWER_SIZE);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int r;

	if (fd < 0 || !answer)
		return fd < 0 ? fd : -ENOMEM;
	r = ask(fd, sequence);
	if (r < 0)
		return r;
	do {
		ssize_t n = 0;

		if (poll(&p, 1, ANSWER_TIMEOUT) == 0)
			return -ETIMEDOUT;
		n = recv(fd, answer, ANSWER_SIZE, MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		r = read_answer(&list, answer, n < 0 ? 0 : (size_t)n, sequence);
	} while (r > 0);
	return r < 0 ? r : (int)list.n;
}

int addresses_watch(void)
{
	static const int groups[] = {RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR};
	_cleanup_close_ int fd = open_socket();

	if (fd < 0)
		return fd;
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
			       sizeof(groups[i])) < 0)
			return -errno;
	return steal_fd(&fd);
}

void addresses_forget(int fd)
{
	uint8_t some[4096];

	/* ENOBUFS: there was too much; it is told once. */
	while (recv(fd, some, sizeof(some), MSG_DONTWAIT) > 0 || errno == ENOBUFS)
		;
}
