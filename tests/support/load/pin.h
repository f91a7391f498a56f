// SPDX-License-Identifier: LGPL-2.1-or-later
/* Trust in one key: the server's. */
#pragma once

#include <gnutls/gnutls.h>
#include <stdbool.h>

/* Whether the peer's SubjectPublicKeyInfo has this SHA-256 (base64). */
bool pin_matches(gnutls_session_t tls, const char *pin);
