// SPDX-License-Identifier: LGPL-2.1-or-later
/* What went wrong, as a name for programs (dbus/names.h) and a sentence for people that says what
 * to do. */
#pragma once

#include <systemd/sd-bus.h>

/* What the call was about, as it was given; NULL: nothing of the kind. */
struct errors_about {
	const char *name; /* of what is to be made */
	const char *client, *integration, *camera, *id;
	const char *control, *range; /* range: which values it takes */
};

/* error: an enum control_error, or -errno (of the store). Returns negative, as handlers do. */
int errors_set(sd_bus_error *ret, int error, const struct errors_about *about);
