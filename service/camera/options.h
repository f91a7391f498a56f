// SPDX-License-Identifier: LGPL-2.1-or-later
/* The command line of camward-camera. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

enum options_source {
	OPTIONS_SOURCE_V4L2,
	OPTIONS_SOURCE_PATTERN,
	OPTIONS_SOURCE_CLIP,
};

#define OPTIONS_PATH_SIZE 4096
/* Where udev shows a hardware encoder (90-camward.rules). */
#define OPTIONS_ENCODER "/dev/camward-encoder"
/* And a hardware converter. */
#define OPTIONS_CONVERTER "/dev/camward-converter"
/* And a graphics card that lends memory. */
#define OPTIONS_CARD "/dev/camward-card"

struct options {
	const char *name; /* in argv */
	int link_fd;      /* -EBADF: none given, connect */
	bool as_service;  /* it finds the broker by itself */
	enum options_source source;
	char path[OPTIONS_PATH_SIZE]; /* of the device or the clip */
	const char *encoder;          /* in argv, or OPTIONS_ENCODER; NULL: software */
	const char *converter;        /* in argv, or OPTIONS_CONVERTER; NULL: none */
	const char *card;             /* in argv, or OPTIONS_CARD; NULL: none */
};

/*
 * Returns 0: run; 1: --help or --version has been answered on stdout. Errors: -EINVAL, after one
 * line on err that says what is wrong.
 */
int options_parse(int argc, char *argv[], FILE *err, struct options *ret);
