// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dbus/objects.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/parse.h"

#define ID_TEXT_SIZE 24

char *object_path(const char *prefix, const char *name)
{
	char *path;

	return sd_bus_path_encode(prefix, name, &path) < 0 ? NULL : path;
}

char *object_path_id(const char *prefix, uint64_t id)
{
	char text[ID_TEXT_SIZE];

	snprintf(text, sizeof(text), "%" PRIu64, id);
	return object_path(prefix, text);
}

int object_name(const char *path, const char *prefix, char **ret)
{
	return sd_bus_path_decode(path, prefix, ret);
}

int object_id(const char *path, const char *prefix, uint64_t *ret)
{
	_cleanup_free_ char *text = NULL;
	int r = object_name(path, prefix, &text);

	if (r <= 0)
		return r;
	return parse_u64(text, UINT64_MAX, ret) < 0 ? 0 : 1;
}

int object_paths_new(struct object_paths *paths, size_t max)
{
	*paths = (struct object_paths){.paths = calloc(max + 1, sizeof(char *))};
	return paths->paths ? 0 : -ENOMEM;
}

int object_paths_add(struct object_paths *paths, char *path)
{
	if (!path) {
		object_paths_free(paths);
		return -ENOMEM;
	}
	paths->paths[paths->n++] = path;
	return 0;
}

void object_paths_free(struct object_paths *paths)
{
	for (size_t i = 0; i < paths->n; i++)
		free(paths->paths[i]);
	free(paths->paths);
	*paths = (struct object_paths){};
}
