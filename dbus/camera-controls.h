// SPDX-License-Identifier: LGPL-2.1-or-later
/* What of a camera is a list, told or read: for org.camward.Camward1.Camera (its XML says what each
 * member means). Errors: sd-bus's. */
#pragma once

#include <systemd/sd-bus.h>

#include "broker/camera.h"

#define CAMERA_CONTROLS_RANGE_SIZE 128

/* a{st}: what the owner has chosen of the configuration. */
int camera_append_configuration(sd_bus_message *reply, const struct camera_record *record);
/* a{sv}: what Configure is told, and which of it (CONTROL_CONFIGURE_...); what is not given stays
 * as it is. 0; negative, with the error set: a key that there is not, or a value of another type.
 */
int camera_read_configuration(sd_bus_message *m, struct camera_configuration *ret,
			      uint32_t *ret_fields, sd_bus_error *error);
/* a{si}: the values that the owner has chosen for controls. */
int camera_append_choices(sd_bus_message *reply, const struct camera_record *record);
/* a(sssasiiuiia(is)) */
int camera_append_controls(sd_bus_message *reply, const struct camera *camera);

/* "it takes 0 to 255 in steps of 5; the nearest to 258 is 255" */
void camera_controls_range(const struct camera_control *control, int32_t value,
			   char text[CAMERA_CONTROLS_RANGE_SIZE]);
