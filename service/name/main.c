// SPDX-License-Identifier: LGPL-2.1-or-later
/* camward-name: run by the udev rule for a new camera, with its properties in the environment;
 * prints its name and, to tell later whether it is still this device, the inode number of its
 * directory in sysfs, as further properties. A device without a name gets no camera. With
 * --encoder, --converter or --card it only says, by its exit status, whether a node is such
 * hardware. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "name/encoder.h"
#include "name/given.h"
#include "name/place.h"
#include "name/rules.h"

#define RULES_DIRECTORY "/etc/camward/camera.d"
#define PATH_SIZE       4096
#define GIVEN_FILE      "/var/lib/camward/names" /* in the broker's StateDirectory */

/* A file that cannot be read names nothing: what it might say must not be passed over. */
static int find_given(const char *file, char name[NAME_SIZE])
{
	int r = given_find(file, name);

	if (r < 0)
		fprintf(stderr, "camward-name: %s: %s\n", file, strerror(-r));
	return r;
}

static int find_name(const struct device *device, const char *index, const char *directory,
		     const char *file, char name[NAME_SIZE])
{
	char error[RULES_ERROR_SIZE];
	int r = rules_find(directory, device, name, error);

	if (r < 0) {
		fprintf(stderr, "camward-name: %s\n", error);
		return r;
	}
	if (r > 0)
		return 0;
	r = place_name(device->id_path, index, name);
	if (r < 0)
		fprintf(stderr, "camward-name: no name can be made of %s\n", device->id_path);
	return r < 0 ? r : find_given(file, name);
}

static int find_inode(const char *devpath, unsigned long long *ret)
{
	char path[PATH_SIZE];
	struct stat st;

	if (!devpath || snprintf(path, sizeof(path), "/sys%s", devpath) >= PATH_SIZE ||
	    stat(path, &st) < 0)
		return -ENODEV;
	*ret = st.st_ino;
	return 0;
}

static int look_for(int (*probe)(const char *node), const char *node)
{
	int r = probe(node);

	if (r < 0)
		fprintf(stderr, "camward-name: %s: %s\n", node, strerror(-r));
	return r > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char *argv[])
{
	const struct device device = {
		.id_path = getenv("ID_PATH"),
		.serial = getenv("ID_SERIAL"),
		.serial_short = getenv("ID_SERIAL_SHORT"),
	};
	char name[NAME_SIZE];
	unsigned long long inode;

	if (argc == 3 && !strcmp(argv[1], "--encoder"))
		return look_for(encoder_probe, argv[2]);
	if (argc == 3 && !strcmp(argv[1], "--converter"))
		return look_for(converter_probe, argv[2]);
	if (argc == 3 && !strcmp(argv[1], "--card"))
		return look_for(card_probe, argv[2]);
	if (argc < 2 || argc > 4 || argv[1][0] == '-') {
		fputs("usage: DEVPATH=... ID_PATH=... [ID_SERIAL=... ID_SERIAL_SHORT=...] "
		      "camward-name INDEX "
		      "[DIRECTORY [FILE]]\n"
		      "       camward-name --encoder|--converter|--card NODE\n",
		      stderr);
		return EXIT_FAILURE;
	}
	if (!device.id_path || !*device.id_path) {
		fputs("camward-name: no ID_PATH: where it is plugged in cannot be told\n", stderr);
		return EXIT_FAILURE;
	}
	if (find_name(&device, argv[1], argc > 2 ? argv[2] : RULES_DIRECTORY,
		      argc > 3 ? argv[3] : GIVEN_FILE, name) < 0)
		return EXIT_FAILURE;
	if (find_inode(getenv("DEVPATH"), &inode) < 0) {
		fputs("camward-name: the device of DEVPATH has gone\n", stderr);
		return EXIT_FAILURE;
	}
	printf("CAMWARD_NAME=%s\nCAMWARD_INODE=%llu\n", name, inode);
	return EXIT_SUCCESS;
}
