// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A QR code, on a terminal or in a file. Without libqrencode (a meson feature) there is none, and
 * each call says so. Everything returns 0 or, having said what went wrong, the exit status.
 */
#pragma once

#include <stdbool.h>

/* Whether this build can. */
bool qr_available(void);

/* Black on white whatever the terminal's colours, two modules a character; UTF-8. */
int qr_print(const char *text);
/* Into a file that is made by key_file_open(). */
int qr_write_svg(const char *text, int fd, const char *path);
int qr_write_png(const char *text, int fd, const char *path);
