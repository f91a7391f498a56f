// SPDX-License-Identifier: LGPL-2.1-or-later
/* camward-gate: its command line and its life. */
#include <stdlib.h>
#include <sys/stat.h>

#include "base/event.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "session/gate.h"

int main(int argc, char **argv)
{
	struct options options;
	static struct gate gate;
	int r;

	log_open("camward-gate");
	event_open();
	r = options_parse(&options, argc, argv);
	if (r != 0)
		return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	umask(0077);
	if (sandbox_hide() < 0)
		return EXIT_FAILURE;
	r = gate_init(&gate, &options, argv);
	if (r == 0)
		r = gate_run(&gate);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
