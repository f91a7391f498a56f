// SPDX-License-Identifier: LGPL-2.1-or-later
#include "name/rules.h"

#include <dirent.h>
#include <ini.h>
#include <stdio.h>

#include "base/cleanup.h"

#define SUFFIX    ".conf"
#define PATH_SIZE 4096

DEFINE_CLEANUP(DIR *, closedir)
DEFINE_CLEANUP(FILE *, fclose)

struct rule {
	const struct device *device;
	bool any, agrees;
};

static bool is(const char *value, const char *wanted)
{
	return value && !strcmp(value, wanted);
}

/* inih's: 0 is an error in this line. */
static int on_line(void *userdata, const char *section, const char *key, const char *value)
{
	struct rule *rule = userdata;
	const struct device *d = rule->device;
	bool agrees;

	if (strcmp(section, "match") != 0)
		return 1;
	if (!strcmp(key, "id_path"))
		agrees = is(d->id_path, value);
	else if (!strcmp(key, "serial"))
		agrees = is(d->serial, value) || is(d->serial_short, value);
	else
		return 0;
	if (!*value)
		return 0;
	rule->any = true;
	rule->agrees = rule->agrees && agrees;
	return 1;
}

/* 1: it is about this device. */
static int read_file(const char *path, const struct device *device, char error[RULES_ERROR_SIZE])
{
	_cleanup_(fclosep) FILE *file = fopen(path, "re");
	struct rule rule = {.device = device, .agrees = true};
	int line;

	if (!file) {
		int r = -errno;

		snprintf(error, RULES_ERROR_SIZE, "%.180s: %s", path, strerror(-r));
		return r;
	}
	line = ini_parse_file(file, on_line, &rule);
	if (line == 0)
		return rule.any && rule.agrees;
	snprintf(error, RULES_ERROR_SIZE, "%.160s:%d: [match] takes id_path=... and serial=...",
		 path, line);
	return -EINVAL;
}

/* Other files than NAME.conf are passed over. */
static bool name_of_file(const char *file, char name[NAME_SIZE])
{
	size_t n = strlen(file), suffix = strlen(SUFFIX);

	if (n <= suffix || strcmp(file + n - suffix, SUFFIX) != 0 ||
	    !name_valid_n(file, n - suffix))
		return false;
	snprintf(name, NAME_SIZE, "%.*s", (int)(n - suffix), file);
	return true;
}

static int take(const char *found, char name[NAME_SIZE], char error[RULES_ERROR_SIZE])
{
	if (name[0]) {
		snprintf(error, RULES_ERROR_SIZE, "both %.80s and %.80s are about this device",
			 name, found);
		return -EEXIST;
	}
	memcpy(name, found, NAME_SIZE);
	return 0;
}

int rules_find(const char *directory, const struct device *device, char name[NAME_SIZE],
	       char error[RULES_ERROR_SIZE])
{
	_cleanup_(closedirp) DIR *dir = opendir(directory);
	struct dirent *entry;
	char path[PATH_SIZE], candidate[NAME_SIZE];

	name[0] = error[0] = '\0';
	if (!dir && errno == ENOENT)
		return 0;
	if (!dir) {
		snprintf(error, RULES_ERROR_SIZE, "%.180s: %s", directory, strerror(errno));
		return -errno;
	}
	while ((entry = readdir(dir))) {
		int r;

		if (!name_of_file(entry->d_name, candidate))
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name) >= PATH_SIZE)
			return -ENAMETOOLONG;
		r = read_file(path, device, error);
		if (r > 0)
			r = take(candidate, name, error);
		if (r < 0)
			return r;
	}
	return name[0] != '\0';
}
