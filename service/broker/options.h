// SPDX-License-Identifier: LGPL-2.1-or-later
/* camwardd's command line. */
#pragma once

#include <stddef.h>

#include "broker/policy.h"

#define OPTIONS_STATE_DIRECTORY  "/var/lib/camward"
#define OPTIONS_CONFIG_DIRECTORY "/etc/camward"

struct options_camera {
	char name[NAME_SIZE];
	int fd; /* its port: a fresh link for each run of its process comes through it */
};

struct options {
	const char *state_directory, *config_directory;
	const char *watching_directory; /* NULL: none */
	const char *metrics_socket;     /* NULL: none */
	size_t n_cameras;
	struct options_camera cameras[POLICY_CAMERAS_MAX];
	int gate; /* the same of the gate; -EBADF: none */
};

enum options_outcome {
	OPTIONS_RUN,
	OPTIONS_DONE, /* --help, --version: printed */
	OPTIONS_WRONG /* said on stderr */
};

/* Strings of *ret are argv's or constants, descriptors the caller's. These are checked to be
 * SEQPACKET sockets and made CLOEXEC; inherited ones are refused under systemd, where links come in
 * through listening sockets alone. */
enum options_outcome options_parse(int argc, char *argv[], struct options *ret);
