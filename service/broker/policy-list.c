// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/policy-list.h"

int policy_list_append(void *list, size_t *n, size_t max, const void *object, size_t size)
{
	void *copy;

	if (*n == max)
		return -ENOBUFS;
	copy = malloc(size);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, object, size);
	((void **)list)[(*n)++] = copy;
	return 0;
}

int policy_list_take_out(void *list, size_t *n, const void *object, size_t size)
{
	void **entries = list;

	for (size_t i = 0; i < *n; i++)
		if (entries[i] == object) {
			erase(entries[i], size);
			free(entries[i]);
			memmove(&entries[i], &entries[i + 1], (*n - i - 1) * sizeof(*entries));
			(*n)--;
			return 0;
		}
	return -ENOENT;
}
