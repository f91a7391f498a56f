// SPDX-License-Identifier: LGPL-2.1-or-later
/* A certificate's key as people pass it on: base64(SHA-256(SubjectPublicKeyInfo)), as RFC 7469,
 * 2.4 has it. */
#pragma once

#include "broker/token.h"

#define PIN_TEXT_SIZE 45 /* 44 characters and the NUL */

void pin_format(const uint8_t spki[TOKEN_HASH_SIZE], char text[PIN_TEXT_SIZE]);
/* -EINVAL. */
int pin_parse(const char *text, uint8_t spki[TOKEN_HASH_SIZE]);
