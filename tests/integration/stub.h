// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the parts of stub-broker have in common. Each ends the program when something fails. */
#pragma once

#include <sys/types.h>

#include "proto/gate-msg.h"
#include "proto/session-msg.h"

/* Says what has failed, by errno. */
_Noreturn void stub_die(const char *what);

/* Makes a key and a certificate of its own, which goes into m. One a process. */
void stub_tls_init(struct gate_server *m);
void stub_tls_sign(const struct session_sign *m, struct session_signature *ret);

/* A listening socket for viewers; the caller's. */
int stub_gate_listen(const char *port);
/* Starts the gate with these sockets and arguments, the last of which is NULL; the caller closes
 * its own. Returns its pid. */
pid_t stub_gate_start(const char *program, int rtsps, int https, int link, char **arguments);
