// SPDX-License-Identifier: LGPL-2.1-or-later
/* The camera's faults on purpose (base/fault.h). */
#pragma once

#include "base/fault.h"
#include "seal/key.h"

#ifdef CAMWARD_FAULTS
/* The key that seals instead of this one. */
struct seal_key *fault_key(struct seal_key *key);
/* Whether it is still wanted though its epoch is over. */
bool fault_keeps_key(const struct seal_key *key);
#else
static inline struct seal_key *fault_key(struct seal_key *key)
{
	return key;
}

static inline bool fault_keeps_key(const struct seal_key *key)
{
	return false;
}
#endif
