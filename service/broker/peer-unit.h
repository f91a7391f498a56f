// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who is at the other end of a link, by the name of its systemd unit: an identity that nobody can
 * forge from within another unit. */
#pragma once

#include "base/parse.h"

#define PEER_UNIT_GATE "camward-gate.service"

enum peer_kind {
	PEER_CAMERA,
	PEER_GATE,
};

/*
 * "camward-gate.service", or "camward-camera@NAME.service" with NAME as systemd-escape has it
 * (front\x2ddoor is front-door); then name is set. Returns the enum peer_kind. Errors: -EPERM,
 * anything else.
 */
int peer_unit_parse(const char *unit, char name[NAME_SIZE]);
