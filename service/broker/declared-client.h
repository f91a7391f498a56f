// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The clients that files in policy.d declare, on their way into the policy and out of it. A name,
 * of a client or of an integration, is either the files' or the owner's: a file that declares one
 * which the owner has given is refused as a whole, as its grants would otherwise go to somebody
 * else.
 */
#pragma once

#include "broker/declared.h"
#include "broker/settings-file.h"

/* NULL: the name is not declared. */
struct declared_client *declared_client_find(const struct declared *declared, const char *name);
/*
 * The first client that cannot be had because of what the policy holds that is no file's, or of
 * another declared one; error says why: "FILE:LINE: ...". NULL: all can.
 */
const struct declared_client *declared_client_check(const struct broker *broker,
						    const struct declared *declared,
						    char error[SETTINGS_ERROR_SIZE]);

/* Those of old that stand in `by` unchanged are taken over, all others leave the policy, with their
 * grants. The caller decides again. */
void declared_client_retire(struct broker *broker, struct declared *old, struct declared *by);
/* What is not yet in the policy comes. */
void declared_client_activate(struct broker *broker);
