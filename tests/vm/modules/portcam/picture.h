// SPDX-License-Identifier: GPL-2.0-only
/*
 * The coded picture (service/camera/coded-picture.h), drawn by a device: whose frame a picture is,
 * and which. Beside the code a bar wanders through gray.
 */
#pragma once

#include <linux/types.h>

#define PICTURE_WIDTH  320
#define PICTURE_HEIGHT 180
#define PICTURE_STRIDE PICTURE_WIDTH
/* NV12. */
#define PICTURE_SIZE (PICTURE_STRIDE * PICTURE_HEIGHT * 3 / 2)

/* Fills PICTURE_SIZE bytes. */
void picture_draw(u8 *picture, u32 tag, u32 counter);
