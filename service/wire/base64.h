// SPDX-License-Identifier: LGPL-2.1-or-later
/* Base 64 (RFC 4648 section 4): standard alphabet, padded, no line breaks. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/slice.h"
#include "wire/writer.h"

void base64_write(struct writer *w, struct slice bytes);

/*
 * Bytes written to out, or -EINVAL (a foreign character, length not a multiple of four, padding
 * elsewhere than at the end, unused bits not zero: one value has one spelling) or -ENOSPC. On
 * error out may hold part of the value.
 */
ssize_t base64_decode(struct slice text, void *out, size_t size);
