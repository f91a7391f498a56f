// SPDX-License-Identifier: LGPL-2.1-or-later
#include "load/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/parse.h"

static const char HELP[] =
	"load-client: many viewers over RTSPS, each checking what it gets; prints JSON.\n"
	"\n"
	"  --host ADDRESS          default 127.0.0.1\n"
	"  --port PORT             default 8322\n"
	"  --source ADDRESS        an own address to come from; default: the kernel's choice\n"
	"  --camera NAME[/sub]     repeat it to spread the viewers; default front\n"
	"  --client NAME --token TOKEN\n"
	"  --pin BASE64            SHA-256 of the server's SubjectPublicKeyInfo; default: any\n"
	"  --viewers N             default 1\n"
	"  --seconds S             after the last viewer's connect; default 10\n"
	"  --ramp MS               between two viewers' connects; default 0\n"
	"  --warm-up S             after PLAY, left out of lateness and jitter; default 2\n"
	"  --rate-limit BYTES/S    each viewer reads no faster\n"
	"  --stalled K             the first K viewers stop reading after PLAY\n"
	"  --receive-buffer BYTES  SO_RCVBUF; default: the kernel's\n"
	"  --json FILE             default: standard output\n"
	"  --sizes FILE            write the sizes of the first viewer's access units, as framed\n"
	"  --announce              print \"start BYTES\" when the warm-up after the last connect\n"
	"                          is over and \"end BYTES\" at the end: bytes received until "
	"then\n"
	"  --bare                  the server is tests/bench/bare-sender: TLS and nothing in it\n"
	"\n"
	"Exit status: 0 when every viewer played without an error in its stream and to its end,\n"
	"1 when not, 2 when the options are wrong.\n";

static const struct option LONG[] = {
	{"host", required_argument, NULL, 'h'},
	{"port", required_argument, NULL, 'p'},
	{"source", required_argument, NULL, 'o'},
	{"camera", required_argument, NULL, 'c'},
	{"client", required_argument, NULL, 'n'},
	{"token", required_argument, NULL, 't'},
	{"pin", required_argument, NULL, 'P'},
	{"viewers", required_argument, NULL, 'v'},
	{"seconds", required_argument, NULL, 's'},
	{"ramp", required_argument, NULL, 'r'},
	{"warm-up", required_argument, NULL, 'w'},
	{"rate-limit", required_argument, NULL, 'l'},
	{"stalled", required_argument, NULL, 'S'},
	{"json", required_argument, NULL, 'j'},
	{"receive-buffer", required_argument, NULL, 'b'},
	{"sizes", required_argument, NULL, 'z'},
	{"announce", no_argument, NULL, 'a'},
	{"bare", no_argument, NULL, 'B'},
	{"help", no_argument, NULL, '?' + 128},
	{NULL, 0, NULL, 0},
};

static int parse_camera(struct load_options *o, const char *name)
{
	if (o->n_cameras == LOAD_CAMERAS_MAX)
		return -E2BIG;
	o->cameras[o->n_cameras++] = name;
	return 0;
}

static int parse_number(struct load_options *o, int option, const char *value)
{
	uint64_t number;
	int r;

	switch (option) {
	case 'v':
		return parse_u32(value, LOAD_VIEWERS_MAX, &o->viewers);
	case 'S':
		return parse_u32(value, LOAD_VIEWERS_MAX, &o->stalled);
	case 'r':
		return parse_u32(value, 60000, &o->ramp_ms);
	case 's':
		return parse_u64(value, 86400, &o->seconds);
	case 'l':
		return parse_u32(value, UINT32_MAX, &o->rate_limit);
	case 'b':
		return parse_u32(value, INT32_MAX, &o->receive_buffer);
	case 'w':
		r = parse_u64(value, 3600, &number);
		if (r == 0)
			o->warm_up_us = number * USEC_PER_SEC;
		return r;
	default:
		return -EINVAL;
	}
}

static int parse_option(struct load_options *o, int option, const char *value)
{
	const char **text = option == 'h'   ? &o->host
			    : option == 'p' ? &o->port
			    : option == 'o' ? &o->source
			    : option == 'n' ? &o->client
			    : option == 't' ? &o->token
			    : option == 'P' ? &o->pin
			    : option == 'j' ? &o->json
			    : option == 'z' ? &o->sizes
					    : NULL;

	o->bare |= option == 'B';
	o->announce |= option == 'a';
	if (option == 'B' || option == 'a')
		return 0;
	if (text) {
		*text = value;
		return 0;
	}
	return option == 'c' ? parse_camera(o, value) : parse_number(o, option, value);
}

int load_options_parse(struct load_options *o, int argc, char **argv)
{
	int option, index = 0;

	*o = (struct load_options){.host = "127.0.0.1",
				   .port = "8322",
				   .viewers = 1,
				   .seconds = 10,
				   .warm_up_us = 2 * USEC_PER_SEC};
	while ((option = getopt_long(argc, argv, "", LONG, &index)) != -1) {
		if (option == '?' + 128) {
			fputs(HELP, stdout);
			return 1;
		}
		if (option == '?')
			return -EINVAL;
		if (parse_option(o, option, optarg) < 0) {
			fprintf(stderr, "load-client: bad value for --%s: %s\n", LONG[index].name,
				optarg);
			return -EINVAL;
		}
	}
	if (optind < argc || (!o->bare && (!o->client || !o->token)) || o->viewers == 0) {
		fputs("load-client: --client, --token and at least one viewer are needed\n",
		      stderr);
		return -EINVAL;
	}
	if (o->n_cameras == 0)
		o->cameras[o->n_cameras++] = "front";
	return 0;
}
