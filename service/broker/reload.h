// SPDX-License-Identifier: LGPL-2.1-or-later
/* Settings that change while the service runs. */
#pragma once

struct broker;

/* Reads every running camera's file again and tells its process. A file with a mistake is logged,
 * and that camera goes on as it was. Whoever observes the broker
 * is told. */
void reload_cameras(struct broker *broker);
