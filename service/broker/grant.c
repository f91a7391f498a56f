// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/grant.h"

#include "base/cleanup.h"
#include "broker/hours.h"

int grant_check(const struct grant *grant)
{
	const char *holder = grant->client[0] ? grant->client : grant->integration;
	struct hours hours;

	if (!grant->id || (grant->client[0] && grant->integration[0]) || !name_valid(holder))
		return -EINVAL;
	if (uuid_is_null(grant->camera) || !grant->rights || grant->rights & ~(uint32_t)RIGHT_ALL)
		return -EINVAL;
	if (grant->not_after && grant->not_before >= grant->not_after)
		return -EINVAL;
	if (grant->max_leases > GRANT_LEASES_MAX ||
	    (grant->hours[0] && hours_parse(grant->hours, &hours) < 0))
		return -EINVAL;
	return 0;
}
