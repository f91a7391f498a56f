// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/arrival.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

/* From systemd's look at a unit's devices to the first look of its process. */
#define JUST_NOW_USEC (10 * USEC_PER_SEC)

/* Where the path stands; without such a directory nothing can come. */
static int watch_directory(int fd, const char *path)
{
	const char *slash = strrchr(path, '/');
	char directory[PATH_MAX];

	if (!slash || snprintf(directory, sizeof(directory), "%.*s/", (int)(slash - path), path) >=
			      (int)sizeof(directory))
		return -EINVAL;
	/* udev makes a link under another name first. */
	if (inotify_add_watch(fd, directory, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) < 0 &&
	    errno != ENOENT)
		return -errno;
	return 0;
}

static struct arrival_node node_at(const char *path)
{
	struct arrival_node node = {.path = path};
	struct stat st;

	if (stat(path, &st) == 0) {
		node.device = st.st_dev;
		node.inode = st.st_ino;
	}
	return node;
}

int arrival_begin(struct arrival *a, const char *const paths[], unsigned int n)
{
	_cleanup_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	*a = (struct arrival){.fd = -EBADF};
	if (fd < 0)
		return -errno;
	for (unsigned int i = 0; i < n && a->n < ARRIVAL_NODES_MAX; i++) {
		int r = paths[i] ? watch_directory(fd, paths[i]) : 0;

		if (r < 0)
			return r;
		if (paths[i])
			a->nodes[a->n++] = node_at(paths[i]);
	}
	a->fd = steal_fd(&fd);
	return 0;
}

static bool is_new(const char *path)
{
	uint64_t now = clock_realtime(), made;
	struct stat st;

	if (lstat(path, &st) < 0)
		return false;
	made = (uint64_t)st.st_mtim.tv_sec * USEC_PER_SEC + (uint64_t)st.st_mtim.tv_nsec / 1000;
	return made <= now && now - made < JUST_NOW_USEC;
}

void arrival_forbidden(struct arrival *a, const char *path, int error)
{
	for (unsigned int i = 0; i < a->n; i++)
		if (error == -EPERM && !strcmp(a->nodes[i].path, path) && is_new(path))
			a->nodes[i] = (struct arrival_node){.path = a->nodes[i].path};
}

bool arrival_look(struct arrival *a)
{
	char events[4096];
	bool came = false, encoder = false;

	/* What they say is not asked, for a look tells more. */
	while (read(a->fd, events, sizeof(events)) > 0)
		;
	for (unsigned int i = 0; i < a->n; i++) {
		struct arrival_node now = node_at(a->nodes[i].path);

		encoder |= i == 0 && now.inode;
		came |= now.inode &&
			(now.inode != a->nodes[i].inode || now.device != a->nodes[i].device);
	}
	return came && encoder;
}

void arrival_end(struct arrival *a)
{
	close_fd(steal_fd(&a->fd));
}
