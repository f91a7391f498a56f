// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/settings-record.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define SUFFIX ".conf"

DEFINE_CLEANUP(DIR *, closedir)

static void settle(struct settings_outcome *outcome, int error)
{
	outcome->error = error;
	if (error < 0 && !outcome->why[0])
		snprintf(outcome->why, sizeof(outcome->why), "%s", strerror(-error));
}

static struct settings_camera *find(const struct settings_record *record, const char *name)
{
	for (size_t i = 0; i < record->n_cameras; i++)
		if (!strcmp(record->cameras[i].name, name))
			return &record->cameras[i];
	return NULL;
}

/* Whether the file is some camera's, whose name it is. */
static bool parse_name(const char *file, char name[NAME_SIZE])
{
	size_t n = strlen(file), suffix = strlen(SUFFIX);

	if (n <= suffix || n - suffix >= NAME_SIZE || strcmp(file + n - suffix, SUFFIX) != 0)
		return false;
	memcpy(name, file, n - suffix);
	name[n - suffix] = '\0';
	return name_valid(name);
}

static int read_camera(struct settings_record *record, const char *directory, const char *name)
{
	struct settings_camera *more =
		reallocarray(record->cameras, record->n_cameras + 1, sizeof(*more));
	struct settings_camera *camera;

	if (!more)
		return -ENOMEM;
	record->cameras = more;
	camera = &more[record->n_cameras++];
	*camera = (struct settings_camera){};
	snprintf(camera->name, sizeof(camera->name), "%s", name);
	settle(&camera->outcome,
	       settings_load_camera(directory, name, &camera->configuration, camera->outcome.why));
	return 0;
}

static int read_cameras(struct settings_record *record, const char *directory)
{
	char path[SETTINGS_PATH_SIZE], name[NAME_SIZE];
	_cleanup_(closedirp) DIR *dir = NULL;
	struct dirent *entry;
	int r = 0;

	if (snprintf(path, sizeof(path), "%s/camera.d", directory) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	dir = opendir(path);
	if (!dir)
		r = errno == ENOENT ? 0 : -errno;
	while (dir && r == 0) {
		errno = 0;
		entry = readdir(dir);
		if (!entry)
			return -errno;
		if (parse_name(entry->d_name, name))
			r = read_camera(record, directory, name);
	}
	return r;
}

struct settings_record *settings_record_read(const char *directory)
{
	struct settings_record *record = calloc(1, sizeof(*record));

	if (!record)
		return NULL;
	settle(&record->service_outcome,
	       settings_load_service(directory, &record->service, record->service_outcome.why));
	settle(&record->light_outcome,
	       light_read(directory, record->light, record->light_outcome.why));
	settle(&record->all_cameras, read_cameras(record, directory));
	declared_read(directory, &record->declared);
	return record;
}

struct settings_record *settings_record_free(struct settings_record *record)
{
	if (!record)
		return NULL;
	declared_free(&record->declared);
	free(record->cameras);
	free(record);
	return NULL;
}

bool settings_record_has_camera(const struct settings_record *record, const char *name)
{
	return find(record, name) != NULL;
}

int settings_record_camera(const struct settings_record *record, const char *name,
			   struct camera_configuration *ret, char error[SETTINGS_ERROR_SIZE])
{
	const struct settings_camera *camera = find(record, name);
	const struct settings_outcome *outcome = camera ? &camera->outcome : &record->all_cameras;

	*ret = camera ? camera->configuration : (struct camera_configuration){};
	memcpy(error, outcome->why, SETTINGS_ERROR_SIZE);
	return outcome->error;
}
