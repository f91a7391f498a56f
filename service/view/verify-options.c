// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/verify-options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "view/root-key.h"

static const char help[] =
	"camward-verify --seal-root FILE|KEY [--camera NAME|UUID] [--auto] [--json] FILE\n"
	"Says of a recording (MP4, an H.264 or HEVC byte stream, a JPEG) which camera took it, "
	"when,\n"
	"what is missing in it and what is wrong with it.\n"
	"\n"
	"  --seal-root FILE|KEY   the device's seal root, as `camwardctl status` prints it\n"
	"  --camera NAME|UUID     it has to be this one's (default: any one camera's)\n"
	"  --auto                 it may change between main and sub, as CAMERA/auto does\n"
	"  --json                 print JSON instead of text\n"
	"  --version\n"
	"  --help\n"
	"\n"
	"Exit status: 0 all is proven and nothing missing, 1 misused, 2 not readable, 3 something\n"
	"is not proven, 4 all that is there is proven, but frames are missing.\n";

enum option_id {
	OPTION_SEAL_ROOT = 256,
	OPTION_CAMERA,
	OPTION_AUTO,
	OPTION_JSON,
	OPTION_VERSION,
	OPTION_HELP,
};

static const struct option long_options[] = {
	{"seal-root", required_argument, NULL, OPTION_SEAL_ROOT},
	{"camera", required_argument, NULL, OPTION_CAMERA},
	{"auto", no_argument, NULL, OPTION_AUTO},
	{"json", no_argument, NULL, OPTION_JSON},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"help", no_argument, NULL, OPTION_HELP},
	{},
};

static int fail(const char *what, const char *argument)
{
	fprintf(stderr, "camward-verify: %s%s\nTry camward-verify --help\n", what, argument);
	return -EINVAL;
}

static int seal_root(struct verify_options *o)
{
	int r = root_key_read(optarg, o->verifier.root);

	if (r == -EINVAL)
		return fail("--seal-root: neither an Ed25519 public key nor a file with one: ",
			    optarg);
	/* A key with a slip in it is the name of no file. */
	if (r == -ENOENT)
		return fail("--seal-root: neither an Ed25519 public key nor a file that is there: ",
			    optarg);
	if (r < 0) {
		fprintf(stderr, "camward-verify: --seal-root: %s: %s\n", optarg, strerror(-r));
		return -EINVAL;
	}
	return 0;
}

static int camera(struct verify_options *o)
{
	o->verifier.has_uuid = parse_uuid(optarg, o->verifier.camera_uuid) == 0;
	if (o->verifier.has_uuid)
		return 0;
	if (!name_valid(optarg))
		return fail("--camera: neither a name nor a UUID: ", optarg);
	memcpy(o->verifier.camera_name, optarg, strlen(optarg) + 1);
	return 0;
}

static int parse_one(struct verify_options *o, int id, bool *has_root)
{
	switch (id) {
	case OPTION_SEAL_ROOT:
		*has_root = true;
		return seal_root(o);
	case OPTION_CAMERA:
		return camera(o);
	case OPTION_AUTO:
		o->verifier.may_switch = true;
		return 0;
	case OPTION_JSON:
		o->json = true;
		return 0;
	case OPTION_VERSION:
		puts("camward-verify " CAMWARD_VERSION);
		return 1;
	case OPTION_HELP:
		fputs(help, stdout);
		return 1;
	default:
		fputs("Try camward-verify --help\n", stderr);
		return -EINVAL;
	}
}

int verify_options_parse(struct verify_options *o, int argc, char **argv)
{
	bool has_root = false;
	int id, r;

	*o = (struct verify_options){.verifier = {.freshness = VERIFIER_FILE}};
	while ((id = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		r = parse_one(o, id, &has_root);
		if (r != 0)
			return r;
	}
	if (!has_root)
		return fail("say whose frames it has to hold: --seal-root", "");
	if (optind + 1 != argc)
		return fail("say one file", "");
	o->file = argv[optind];
	return 0;
}
