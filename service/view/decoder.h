// SPDX-License-Identifier: LGPL-2.1-or-later
/* H.264 to pictures, by software (OpenH264). It is given access units that were found valid, in
 * their order, and nothing else: what it cannot decode whole it does not give at all. */
#pragma once

#include "view/picture.h"
#include "wire/slice.h"

struct decoder;

/* Errors: -ENOMEM, -EIO. */
int decoder_new(struct decoder **ret);
struct decoder *decoder_free(struct decoder *d);

/*
 * One access unit, or parameter sets before it. 1: *ret is a picture, until the next call; 0: none.
 * Errors: -EBADMSG: it cannot be decoded; what builds on it, neither: go on with a keyframe.
 */
int decoder_take(struct decoder *d, struct slice unit, struct picture *ret);
