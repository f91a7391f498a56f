// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/hardware.h"

#include <stdio.h>
#include <sys/stat.h>
#include <systemd/sd-device.h>

#include "base/cleanup.h"
#include "base/parse.h"

#define NAME_PROPERTY  "CAMWARD_NAME"
#define INODE_PROPERTY "CAMWARD_INODE"

int hardware_compose(const struct hardware *hardware, char ret[CAMERA_HARDWARE_SIZE])
{
	int n;

	if (!hardware->id_path || !*hardware->id_path || !hardware->index)
		return -EUNATCH;
	n = snprintf(ret, CAMERA_HARDWARE_SIZE, "%s %s serial=%s model=%s", hardware->id_path,
		     hardware->index, hardware->serial ? hardware->serial : "",
		     hardware->model ? hardware->model : "");
	if (n >= CAMERA_HARDWARE_SIZE)
		return -E2BIG;
	for (char *c = ret; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return 0;
}

static const char *property(sd_device *device, const char *key)
{
	const char *value;

	return sd_device_get_property_value(device, key, &value) < 0 ? NULL : value;
}

/* The database is a step behind the kernel: under the number of a device that has just gone there
 * may be another one by now. sysfs gives no inode number twice. */
static int check_alive(sd_device *device)
{
	const char *path, *inode = property(device, INODE_PROPERTY);
	uint64_t named;
	struct stat st;
	int r = sd_device_get_syspath(device, &path);

	if (r < 0)
		return r;
	if (!inode || parse_u64(inode, UINT64_MAX, &named) < 0 || stat(path, &st) < 0 ||
	    st.st_ino != named)
		return -ESTALE;
	return 0;
}

static int read_device(sd_device *device, char ret[CAMERA_HARDWARE_SIZE])
{
	struct hardware hardware = {
		.id_path = property(device, "ID_PATH"),
		.serial = property(device, "ID_SERIAL"),
		.model = property(device, "ID_MODEL"),
	};
	int r = sd_device_get_sysattr_value(device, "index", &hardware.index);

	if (r >= 0)
		r = hardware_compose(&hardware, ret);
	/* Last: what was read is of a device that is there still. */
	return r < 0 ? r : check_alive(device);
}

int hardware_read(const char *name, char ret[CAMERA_HARDWARE_SIZE])
{
	_cleanup_(sd_device_enumerator_unrefp) sd_device_enumerator *enumerator = NULL;
	sd_device *device;
	int r = sd_device_enumerator_new(&enumerator);

	if (r >= 0)
		r = sd_device_enumerator_add_match_subsystem(enumerator, "video4linux", true);
	if (r >= 0)
		r = sd_device_enumerator_add_match_property(enumerator, NAME_PROPERTY, name);
	if (r < 0)
		return r;
	device = sd_device_enumerator_get_device_first(enumerator);
	if (!device)
		return -ENODEV;
	r = read_device(device, ret);
	if (r < 0)
		return r;
	return sd_device_enumerator_get_device_next(enumerator) ? -EEXIST : 0;
}

const char *hardware_error_text(int error)
{
	switch (error) {
	case -ENODEV:
		return "the udev database has no device of this name";
	case -ESTALE:
		return "its device has just gone";
	case -EEXIST:
		return "two devices have this name: tell them apart in camera.d";
	case -EUNATCH:
		return "its device has no ID_PATH: where it is plugged in cannot be told";
	default:
		return strerror(-error);
	}
}
