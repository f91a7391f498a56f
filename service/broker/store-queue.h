// SPDX-License-Identifier: LGPL-2.1-or-later
/* For those that make jobs for the store: store-policy.c, ledger.c, store.c. */
#pragma once

#include "broker/store-job.h"

/* Takes the job, also when it fails: -ENOMEM for a NULL job, -ENOBUFS when max are queued already,
 * -ESHUTDOWN. */
int store_queue(struct store *store, struct store_job *job, size_t max);
