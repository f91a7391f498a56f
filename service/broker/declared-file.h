// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One file of policy.d:
 *
 *	[grant by-day]
 *	; exactly one of both; need not exist yet
 *	client=hub
 *	integration=nest
 *	camera=front
 *	; live, still, raw
 *	rights=live,still
 *	; RFC 3339, in UTC: not before the first, not from the second on
 *	from=2026-01-01T00:00:00Z
 *	until=2027-01-01T00:00:00Z
 *	; weekly, local time (hours.h)
 *	hours=mon-fri 08:00-18:00
 *	; how many may watch by it at once
 *	max-leases=2
 *	only-sub=yes
 *	ask-first=yes
 *
 *	[client hub]
 *	; made known by its clients; all of them stand in policy.d
 *	integration=nest
 *	; of its certificate's key, up to 8, separated by commas
 *	pin=sha256/BASE64
 *	; printf %s TOKEN | sha256sum; up to 8
 *	token-sha256=HEX
 *
 * Of a grant holder, camera and rights are required, of a client a pin or a token. An unknown
 * section or key, a value out of bounds, a key or a name given twice are errors.
 */
#pragma once

#include "broker/declared.h"
#include "broker/settings-file.h"

/* Appends what the file declares. path's last part becomes their source. Errors: -EINVAL
 * (error says "FILE:LINE: ..."), -ENOBUFS (more than DECLARED_MAX in all), -ENOMEM, those of
 * open(); declared is then as before. */
int declared_file_read(const char *path, struct declared *declared,
		       char error[SETTINGS_ERROR_SIZE]);
