// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A camera's configuration, CONFIG-DIRECTORY/camera.d/NAME.conf:
 *
 *	[camera]
 *	size=1280x720
 *	fps=30
 *	; bit/s
 *	bitrate=4000000
 *	; frames between keyframes
 *	gop=60
 *	; the small stream
 *	sub_size=640x360
 *	sub_fps=15
 *	sub_bitrate=500000
 *
 *	; auto, or software: no hardware encoder
 *	encoder=auto
 *
 *	[match]
 *	; which device has this name, read by camward-name when it is plugged in
 *	id_path=...
 *	serial=...
 *
 * What is left out stays 0: as the source gives it, or the default. An unknown section or key, a
 * value out of bounds and a key given twice are errors: a misspelt limit must not be no limit.
 */
#pragma once

#include "broker/settings-file.h"
#include "proto/camera-msg.h"

#define SETTINGS_SIDE_MIN    16
#define SETTINGS_SIDE_MAX    8192
#define SETTINGS_FPS_MAX     240
#define SETTINGS_BITRATE_MIN 10000
#define SETTINGS_BITRATE_MAX 100000000
#define SETTINGS_GOP_MAX     3600

/* Whether each value that is not 0 is within the bounds above; sides are even and come in pairs. */
bool settings_valid(const struct camera_configuration *configuration);

/* What the owner has chosen stands in place of what the file says. */
void settings_overlay(struct camera_configuration *configuration,
		      const struct camera_configuration *chosen);

/* No file: all defaults. Errors: -EINVAL (error says "FILE:LINE: ..."), those of open(). */
int settings_load_camera(const char *directory, const char *name, struct camera_configuration *ret,
			 char error[SETTINGS_ERROR_SIZE]);
