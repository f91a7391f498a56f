// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/reload.h"

#include <string.h>

#include "base/log.h"
#include "broker/broker.h"
#include "broker/camera-link.h"

static void reload_camera(struct camera *camera)
{
	char error[SETTINGS_ERROR_SIZE];
	int r = camera_link_configure(camera, error);

	if (r < 0)
		log_error("camera %s goes on as it was: %s", camera->name,
			  error[0] ? error : strerror(-r));
}

void reload_cameras(struct broker *broker)
{
	struct camera *camera;

	list_for_each (camera, &broker->cameras, list)
		if (camera->welcomed)
			reload_camera(camera);
		else
			camera_link_greet_again(camera);
	light_reload(broker);
	declared_load(broker);
	observe(broker, reloaded);
}
