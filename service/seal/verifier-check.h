// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the files of the verifier share; nobody else's business. */
#pragma once

#include "seal/verifier.h"

/* Signed by the root, of the wanted camera, and the one in force or of a later epoch. */
enum verdict verifier_check_certificate(const struct verifier *v, struct slice bytes,
					struct seal_certificate *ret);

/* Puts one in force that was checked. */
void verifier_keep_certificate(struct verifier *v, struct slice bytes,
			       const struct seal_certificate *certificate);

/* By the times of the unit and of its arrival; new_epoch: the first of its epoch here. */
enum verdict verifier_check_fresh(const struct verifier *v, const struct seal *seal, bool new_epoch,
				  struct verifier_time arrived);

/* Remembers what later units' freshness is judged by. */
void verifier_keep_fresh(struct verifier *v, const struct seal *seal, bool new_epoch,
			 struct verifier_time arrived);
