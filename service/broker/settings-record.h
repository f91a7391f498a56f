// SPDX-License-Identifier: LGPL-2.1-or-later
/* All that stands in CONFIG-DIRECTORY, as it was read once. Whoever has it reads no file. */
#pragma once

#include "broker/declared.h"
#include "broker/light.h"
#include "broker/settings-service.h"
#include "broker/settings.h"

/* Of one file: 0, or why it is of no use, which `why` tells people. */
struct settings_outcome {
	int error;
	char why[SETTINGS_ERROR_SIZE];
};

struct settings_camera {
	char name[NAME_SIZE];
	struct camera_configuration configuration;
	struct settings_outcome outcome;
};

struct settings_record {
	struct service_settings service;
	struct settings_outcome service_outcome;
	char light[LIGHT_PATH_SIZE];
	struct settings_outcome light_outcome;
	struct declared declared;
	size_t n_cameras;
	struct settings_camera *cameras;     /* one a file in camera.d */
	struct settings_outcome all_cameras; /* of the list of those files */
};

/* Takes as long as the file system does. Needs nothing of anybody: any thread may. NULL: out of
 * memory. */
struct settings_record *settings_record_read(const char *directory);
struct settings_record *settings_record_free(struct settings_record *record);

/* Whether the camera's name is given by such a file. */
bool settings_record_has_camera(const struct settings_record *record, const char *name);
/* No file: all defaults. Errors: as settings_load_camera(). */
int settings_record_camera(const struct settings_record *record, const char *name,
			   struct camera_configuration *ret, char error[SETTINGS_ERROR_SIZE]);
