// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <string.h>

#include "base/parse.h"
#include "proto/meeting-place.h"

#define DEVICE_DIRECTORY "/dev/camward/"
#define FD_MAX           1023

static const char usage[] =
	"Usage: camward-camera --name NAME [--link-fd N] [--source SOURCE]\n"
	"                      [--encoder DEVICE] [--converter DEVICE] [--card DEVICE]\n"
	"Captures one camera, encodes it and serves the broker at the other end of the link.\n"
	"\n"
	"  --name NAME      the camera's name\n"
	"  --link-fd N      inherited SOCK_SEQPACKET socket, connected to the broker\n"
	"                   (default: connects to " MEETING_PLACE_CAMERA ", as a service)\n"
	"  --source SOURCE  v4l2:DEVICE    a camera (default: v4l2:" DEVICE_DIRECTORY "NAME)\n"
	"                   pattern        a test picture\n"
	"                   clip:FILE      an H.264 byte stream (Annex B) or JPEG pictures,\n"
	"                                  looped in real time\n"
	"  --encoder DEVICE this hardware encoder for raw pictures, /dev/videoN;\n"
	"                   software: none; auto (default): " OPTIONS_ENCODER ",\n"
	"                   if it is there, for a camera's\n"
	"  --converter DEVICE\n"
	"                   this hardware converter between camera and encoder;\n"
	"                   none; auto (default): " OPTIONS_CONVERTER ",\n"
	"                   if it is there, for a camera's\n"
	"  --card DEVICE    this graphics card, /dev/dri/cardN, lends camera and encoder\n"
	"                   memory to share, where they have none;\n"
	"                   none; auto (default): " OPTIONS_CARD ",\n"
	"                   if it is there, for a camera's\n"
	"  --help           this text\n"
	"  --version        the version\n"
	"\n"
	"Exit status: 0 when the broker is gone, 1 on any error.\n";

static const struct option long_options[] = {
	{"name", required_argument, NULL, 'n'},
	{"link-fd", required_argument, NULL, 'l'},
	{"source", required_argument, NULL, 's'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'v'},
	{"encoder", required_argument, NULL, 'e'},
	{"converter", required_argument, NULL, 'c'},
	{"card", required_argument, NULL, 'm'},
	{},
};

__attribute__((format(printf, 2, 3))) static int wrong(FILE *err, const char *format, ...)
{
	va_list ap;

	fputs("camward-camera: ", err);
	va_start(ap, format);
	vfprintf(err, format, ap);
	va_end(ap);
	fputc('\n', err);
	return -EINVAL;
}

static int set_path(struct options *o, const char *path, FILE *err)
{
	if (!*path)
		return wrong(err, "--source lacks its path");
	if (snprintf(o->path, sizeof(o->path), "%s", path) >= (int)sizeof(o->path))
		return wrong(err, "the path of --source is too long");
	return 0;
}

static int set_source(struct options *o, const char *text, FILE *err)
{
	if (!strcmp(text, "pattern")) {
		o->source = OPTIONS_SOURCE_PATTERN;
		return 0;
	}
	if (!strncmp(text, "clip:", 5)) {
		o->source = OPTIONS_SOURCE_CLIP;
		return set_path(o, text + 5, err);
	}
	if (!strncmp(text, "v4l2:", 5)) {
		o->source = OPTIONS_SOURCE_V4L2;
		return set_path(o, text + 5, err);
	}
	return wrong(err, "unknown source \"%s\": pattern, clip:FILE or v4l2:DEVICE", text);
}

static int set_encoder(struct options *o, const char *text, FILE *err)
{
	if (!strcmp(text, "auto"))
		o->encoder = OPTIONS_ENCODER;
	else if (!strcmp(text, "software"))
		o->encoder = NULL;
	else if (text[0] == '/')
		o->encoder = text;
	else
		return wrong(err, "\"%s\" is no encoder: auto, software or /dev/videoN", text);
	return 0;
}

static int set_converter(struct options *o, const char *text, FILE *err)
{
	if (!strcmp(text, "auto"))
		o->converter = OPTIONS_CONVERTER;
	else if (!strcmp(text, "none"))
		o->converter = NULL;
	else if (text[0] == '/')
		o->converter = text;
	else
		return wrong(err, "\"%s\" is no converter: auto, none or /dev/videoN", text);
	return 0;
}

static int set_card(struct options *o, const char *text, FILE *err)
{
	if (!strcmp(text, "auto"))
		o->card = OPTIONS_CARD;
	else if (!strcmp(text, "none"))
		o->card = NULL;
	else if (text[0] == '/')
		o->card = text;
	else
		return wrong(err, "\"%s\" is no card: auto, none or /dev/dri/cardN", text);
	return 0;
}

static int set_option(struct options *o, int option, const char *value, FILE *err)
{
	uint32_t fd;

	switch (option) {
	case 'n':
		if (!name_valid(value))
			return wrong(err, "\"%s\" is no name: [a-z0-9][a-z0-9._-]{0,63}", value);
		o->name = value;
		return 0;
	case 'l':
		if (parse_u32(value, FD_MAX, &fd) < 0)
			return wrong(err, "\"%s\" is no descriptor", value);
		o->link_fd = (int)fd;
		return 0;
	case 's':
		return set_source(o, value, err);
	case 'e':
		return set_encoder(o, value, err);
	case 'c':
		return set_converter(o, value, err);
	case 'm':
		return set_card(o, value, err);
	case 'h':
		fputs(usage, stdout);
		return 1;
	case 'v':
		puts("camward-camera " CAMWARD_VERSION);
		return 1;
	default:
		return wrong(err, "see --help");
	}
}

int options_parse(int argc, char *argv[], FILE *err, struct options *ret)
{
	int option, r;

	*ret = (struct options){
		.link_fd = -EBADF,
		.encoder = OPTIONS_ENCODER,
		.converter = OPTIONS_CONVERTER,
		.card = OPTIONS_CARD,
	};
	opterr = 1;
	optind = 0; /* glibc: begin anew */
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) >= 0) {
		r = set_option(ret, option, optarg, err);
		if (r != 0)
			return r;
	}
	if (optind < argc)
		return wrong(err, "what is \"%s\"? see --help", argv[optind]);
	if (!ret->name)
		return wrong(err, "--name is missing");
	ret->as_service = ret->link_fd < 0;
	if (ret->source == OPTIONS_SOURCE_V4L2 && !ret->path[0])
		snprintf(ret->path, sizeof(ret->path), DEVICE_DIRECTORY "%s", ret->name);
	return 0;
}
