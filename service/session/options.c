// SPDX-License-Identifier: LGPL-2.1-or-later
#include "session/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>

#include "base/parse.h"
#include "proto/meeting-place.h"

static const char help[] =
	"camward-gate [OPTIONS]\n"
	"Accepts viewers on the sockets that systemd hands over (LISTEN_FDS, named \"rtsps\" and\n"
	"\"https\") and serves each in a confined process of its own.\n"
	"\n"
	"  --broker-fd N                 descriptor of the link to camwardd (default:\n"
	"                                connects to " MEETING_PLACE_GATE ")\n"
	"  --max-connections N           connections at once (default 512)\n"
	"  --max-pending N               of these, without a lease yet (default 128)\n"
	"  --max-pending-per-source N    and from one IPv4 address or IPv6 /64 (default 64)\n"
	"  --grace SECONDS               time to get a lease (default 10)\n"
	"  --penalty-exempt LIST         addresses that are never turned away for their mistakes:\n"
	"                                ADDRESS[/LENGTH],... (default none)\n"
	"  --version\n"
	"  --help\n";

enum option_id {
	OPTION_BROKER_FD = 256,
	OPTION_CONNECTIONS,
	OPTION_PENDING,
	OPTION_PENDING_PER_SOURCE,
	OPTION_GRACE,
	OPTION_PENALTY_EXEMPT,
	OPTION_VERSION,
	OPTION_HELP,
};

static const struct option long_options[] = {
	{"broker-fd", required_argument, NULL, OPTION_BROKER_FD},
	{"max-connections", required_argument, NULL, OPTION_CONNECTIONS},
	{"max-pending", required_argument, NULL, OPTION_PENDING},
	{"max-pending-per-source", required_argument, NULL, OPTION_PENDING_PER_SOURCE},
	{"grace", required_argument, NULL, OPTION_GRACE},
	{"penalty-exempt", required_argument, NULL, OPTION_PENALTY_EXEMPT},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"help", no_argument, NULL, OPTION_HELP},
	{},
};

static int number(const char *option, uint32_t min, uint32_t max, uint32_t *ret)
{
	if (parse_u32(optarg, max, ret) == 0 && *ret >= min)
		return 0;
	fprintf(stderr, "camward-gate: --%s: not a number from %u to %u: %s\n", option, min, max,
		optarg);
	return -EINVAL;
}

static int addresses(const char *option, struct address_list *ret)
{
	int r = address_list_parse(ret, optarg);

	if (r == -E2BIG)
		fprintf(stderr, "camward-gate: --%s: more than %d addresses: %s\n", option,
			ADDRESS_LIST_MAX, optarg);
	else if (r < 0)
		fprintf(stderr, "camward-gate: --%s: not ADDRESS[/LENGTH],...: %s\n", option,
			optarg);
	return r < 0 ? -EINVAL : 0;
}

static int parse_one(struct options *o, int id)
{
	uint32_t fd;
	int r;

	switch (id) {
	case OPTION_BROKER_FD:
		r = number("broker-fd", 3, INT_MAX, &fd);
		o->broker_fd = (int)fd;
		return r;
	case OPTION_CONNECTIONS:
		return number("max-connections", 1, ROSTER_MAX, &o->limits.connections);
	case OPTION_PENDING:
		return number("max-pending", 1, ROSTER_MAX, &o->limits.pending);
	case OPTION_PENDING_PER_SOURCE:
		return number("max-pending-per-source", 1, ROSTER_MAX,
			      &o->limits.pending_per_source);
	case OPTION_GRACE:
		return number("grace", 1, OPTIONS_GRACE_MAX, &o->grace);
	case OPTION_PENALTY_EXEMPT:
		return addresses("penalty-exempt", &o->exempt);
	case OPTION_VERSION:
		puts("camward-gate " CAMWARD_VERSION);
		return 1;
	case OPTION_HELP:
		fputs(help, stdout);
		return 1;
	default:
		fputs("Try camward-gate --help\n", stderr);
		return -EINVAL;
	}
}

int options_parse(struct options *ret, int argc, char **argv)
{
	int id, r;

	*ret = (struct options){
		.broker_fd = -EBADF,
		.limits = {.connections = 512, .pending = 128, .pending_per_source = 64},
		.grace = 10,
	};
	while ((id = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		r = parse_one(ret, id);
		if (r != 0)
			return r;
	}
	if (optind < argc) {
		fprintf(stderr, "camward-gate: unexpected argument: %s\n", argv[optind]);
		return -EINVAL;
	}
	return 0;
}
