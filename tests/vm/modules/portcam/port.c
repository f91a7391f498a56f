// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cameras at ports. Each port is a platform device, portcam.N, and so a place of its own
 * (ID_PATH=platform-portcam.N). What would be plugged in there is written into its files tag,
 * serial and model while nothing is; plugging in and out are the driver's bind and unbind. At first
 * something is plugged in everywhere.
 */
#include <linux/module.h>
#include <linux/platform_device.h>

#include "camera.h"

#define PORTS_MAX 16
#define FPS_MAX   60
#define NAME      "portcam"

static unsigned int ports = 4;
module_param(ports, uint, 0444);
MODULE_PARM_DESC(ports, "number of ports");

static unsigned int fps = 15;
module_param(fps, uint, 0444);
MODULE_PARM_DESC(fps, "frames a second");

/* All under the device's lock. */
static struct port {
	struct platform_device *device;
	u32 tag; /* of the coded pictures */
	char serial[32], model[32];
} all[PORTS_MAX];

static struct port *port_of(struct device *device)
{
	return &all[to_platform_device(device)->id];
}

static ssize_t tag_show(struct device *device, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%08x\n", port_of(device)->tag);
}

/* -EBUSY: what is plugged in does not change. */
static int change(struct device *device, int (*set)(struct port *port, const char *text),
		  const char *text)
{
	int r;

	device_lock(device);
	r = device->driver ? -EBUSY : set(port_of(device), text);
	device_unlock(device);
	return r;
}

static int set_tag(struct port *port, const char *text)
{
	return kstrtou32(text, 16, &port->tag);
}

static ssize_t tag_store(struct device *device, struct device_attribute *attr, const char *buf,
			 size_t n)
{
	return change(device, set_tag, buf) ?: n;
}
static DEVICE_ATTR_RW(tag);

static int set_text(char *field, size_t size, const char *text)
{
	size_t n = strcspn(text, "\n");

	if (n >= size)
		return -EINVAL;
	memcpy(field, text, n);
	field[n] = '\0';
	return 0;
}

static ssize_t serial_show(struct device *device, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", port_of(device)->serial);
}

static int set_serial(struct port *port, const char *text)
{
	return set_text(port->serial, sizeof(port->serial), text);
}

static ssize_t serial_store(struct device *device, struct device_attribute *attr, const char *buf,
			    size_t n)
{
	return change(device, set_serial, buf) ?: n;
}
static DEVICE_ATTR_RW(serial);

static ssize_t model_show(struct device *device, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", port_of(device)->model);
}

static int set_model(struct port *port, const char *text)
{
	return set_text(port->model, sizeof(port->model), text);
}

static ssize_t model_store(struct device *device, struct device_attribute *attr, const char *buf,
			   size_t n)
{
	return change(device, set_model, buf) ?: n;
}
static DEVICE_ATTR_RW(model);

static struct attribute *port_attrs[] = {
	&dev_attr_tag.attr,
	&dev_attr_serial.attr,
	&dev_attr_model.attr,
	NULL,
};
ATTRIBUTE_GROUPS(port);

static int port_probe(struct platform_device *device)
{
	struct port *port = &all[device->id];
	struct camera *camera = camera_plug(&device->dev, port->model, port->tag, fps);

	if (IS_ERR(camera))
		return PTR_ERR(camera);
	platform_set_drvdata(device, camera);
	return 0;
}

static int port_remove(struct platform_device *device)
{
	camera_unplug(platform_get_drvdata(device));
	return 0;
}

static struct platform_driver driver = {
	.driver.name = NAME,
	.probe = port_probe,
	.remove = port_remove,
};

static int port_add(unsigned int id)
{
	struct port *port = &all[id];
	int r;

	port->tag = id;
	strscpy(port->model, NAME, sizeof(port->model));
	port->device = platform_device_alloc(NAME, id);
	if (!port->device)
		return -ENOMEM;
	port->device->dev.groups = port_groups;
	r = platform_device_add(port->device);
	if (r) {
		platform_device_put(port->device);
		port->device = NULL;
	}
	return r;
}

static void remove_all(void)
{
	for (unsigned int i = 0; i < PORTS_MAX; i++)
		platform_device_unregister(all[i].device);
}

static int __init portcam_init(void)
{
	int r = 0;

	if (!ports || ports > PORTS_MAX || !fps || fps > FPS_MAX)
		return -EINVAL;
	for (unsigned int i = 0; !r && i < ports; i++)
		r = port_add(i);
	if (!r)
		r = platform_driver_register(&driver);
	if (r)
		remove_all();
	return r;
}
module_init(portcam_init);

static void __exit portcam_exit(void)
{
	remove_all();
	platform_driver_unregister(&driver);
}
module_exit(portcam_exit);

MODULE_DESCRIPTION("Cameras that are plugged in and out by sysfs");
MODULE_LICENSE("GPL");
