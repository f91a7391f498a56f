// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/listeners.h"

#include <stdio.h>
#include <string.h>

#include "ctl/json.h"

bool listeners_is_loopback(const char *address)
{
	return !strncmp(address, "127.", 4) || !strcmp(address, "::1");
}

bool listeners_is_any(const char *address)
{
	return !strcmp(address, "0.0.0.0") || !strcmp(address, "::");
}

const struct json_object *listeners_find(const struct json_object *manager, const char *service)
{
	const struct json_object *list = json_member(manager, "listeners"), *local = NULL;

	for (size_t i = 0; i < json_count(list); i++) {
		const struct json_object *one = json_at(list, i);

		if (strcmp(json_text(one, "service"), service) != 0)
			continue;
		if (!listeners_is_loopback(json_text(one, "address")))
			return one;
		if (!local)
			local = one;
	}
	return local;
}

void listeners_print(const struct json_object *manager)
{
	const struct json_object *list = json_member(manager, "listeners");
	bool reachable = false;

	for (size_t i = 0; i < json_count(list); i++) {
		const struct json_object *one = json_at(list, i);
		const char *address = json_text(one, "address");
		bool is_6 = strchr(address, ':');

		printf("%s%s %s%s%s:%llu", i ? ", " : "", json_text(one, "service"),
		       is_6 ? "[" : "", address, is_6 ? "]" : "",
		       (unsigned long long)json_number(one, "port"));
		reachable |= !listeners_is_loopback(address);
	}
	puts(reachable ? "" : " (this machine only)");
}
