// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/grant.h"

#include "base/cleanup.h"

int grant_check(const struct grant *grant)
{
	const char *holder = grant->client[0] ? grant->client : grant->integration;

	if (!grant->id || (grant->client[0] && grant->integration[0]) || !name_valid(holder))
		return -EINVAL;
	if (uuid_is_null(grant->camera) || !grant->rights || grant->rights & ~(uint32_t)RIGHT_ALL)
		return -EINVAL;
	if (grant->not_after && grant->not_before >= grant->not_after)
		return -EINVAL;
	return 0;
}
