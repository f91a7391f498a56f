// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A backup (backup.h) that takes the place of what is kept: first it is staged, whole and checked
 * by the very code that will read it, in DIR/restored; what is kept has not been touched until
 * then. pending.h says how the rest survives being stopped.
 */
#pragma once

#include "seal/ledger-chain.h"

/*
 * fd is sealed first: nobody changes it meanwhile. There are all of the keys in it, or none. The
 * run of the epochs' numbers (epoch-run.h) that comes with them is not below the one of dir.
 * ret: the newest anchor of its ledger, seq 0: none. Errors: -EBADMSG (no backup, or damaged),
 * -ENOTSUP (of a newer version), those of the disk.
 */
int restore_stage(const char *dir, int fd, struct ledger_chain_point *ret);

/* Puts what is staged, or still is, in place. */
int restore_put(int dir);

/* Erases what is staged, if anything is. */
int restore_unstage(int dir);
