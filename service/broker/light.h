// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Somebody is watching: told to the people before a camera, by a file and by a light.
 *
 *	WATCHING-DIRECTORY/CAMERA      is there while somebody watches this camera
 *	CONFIG-DIRECTORY/light.conf    names a file, as that of an LED in sysfs, into which 255 is
 *	                               written when the first one of all begins, and 0 after the
 *	                               last one's end:
 *
 *		[light]
 *		file=/sys/class/leds/camera/brightness
 *
 * Both are written by the main loop: they are to be memory, as /run and sysfs are, where nothing
 *waits for a disk. Both are there before the camera is asked for pictures, and stay until the last
 *byte has gone. If they cannot be had, or light.conf has an error, nobody may watch: better nothing
 *than in the dark.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "broker/settings-file.h"

#define LIGHT_PATH_SIZE 4096

struct broker;
struct camera;

struct light {
	const char *directory;      /* NULL: no files */
	char file[LIGHT_PATH_SIZE]; /* "": none */
	int error;                  /* of light.conf; 0: none */
	unsigned n;                 /* leases, of all cameras */
};

/* Reads light.conf: the file that it names. Errors: as settings_file_read(). */
int light_read(const char *directory, char file[LIGHT_PATH_SIZE], char error[SETTINGS_ERROR_SIZE]);

/* Takes away what an earlier run may have left. */
void light_open(struct broker *broker, const char *directory);
/* What light_read() has read; a light that is to go on goes on. */
void light_set(struct broker *broker, const char *file, int error, const char *why);

/* One more or less who watches. -errno: it could not be told, and must not begin. */
int light_begin(struct camera *camera);
void light_end(struct camera *camera);
