// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Requests of a session that come with a credential. An unknown camera, one that is not granted and
 * one that is suspended are refused with the same answer after the same work.
 */
#pragma once

#include "broker/session-link.h"

/* Handlers of SESSION_OPEN and SESSION_LIST (struct chan_rule). */
/* The proof for a later request's certificate. -EACCES: it proves nothing. */
int session_on_certificate(void *userdata, const void *message, int *fds);
int session_on_open(void *userdata, const void *message, int *fds);
int session_on_list(void *userdata, const void *message, int *fds);
