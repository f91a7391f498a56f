// SPDX-License-Identifier: LGPL-2.1-or-later
/* camward-verify's command line. */
#pragma once

#include "seal/verifier.h"

struct verify_options {
	const char *file;
	struct verifier_config verifier; /* its codec is not known yet */
	bool json;
};

/* 0: go on; 1: leave with success (--help); -EINVAL: said why on standard error. */
int verify_options_parse(struct verify_options *o, int argc, char **argv);
