// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "view/root-key.h"
#include "wire/base64.h"

static const char help[] =
	"camward-view [OPTIONS] rtsps://[CLIENT@]HOST[:PORT]/CAMERA[/sub|/auto]\n"
	"Watches a camera, checks the proof on every frame, and shows none that fails.\n"
	"\n"
	"Whom to trust (each of the two, or its --insecure counterpart):\n"
	"  --pin sha256/BASE64      the server's key (SPKI); `camwardctl status` prints it\n"
	"  --ca FILE                a CA whose certificate for HOST is enough\n"
	"  --seal-root FILE|KEY     the device's seal root; `camwardctl status` prints that, too\n"
	"  --insecure-server        take any server\n"
	"  --insecure-unsealed      check no frame\n"
	"Which frames:\n"
	"  --camera-uuid UUID       the camera's, instead of its name in the URL\n"
	"  --relay                  there is a relay: no statement, fresh by the wall clock\n"
	"  --insecure-no-clock      with --relay: the device's clock is not set\n"
	"  --max-age SECONDS        refuse older frames (default 5)\n"
	"Where they go (default: nowhere; they are checked and counted):\n"
	"  -o, --output FILE|-      as an H.264 byte stream, with their seals\n"
	"  --exec COMMAND           to the command's standard input: --exec 'ffplay -f h264 -'\n"
	"  --display[=DEVICE]       onto a screen (KMS): the first, or that of /dev/dri/cardN\n"
	"  --connector NAME         the screen plugged in there: HDMI-A-1\n"
	"  --decoder DEVICE         the hardware decoder for it, or software (default: if there is "
	"one)\n"
	"How long:\n"
	"  --frames N               until so many were valid\n"
	"  --duration SECONDS\n"
	"  --once                   do not reconnect\n"
	"  --silence SECONDS        leave a connection without a valid frame (default 2)\n"
	"  --on-refusal WHAT        reconnect (default), skip (to the next keyframe) or exit\n"
	"  --refusals N             give up after so many in a row (default 3)\n"
	"What is told:\n"
	"  --json[=FILE]            a line of JSON at the end, and at SIGUSR1\n"
	"  --interval SECONDS       and so often\n"
	"  --token-file FILE        holds CLIENT's token; else $CAMWARD_TOKEN, else it is asked "
	"for\n"
	"  --version\n"
	"  --help\n"
	"\n"
	"Exit status: 0 all valid, 1 misused, 2 no picture or too few, 3 access denied, 4 "
	"something was\n"
	"refused, 5 the frames could not be written or shown.\n";

enum option_id {
	OPTION_PIN = 256,
	OPTION_CA,
	OPTION_SEAL_ROOT,
	OPTION_INSECURE_SERVER,
	OPTION_INSECURE_UNSEALED,
	OPTION_INSECURE_NO_CLOCK,
	OPTION_CAMERA_UUID,
	OPTION_RELAY,
	OPTION_MAX_AGE,
	OPTION_EXEC,
	OPTION_DISPLAY,
	OPTION_CONNECTOR,
	OPTION_DECODER,
	OPTION_FRAMES,
	OPTION_DURATION,
	OPTION_ONCE,
	OPTION_SILENCE,
	OPTION_ON_REFUSAL,
	OPTION_REFUSALS,
	OPTION_JSON,
	OPTION_INTERVAL,
	OPTION_TOKEN_FILE,
	OPTION_VERSION,
	OPTION_HELP,
};

static const struct option long_options[] = {
	{"pin", required_argument, NULL, OPTION_PIN},
	{"ca", required_argument, NULL, OPTION_CA},
	{"seal-root", required_argument, NULL, OPTION_SEAL_ROOT},
	{"insecure-server", no_argument, NULL, OPTION_INSECURE_SERVER},
	{"insecure-unsealed", no_argument, NULL, OPTION_INSECURE_UNSEALED},
	{"insecure-no-clock", no_argument, NULL, OPTION_INSECURE_NO_CLOCK},
	{"camera-uuid", required_argument, NULL, OPTION_CAMERA_UUID},
	{"relay", no_argument, NULL, OPTION_RELAY},
	{"max-age", required_argument, NULL, OPTION_MAX_AGE},
	{"output", required_argument, NULL, 'o'},
	{"exec", required_argument, NULL, OPTION_EXEC},
	{"display", optional_argument, NULL, OPTION_DISPLAY},
	{"connector", required_argument, NULL, OPTION_CONNECTOR},
	{"decoder", required_argument, NULL, OPTION_DECODER},
	{"frames", required_argument, NULL, OPTION_FRAMES},
	{"duration", required_argument, NULL, OPTION_DURATION},
	{"once", no_argument, NULL, OPTION_ONCE},
	{"silence", required_argument, NULL, OPTION_SILENCE},
	{"on-refusal", required_argument, NULL, OPTION_ON_REFUSAL},
	{"refusals", required_argument, NULL, OPTION_REFUSALS},
	{"json", optional_argument, NULL, OPTION_JSON},
	{"interval", required_argument, NULL, OPTION_INTERVAL},
	{"token-file", required_argument, NULL, OPTION_TOKEN_FILE},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"help", no_argument, NULL, OPTION_HELP},
	{},
};

