// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The HTTP/1.1 server of one connection. Each answer is its last.
 *
 *	GET /api/cameras	what this client may see, JSON
 */
#pragma once

struct session_ops;

extern const struct session_ops http_session_ops;
