// SPDX-License-Identifier: LGPL-2.1-or-later
/* Status codes with their registered phrases: RFC 2326 section 7.1.1, RFC 9110 section 15. */
#pragma once

/* The phrase; NULL for a code that this service never sends. */
const char *status_phrase_rtsp(unsigned status);
const char *status_phrase_http(unsigned status);
