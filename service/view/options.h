// SPDX-License-Identifier: LGPL-2.1-or-later
/* camward-view's command line. */
#pragma once

#include "seal/verifier.h"
#include "view/tls-client.h"
#include "view/url.h"

enum options_refusal {
	OPTIONS_RECONNECT, /* a refused frame ends the connection */
	OPTIONS_SKIP,      /* go on at the next keyframe */
	OPTIONS_EXIT,
};

#define OPTIONS_SILENCE_USEC 2000000ULL
#define OPTIONS_REFUSALS     3
#define OPTIONS_SECONDS_MAX  31536000ULL

struct options {
	struct url url;
	const char *token_file;
	struct tls_trust trust;
	bool unsealed; /* nothing is checked */
	struct verifier_config verifier;
	const char *output, *command; /* NULL: none; output "-": standard output */
	bool display;
	const char *device, *connector; /* of the display; NULL: the first with a screen */
	const char *decoder;            /* NULL: the first that fits, if any */
	bool by_software;
	enum options_refusal on_refusal;
	uint32_t refusals; /* in a row, before giving up */
	bool once;
	uint64_t silence, duration, interval; /* us; 0: none */
	uint64_t frames;                      /* 0: no limit */
	bool json;
	const char *json_file; /* NULL: standard output */
};

/* 0: go on; 1: leave with success (--help); -EINVAL: said why on standard error. The token in argv
 * is overwritten. */
int options_parse(struct options *o, int argc, char **argv);
