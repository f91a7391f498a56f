// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dbus/options.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "dbus/names.h"

#define KEYS_MAX 32

static const struct options_key *find_key(const struct options_key *keys, size_t n_keys,
					  const char *name)
{
	for (size_t i = 0; i < n_keys; i++)
		if (!strcmp(keys[i].name, name))
			return &keys[i];
	return NULL;
}

static int read_value(sd_bus_message *m, const struct options_key *key, sd_bus_error *error)
{
	int flag, r;

	if (key->type == 's')
		r = sd_bus_message_read(m, "v", "s", key->text);
	else if (key->type == 't')
		r = sd_bus_message_read(m, "v", "t", key->number);
	else
		r = sd_bus_message_read(m, "v", "b", &flag);
	if (r >= 0 && key->type == 'b')
		*key->flag = flag;
	if (r == -ENXIO)
		return sd_bus_error_setf(error, CAMWARD_ERROR_INVALID_LIMITS,
					 "The option '%s' takes a value of the type '%c'",
					 key->name, key->type);
	return r;
}

int options_read(sd_bus_message *m, const struct options_key *keys, size_t n_keys,
		 sd_bus_error *error)
{
	uint32_t seen = 0;
	int r;

	assert(n_keys <= KEYS_MAX);
	r = sd_bus_message_enter_container(m, 'a', "{sv}");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		const struct options_key *key;
		const char *name;

		r = sd_bus_message_read(m, "s", &name);
		if (r < 0)
			return r;
		key = find_key(keys, n_keys, name);
		if (!key || seen & (1U << (key - keys)))
			return sd_bus_error_setf(error, CAMWARD_ERROR_INVALID_LIMITS,
						 "The option '%s' is %s", name,
						 key ? "given twice" : "not known");
		seen |= 1U << (key - keys);
		r = read_value(m, key, error);
		if (r < 0)
			return r;
		r = sd_bus_message_exit_container(m);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}
