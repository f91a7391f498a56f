// SPDX-License-Identifier: LGPL-2.1-or-later
/* What camward-verify gives up before it reads a byte of the file. */
#pragma once

/* From here on: memory, and writing to what is open. Errors: -errno. */
int verify_confine(void);
