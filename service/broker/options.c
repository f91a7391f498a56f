// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/options.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/parse.h"

static const char usage[] =
	"usage: camwardd [options]\n"
	"\n"
	"The broker: decides who may watch which camera, and keeps the record of it.\n"
	"\n"
	"  --state-directory DIR   where it keeps its memory (" OPTIONS_STATE_DIRECTORY ")\n"
	"  --config-directory DIR  where camera.d/NAME.conf are (" OPTIONS_CONFIG_DIRECTORY ")\n"
	"  --watching-directory DIR\n"
	"                          where a file stands for each camera that somebody watches\n"
	"  --metrics-socket PATH   where numbers for Prometheus are to be had\n"
	"  --camera NAME=FD        the links of this camera's process come in over the inherited\n"
	"                          SEQPACKET socket FD; once a camera\n"
	"  --gate FD               the same for the gate\n"
	"  --help, --version\n"
	"\n"
	"DBUS_SYSTEM_BUS_ADDRESS names another system bus. camwardctl talks to it.\n";

static bool is_service(void)
{
	return getenv("INVOCATION_ID") || getenv("NOTIFY_SOCKET");
}

/* Returns the descriptor, or -EINVAL once it has said why not. */
static int take_descriptor(const char *option, const char *text)
{
	int type;
	socklen_t size = sizeof(type);
	uint32_t fd;

	if (is_service()) {
		log_error("%s is for running without systemd: a service's links come in over its "
			  "listening sockets",
			  option);
		return -EINVAL;
	}
	if (parse_u32(text, INT_MAX, &fd) < 0 || fd <= STDERR_FILENO) {
		log_error("%s: '%s' is no descriptor", option, text);
		return -EINVAL;
	}
	if (getsockopt((int)fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_SEQPACKET ||
	    fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0) {
		log_error("%s: descriptor %u is no SOCK_SEQPACKET socket", option, fd);
		return -EINVAL;
	}
	return (int)fd;
}

static int take_camera(struct options *options, const char *text)
{
	struct options_camera *camera = &options->cameras[options->n_cameras];
	const char *equals = strchr(text, '=');

	if (options->n_cameras == POLICY_CAMERAS_MAX) {
		log_error("--camera: at most %d cameras", POLICY_CAMERAS_MAX);
		return -EINVAL;
	}
	if (!equals || !name_valid_n(text, (size_t)(equals - text))) {
		log_error("--camera takes NAME=FD; a name is 1 to 64 of a-z, 0-9, '.', '_', '-'");
		return -EINVAL;
	}
	snprintf(camera->name, sizeof(camera->name), "%.*s", (int)(equals - text), text);
	for (size_t i = 0; i < options->n_cameras; i++)
		if (!strcmp(options->cameras[i].name, camera->name)) {
			log_error("--camera %s is given twice", camera->name);
			return -EINVAL;
		}
	camera->fd = take_descriptor("--camera", equals + 1);
	if (camera->fd < 0)
		return camera->fd;
	options->n_cameras++;
	return 0;
}

static int take_gate(struct options *options, const char *text)
{
	if (options->gate >= 0) {
		log_error("--gate is given twice");
		return -EINVAL;
	}
	options->gate = take_descriptor("--gate", text);
	return options->gate < 0 ? options->gate : 0;
}

static enum options_outcome take_option(struct options *options, int c)
{
	switch (c) {
	case 's':
		options->state_directory = optarg;
		return OPTIONS_RUN;
	case 'c':
		options->config_directory = optarg;
		return OPTIONS_RUN;
	case 'w':
		options->watching_directory = optarg;
		return OPTIONS_RUN;
	case 'm':
		options->metrics_socket = optarg;
		return OPTIONS_RUN;
	case 'C':
		return take_camera(options, optarg) < 0 ? OPTIONS_WRONG : OPTIONS_RUN;
	case 'g':
		return take_gate(options, optarg) < 0 ? OPTIONS_WRONG : OPTIONS_RUN;
	case 'h':
		fputs(usage, stdout);
		return OPTIONS_DONE;
	case 'v':
		puts("camwardd " CAMWARD_VERSION);
		return OPTIONS_DONE;
	default:
		fputs(usage, stderr);
		return OPTIONS_WRONG;
	}
}

enum options_outcome options_parse(int argc, char *argv[], struct options *ret)
{
	static const struct option longs[] = {
		{"state-directory", required_argument, NULL, 's'},
		{"config-directory", required_argument, NULL, 'c'},
		{"watching-directory", required_argument, NULL, 'w'},
		{"metrics-socket", required_argument, NULL, 'm'},
		{"camera", required_argument, NULL, 'C'},
		{"gate", required_argument, NULL, 'g'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{},
	};
	int c;

	*ret = (struct options){
		.state_directory = OPTIONS_STATE_DIRECTORY,
		.config_directory = OPTIONS_CONFIG_DIRECTORY,
		.gate = -EBADF,
	};
	while ((c = getopt_long(argc, argv, "", longs, NULL)) >= 0) {
		enum options_outcome outcome = take_option(ret, c);

		if (outcome != OPTIONS_RUN)
			return outcome;
	}
	if (optind < argc) {
		log_error("'%s' is not understood; --help says what is", argv[optind]);
		return OPTIONS_WRONG;
	}
	return OPTIONS_RUN;
}
