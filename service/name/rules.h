// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which camera a device is, by DIRECTORY/NAME.conf:
 *
 *	[match]
 *	id_path=pci-0000:00:14.0-usb-0:3:1.0
 *	serial=A1B2C3
 *
 * All that is given must agree; the other sections are the broker's (broker/settings.h).
 */
#pragma once

#include "base/parse.h"

struct device {
	const char *id_path;      /* ID_PATH */
	const char *serial;       /* ID_SERIAL: with vendor and model */
	const char *serial_short; /* ID_SERIAL_SHORT: what stands on the device */
};

#define RULES_ERROR_SIZE 256

/* 1: name is set; 0: no file is about this device. Errors: -EINVAL (a file with a mistake: no
 * device is named while it may be meant by it), -EEXIST (two are about it), those of opendir and
 * fopen; error then says what. */
int rules_find(const char *directory, const struct device *device, char name[NAME_SIZE],
	       char error[RULES_ERROR_SIZE]);
