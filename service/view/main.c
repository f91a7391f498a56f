// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/sandbox.h"
#include "view/dialer.h"
#include "view/exit.h"
#include "view/secret.h"
#include "view/viewer.h"

static void warn(const struct options *o)
{
	if (o->trust.anyone)
		fputs("camward-view: INSECURE: any server is taken for the right one, and is given"
		      " the token\n",
		      stderr);
	if (o->unsealed)
		fputs("camward-view: INSECURE: no frame is checked: what is shown may be any"
		      " camera's, of any time\n",
		      stderr);
	if (o->verifier.freshness == VERIFIER_NO_CLOCK)
		fputs("camward-view: INSECURE: how old the first frame is cannot be known\n",
		      stderr);
}

int main(int argc, char **argv)
{
	static struct options options;
	static struct viewer viewer;
	int status = VIEW_USAGE, r;
	struct dialer dialer;

	r = options_parse(&options, argc, argv);
	if (r > 0)
		return VIEW_OK;
	if (r < 0)
		return VIEW_USAGE;
	warn(&options);
	/* It holds a token: no core, and nobody of this user may look into it. */
	if (sandbox_hide() < 0)
		return VIEW_USAGE;
	r = dialer_start(&dialer, &options.url);
	if (r < 0) {
		fprintf(stderr, "camward-view: %s\n", strerror(-r));
		return VIEW_USAGE;
	}
	if (secret_find(&options.url, options.token_file) == 0) {
		if (viewer_init(&viewer, &options, &dialer) == 0)
			status = viewer_run(&viewer);
		viewer_release(&viewer);
	}
	dialer_stop(&dialer);
	erase(&options.url, sizeof(options.url));
	return status;
}
