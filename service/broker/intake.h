// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Where the links of cameras and gates come in, and with them whose they are. An intake decides who
 * is at the other end of a link before the first message is read; what a process says about itself
 * can then only agree or end its link.
 *
 * INHERITED: a SEQPACKET socket whose other end the parent holds. Over it the parent hands one
 * connected link (SCM_RIGHTS) for each run of the process, so that one that crashed can be started
 * again; the identity is the descriptor that was inherited. Other kinds of intake, such as a
 * listening socket and the peer's unit, end in the same two calls.
 */
#pragma once

#include <systemd/sd-event.h>

struct broker;
struct camera;

struct intake;

/* Takes fd, also on failure. camera: whose links arrive here; NULL: a gate's. Errors: -ENOTSOCK,
 * -EPROTOTYPE (no SEQPACKET socket), -ENOMEM and others. */
int intake_new_inherited(struct broker *broker, int fd, struct camera *camera, struct intake **ret);
struct intake *intake_free(struct intake *intake);
