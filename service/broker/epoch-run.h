// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The upper half of every epoch's number: it rises with each start of the broker, whatever the
 * clock says and also when the database has been restored from a copy or made anew. For that it
 * stands in DIR/epoch-run as well, beside the seal root that has signed the numbers.
 */
#pragma once

#include <stdint.h>

#define EPOCH_RUN_FILE "epoch-run"

/* For a root that is about to be made: no number has been used yet. Errors: -ENOKEY (some have, by
 * a root that must still be somewhere), those of epoch_run_next(). */
int epoch_run_begin(const char *dir);

/* The last number that was used here, 0 if none was. Errors: -EUCLEAN, those of state-dir.h. */
int epoch_run_read(const char *dir, uint64_t *ret);

/* A restored copy has used numbers up to this one, too: 0 also if more have been used here. */
int epoch_run_raise(const char *dir, uint64_t run);

/* More than all that was ever returned for this directory, and not below store_run; durable.
 * Errors: -EUCLEAN (the file is damaged) and -ENOKEY (it is missing): what was used cannot be
 * known; those of state-dir.h. */
int epoch_run_next(const char *dir, uint64_t store_run, uint64_t *ret);