struct parser {
	struct options *o;
	bool has_root, no_clock;
};

static int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int fail(const char *format, ...)
{
	va_list ap;

	fputs("camward-view: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputs("\nTry camward-view --help\n", stderr);
	return -EINVAL;
}

/* "2" or "0.5", to microseconds. */
static int seconds(const char *option, uint64_t *ret)
{
	struct slice fraction = slice_text(optarg), whole;
	uint64_t s, part = 0, scale = USEC_PER_SEC;

	if (!slice_cut(&fraction, '.', &whole) || slice_u64(whole, OPTIONS_SECONDS_MAX, &s) < 0)
		return fail("--%s: not a number of seconds: %s", option, optarg);
	for (size_t i = 0; i < fraction.len; i++)
		scale /= 10;
	if (fraction.len > 6 || (fraction.len > 0 && slice_u64(fraction, USEC_PER_SEC, &part) < 0))
		return fail("--%s: not a number of seconds: %s", option, optarg);
	*ret = s * USEC_PER_SEC + part * scale;
	return *ret > 0 ? 0 : fail("--%s: it has to be more than 0", option);
}

static int number(const char *option, uint64_t max, uint64_t *ret)
{
	if (parse_u64(optarg, max, ret) == 0 && *ret > 0)
		return 0;
	return fail("--%s: not a number from 1 on: %s", option, optarg);
}

static int pin(struct options *o)
{
	static const char prefix[] = "sha256/";

	if (strncmp(optarg, prefix, strlen(prefix)) != 0 ||
	    base64_decode(slice_text(optarg + strlen(prefix)), o->trust.pin,
			  sizeof(o->trust.pin)) != sizeof(o->trust.pin))
		return fail("--pin: not sha256/ and 32 bytes in base 64: %s", optarg);
	o->trust.has_pin = true;
	return 0;
}

static int ca(struct options *o)
{
	int r = tls_trust_load_ca(&o->trust, optarg);

	if (r == -ENODATA)
		return fail("--ca: %s: there is no certificate (PEM) in it", optarg);
	return r < 0 ? fail("--ca: %s: %s", optarg, strerror(-r)) : 0;
}

static int seal_root(struct parser *p)
{
	int r = root_key_read(optarg, p->o->verifier.root);

	p->has_root = r == 0;
	if (r == -EINVAL)
		return fail("--seal-root: neither an Ed25519 public key nor a file with one:"
			    " %s",
			    optarg);
	/* A key with a slip in it is the name of no file. */
	if (r == -ENOENT)
		return fail("--seal-root: neither an Ed25519 public key nor a file that is there:"
			    " %s",
			    optarg);
	return r < 0 ? fail("--seal-root: %s: %s", optarg, strerror(-r)) : 0;
}

static int on_refusal(struct options *o)
{
	static const char *const words[] = {
		[OPTIONS_RECONNECT] = "reconnect",
		[OPTIONS_SKIP] = "skip",
		[OPTIONS_EXIT] = "exit",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(optarg, words[i]) == 0) {
			o->on_refusal = (enum options_refusal)i;
			return 0;
		}
	return fail("--on-refusal: not reconnect, skip or exit: %s", optarg);
}

static int parse_limit(struct options *o, int id)
{
	uint64_t n = 0;
	int r;

	switch (id) {
	case OPTION_MAX_AGE:
		return seconds("max-age", &o->verifier.max_age);
	case OPTION_FRAMES:
		return number("frames", UINT64_MAX, &o->frames);
	case OPTION_DURATION:
		return seconds("duration", &o->duration);
	case OPTION_SILENCE:
		return seconds("silence", &o->silence);
	case OPTION_INTERVAL:
		return seconds("interval", &o->interval);
	case OPTION_REFUSALS:
		r = number("refusals", UINT32_MAX, &n);
		o->refusals = (uint32_t)n;
		return r;
	default:
		return -EINVAL;
	}
}

static int parse_trust(struct parser *p, int id)
{
	struct options *o = p->o;

	switch (id) {
	case OPTION_PIN:
		return pin(o);
	case OPTION_CA:
		return ca(o);
	case OPTION_SEAL_ROOT:
		return seal_root(p);
	case OPTION_INSECURE_SERVER:
		o->trust.anyone = true;
		return 0;
	case OPTION_INSECURE_UNSEALED:
		o->unsealed = true;
		return 0;
	case OPTION_INSECURE_NO_CLOCK:
		p->no_clock = true;
		return 0;
	case OPTION_RELAY:
		o->verifier.freshness = VERIFIER_RELAY;
		return 0;
	case OPTION_CAMERA_UUID:
		o->verifier.has_uuid = true;
		if (parse_uuid(optarg, o->verifier.camera_uuid) < 0)
			return fail("--camera-uuid: not a UUID: %s", optarg);
		return 0;
	default:
		return parse_limit(o, id);
	}
}

static int parse_one(struct parser *p, int id)
{
	struct options *o = p->o;

	switch (id) {
	case 'o':
		o->output = optarg;
		return 0;
	case OPTION_EXEC:
		o->command = optarg;
		return 0;
	case OPTION_DISPLAY:
		o->display = true;
		o->device = optarg;
		return 0;
	case OPTION_CONNECTOR:
		o->connector = optarg;
		return 0;
	case OPTION_DECODER:
		o->by_software = strcmp(optarg, "software") == 0;
		o->decoder = o->by_software ? NULL : optarg;
		return 0;
	case OPTION_ONCE:
		o->once = true;
		return 0;
	case OPTION_ON_REFUSAL:
		return on_refusal(o);
	case OPTION_JSON:
		o->json = true;
		o->json_file = optarg;
		return 0;
	case OPTION_TOKEN_FILE:
		o->token_file = optarg;
		return 0;
	case OPTION_VERSION:
		puts("camward-view " CAMWARD_VERSION);
		return 1;
	case OPTION_HELP:
		fputs(help, stdout);
		return 1;
	case '?':
		fputs("Try camward-view --help\n", stderr);
		return -EINVAL;
	default:
		return parse_trust(p, id);
	}
}

static int parse_url(struct options *o, char *text)
{
	const char *reason;
	int r = url_parse(&o->url, text, &reason);

	if (r < 0)
		return fail("not a URL of a camera: %s", reason);
	o->verifier.may_switch = o->url.either;
	/* ps(1) shall not show it for longer than it takes to get here. */
	if (o->url.token[0])
		erase(text, strlen(text));
	return 0;
}

/* What is left out is no default: the user says whom to trust, or that nobody is checked. */
static int check(struct parser *p)
{
	struct options *o = p->o;
	bool server = o->trust.has_pin || o->trust.ca.size;

	if (server == o->trust.anyone)
		return fail("say whom to trust: --pin or --ca, or --insecure-server");
	if (p->has_root == o->unsealed)
		return fail("say whose frames: --seal-root, or --insecure-unsealed");
	if (p->no_clock && o->verifier.freshness != VERIFIER_RELAY)
		return fail("--insecure-no-clock needs --relay");
	if (o->output && o->command)
		return fail("--output and --exec exclude each other");
	if ((o->connector || o->decoder || o->by_software) && !o->display)
		return fail("--connector and --decoder need --display");
	if (o->interval > 0 && !o->json)
		return fail("--interval needs --json");
	if (o->json && !o->json_file && o->output && strcmp(o->output, "-") == 0)
		return fail("standard output has the frames: say --json=FILE");
	if (p->no_clock)
		o->verifier.freshness = VERIFIER_NO_CLOCK;
	return 0;
}

int options_parse(struct options *o, int argc, char **argv)
{
	struct parser p = {.o = o};
	int id, r;

	*o = (struct options){.refusals = OPTIONS_REFUSALS,
			      .silence = OPTIONS_SILENCE_USEC,
			      .verifier = {.codec = SEAL_CODEC_H264, .freshness = VERIFIER_LIVE}};
	while ((id = getopt_long(argc, argv, "o:", long_options, NULL)) != -1) {
		r = parse_one(&p, id);
		if (r != 0)
			return r;
	}
	if (optind == argc)
		return fail("say one URL: rtsps://[CLIENT@]HOST[:PORT]/CAMERA");
	if (optind + 1 < argc)
		return fail("say one URL, not '%s' and '%s'%s", argv[optind], argv[optind + 1],
			    o->display ? "; a screen is named as --display=DEVICE" : "");
	r = parse_url(o, argv[optind]);
	if (r == 0)
		r = check(&p);
	if (r == 0 && !o->verifier.has_uuid)
		memcpy(o->verifier.camera_name, o->url.camera, sizeof(o->verifier.camera_name));
	return r;
}
