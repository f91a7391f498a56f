// SPDX-License-Identifier: LGPL-2.1-or-later
/* Cells about a camera that more than one table has; camera: a record (ctl/objects.h). */
#pragma once

#include "ctl/json.h"
#include "ctl/table.h"

/* "running", "idle, suspended" */
void cameras_cell_condition(struct table *table, const struct json_object *camera);
/* "1280x720, 30 fps"; "-" while the camera is not open */
void cameras_cell_picture(struct table *table, const struct json_object *camera);
