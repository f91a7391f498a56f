// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/light.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/event.h"
#include "base/log.h"
#include "base/parse.h"
#include "broker/broker.h"
#include "broker/camera.h"
#include "broker/settings-file.h"

#define LIGHT_ON  "255\n"
#define LIGHT_OFF "0\n"

/* What is no file of its own, as a FIFO that nobody reads, must not keep us waiting. */
static int write_light(const char *file, const char *text)
{
	_cleanup_close_ int fd = -EBADF;

	if (!file[0])
		return 0;
	fd = open(file, O_WRONLY | O_TRUNC | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static int path_of(const struct light *light, const struct camera *camera,
		   char path[LIGHT_PATH_SIZE])
{
	return snprintf(path, LIGHT_PATH_SIZE, "%s/%s", light->directory, camera->name) <
			       LIGHT_PATH_SIZE
		       ? 0
		       : -ENAMETOOLONG;
}

static int make_file(const struct light *light, const struct camera *camera)
{
	_cleanup_close_ int fd = -EBADF;
	char path[LIGHT_PATH_SIZE];
	int r;

	if (!light->directory)
		return 0;
	r = path_of(light, camera, path);
	if (r < 0)
		return r;
	fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	/* For everybody, whatever the umask. */
	return fchmod(fd, 0644) < 0 ? -errno : 0;
}

static void remove_file(const struct light *light, const struct camera *camera)
{
	char path[LIGHT_PATH_SIZE];

	if (light->directory && path_of(light, camera, path) == 0 && unlink(path) < 0 &&
	    errno != ENOENT)
		log_error("%s: %s", path, strerror(errno));
}

static void tell_failed(const char *what, int error)
{
	event_log(LOG_ERR, EVENT_LIGHT_FAILED,
		  &(struct event_about){.reason = what[0] ? what : strerror(-error)},
		  "it cannot be told that somebody watches, so nobody may: %s%s%s", what,
		  what[0] ? ": " : "", strerror(-error));
}

int light_begin(struct camera *camera)
{
	struct light *light = &camera->broker->light;
	int r = light->error;

	if (r == 0 && !camera->n_watching)
		r = make_file(light, camera);
	if (r == 0 && !light->n) {
		r = write_light(light->file, LIGHT_ON);
		if (r < 0)
			remove_file(light, camera);
	}
	if (r < 0) {
		tell_failed(light->file, r);
		return r;
	}
	if (!camera->n_watching++)
		observe(camera->broker, camera_changed, camera);
	if (!light->n++)
		observe(camera->broker, watching_changed);
	return 0;
}

void light_end(struct camera *camera)
{
	struct light *light = &camera->broker->light;
	int r;

	if (!--camera->n_watching) {
		remove_file(light, camera);
		observe(camera->broker, camera_changed, camera);
	}
	if (--light->n)
		return;
	r = write_light(light->file, LIGHT_OFF);
	if (r < 0)
		log_error("%s stays on: %s", light->file, strerror(-r));
	observe(camera->broker, watching_changed);
}

static bool take(void *userdata, const char *section, const char *name, const char *value,
		 char error[SETTINGS_ERROR_SIZE])
{
	char *light = userdata;

	if (strcmp(section, "light") != 0 || strcmp(name, "file") != 0)
		snprintf(error, SETTINGS_ERROR_SIZE, "only [light] with file=PATH can be here");
	else if (light[0])
		snprintf(error, SETTINGS_ERROR_SIZE, "'file' is given twice");
	else if (value[0] != '/' || strlen(value) >= LIGHT_PATH_SIZE)
		snprintf(error, SETTINGS_ERROR_SIZE, "file=%.64s: it takes a path from / on",
			 value);
	else
		snprintf(light, LIGHT_PATH_SIZE, "%s", value);
	return light[0] && !error[0];
}

int light_read(const char *directory, char file[LIGHT_PATH_SIZE], char error[SETTINGS_ERROR_SIZE])
{
	char path[SETTINGS_PATH_SIZE];

	file[0] = error[0] = '\0';
	if (snprintf(path, sizeof(path), "%s/light.conf", directory) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return settings_file_read(path, take, file, error);
}

/* A crash may have left some. */
static void clear(const char *directory)
{
	struct dirent *entry;
	DIR *dir = opendir(directory);

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (name_valid(entry->d_name))
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
}

void light_open(struct broker *broker, const char *directory)
{
	broker->light = (struct light){.directory = directory};
	if (directory)
		clear(directory);
}

void light_set(struct broker *broker, const char *file, int error, const char *why)
{
	struct light *light = &broker->light;
	int r;

	if (error < 0)
		tell_failed(why, error);
	if (strcmp(file, light->file) != 0)
		(void)write_light(light->file, LIGHT_OFF);
	snprintf(light->file, sizeof(light->file), "%s", file);
	light->error = error;
	r = write_light(light->file, light->n ? LIGHT_ON : LIGHT_OFF);
	if (r < 0)
		tell_failed(light->file, r);
}
