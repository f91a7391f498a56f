// SPDX-License-Identifier: LGPL-2.1-or-later
/* Where the service's processes find the broker when systemd runs them (units/camward.socket). Who
 * connects is told by its unit, not by what it says. */
#pragma once

#define MEETING_PLACE_CAMERA "/run/camward/camera.sock"
#define MEETING_PLACE_GATE   "/run/camward/gate.sock"
