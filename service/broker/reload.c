// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/reload.h"

#include <string.h>

#include "base/log.h"
#include "broker/broker.h"
#include "broker/camera-link.h"
#include "broker/settings.h"

static void reload_camera(struct camera *camera)
{
	struct camera_set set = {};
	char error[SETTINGS_ERROR_SIZE];
	int r = settings_load_camera(camera->broker->config_directory, camera->name,
				     &set.configuration, error);

	if (r < 0)
		log_error("camera %s goes on as it was: %s", camera->name,
			  error[0] ? error : strerror(-r));
	else
		link_send_message(&camera->link, CAMERA_SET, &set);
}

void reload_cameras(struct broker *broker)
{
	struct camera *camera;

	list_for_each (camera, &broker->cameras, list)
		if (camera->welcomed)
			reload_camera(camera);
		else
			camera_link_greet_again(camera);
	observe(broker, reloaded);
}
