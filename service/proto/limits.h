// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sizes that more than one link agrees on. Text fields are NUL-terminated within their array. */
#pragma once

#include "base/parse.h"

#define PROTO_NAME_SIZE    72  /* a name (base/parse.h), its NUL, rounded up */
#define PROTO_REASON_SIZE  128 /* a sentence for people */
#define PROTO_CONTROL_SIZE 32  /* a control's name: [a-z0-9_] */
#define PROTO_TOKEN_SIZE   136 /* at most 128 characters */

/* Viewers' connections at once, each of which may have a lease of the same camera; and those whose
 * end has not come round to everybody yet. */
#define PROTO_CONNECTIONS_MAX   2048
#define PROTO_CONNECTIONS_SPARE 64

#define PROTO_NONCE_SIZE     32
#define PROTO_EXPORTER_SIZE  32
#define PROTO_KEY_SIZE       32 /* an Ed25519 public key */
#define PROTO_SIGNATURE_SIZE 64 /* an Ed25519 signature */

#define PROTO_CERTIFICATE_SIZE      4096  /* X.509, DER */
#define PROTO_HANDSHAKE_SIZE        14336 /* of TLS, with the certificates of both sides */
#define PROTO_SEAL_CERTIFICATE_SIZE 256
#define PROTO_STATEMENT_SIZE        512
