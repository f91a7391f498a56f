// SPDX-License-Identifier: LGPL-2.1-or-later
/* Exit statuses of camward-view; its man page has the same table. */
#pragma once

enum view_exit {
	VIEW_OK = 0,          /* something was seen, and all of it was valid */
	VIEW_USAGE = 1,       /* misused, or something local is missing */
	VIEW_UNREACHABLE = 2, /* no valid frame, or fewer than asked for; nothing refused */
	VIEW_DENIED = 3,      /* the service refuses access */
	VIEW_REFUSED = 4,     /* the viewer refused something: server, statement or a frame */
	VIEW_SINK = 5,        /* the frames could not be written or shown */
};
