// SPDX-License-Identifier: LGPL-2.1-or-later
/* A self-signed ECDSA P-256 certificate for the run of one program. */
#pragma once

#include <gnutls/gnutls.h>

/* Errors: -EIO. */
int certificate_make(gnutls_certificate_credentials_t *ret);
