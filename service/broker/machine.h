// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * On which machine the keys of DIR were made. An image that was copied onto another device has the
 * same keys: who trusts one of the two trusts both, and neither can tell. So a hash of the
 * machine's id (machine-id(5), as sd_id128_get_machine_app_specific() makes it) stands in
 * DIR/machine.
 */
#pragma once

#define MACHINE_FILE "machine"

/* 1: it was made on another machine; 0: on this one, or none is noted yet (it is now), or this
 * machine has no id. Errors: -EUCLEAN (the file is damaged), those of state-dir.h. */
int machine_check(const char *dir);
