// SPDX-License-Identifier: LGPL-2.1-or-later
/* The a{sv} arguments of methods: known keys of one type each, each at most once. */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

struct options_key {
	const char *name;
	char type;         /* 's', 't' or 'b' */
	const char **text; /* 's': points into the message */
	uint64_t *number;  /* 't' */
	bool *flag;        /* 'b' */
};

/* What is not given keeps its value. Returns negative, with the error set, for an unknown key, a
 * wrong type or a key given twice. */
int options_read(sd_bus_message *m, const struct options_key *keys, size_t n_keys,
		 sd_bus_error *error);
