// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/settings-service.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"

struct service_parser {
	struct service_settings settings;
	uint32_t seen;
};

enum service_key {
	KEY_ANNOUNCE,
	KEY_NAME,
	KEY_RTSPS_PORT,
	KEY_HTTPS_PORT,
	KEY_EVENTS_DAYS,
	KEY_ADDRESSES_DAYS,
	N_KEYS
};

static const struct {
	const char *section, *name, *takes;
} keys[N_KEYS] = {
	[KEY_ANNOUNCE] = {"mdns", "announce", "yes or no"},
	[KEY_NAME] = {"mdns", "name", "1 to 63 printable ASCII characters"},
	[KEY_RTSPS_PORT] = {"mdns", "rtsps-port", "1 to 65535"},
	[KEY_HTTPS_PORT] = {"mdns", "https-port", "1 to 65535"},
	[KEY_EVENTS_DAYS] = {"ledger", "events-days", "0 to 36500"},
	[KEY_ADDRESSES_DAYS] = {"ledger", "addresses-days", "0 to 36500"},
};

static bool parse_announce(const char *value, bool *ret)
{
	*ret = !strcmp(value, "yes");
	return *ret || !strcmp(value, "no");
}

static bool parse_name(const char *value, char ret[SETTINGS_MDNS_NAME_SIZE])
{
	size_t n = strlen(value);

	for (size_t i = 0; i < n; i++)
		if (value[i] < ' ' || value[i] > '~')
			return false;
	if (!n || n >= SETTINGS_MDNS_NAME_SIZE)
		return false;
	memcpy(ret, value, n + 1);
	return true;
}

static bool parse_port(const char *value, uint16_t *ret)
{
	uint32_t port;

	if (parse_u32(value, UINT16_MAX, &port) < 0 || !port)
		return false;
	*ret = (uint16_t)port;
	return true;
}

static bool parse_value(struct service_settings *s, enum service_key key, const char *value)
{
	switch (key) {
	case KEY_ANNOUNCE:
		return parse_announce(value, &s->announce);
	case KEY_NAME:
		return parse_name(value, s->name);
	case KEY_RTSPS_PORT:
		return parse_port(value, &s->rtsps_port);
	case KEY_HTTPS_PORT:
		return parse_port(value, &s->https_port);
	case KEY_EVENTS_DAYS:
		return parse_u32(value, SETTINGS_DAYS_MAX, &s->events_days) == 0;
	case KEY_ADDRESSES_DAYS:
		return parse_u32(value, SETTINGS_DAYS_MAX, &s->addresses_days) == 0;
	default:
		return false;
	}
}

static int find_key(const char *section, const char *name)
{
	for (int key = 0; key < N_KEYS; key++)
		if (!strcmp(keys[key].section, section) && !strcmp(keys[key].name, name))
			return key;
	return -ENOENT;
}

static void say_unknown(const char *section, const char *name, char error[SETTINGS_ERROR_SIZE])
{
	if (!strcmp(section, "mdns"))
		snprintf(error, SETTINGS_ERROR_SIZE,
			 "[mdns] has no '%.64s', only announce, name, rtsps-port and https-port",
			 name);
	else if (!strcmp(section, "ledger"))
		snprintf(error, SETTINGS_ERROR_SIZE,
			 "[ledger] has no '%.64s', only events-days and addresses-days", name);
	else
		snprintf(error, SETTINGS_ERROR_SIZE,
			 "there is no section [%.64s], only [mdns] and [ledger]", section);
}

static bool take_setting(void *userdata, const char *section, const char *name, const char *value,
			 char error[SETTINGS_ERROR_SIZE])
{
	struct service_parser *p = userdata;
	int key = find_key(section, name);

	if (key < 0) {
		say_unknown(section, name, error);
		return false;
	}
	if (p->seen & (1U << key)) {
		snprintf(error, SETTINGS_ERROR_SIZE, "'%s' is given twice", keys[key].name);
		return false;
	}
	p->seen |= 1U << key;
	if (parse_value(&p->settings, (enum service_key)key, value))
		return true;
	snprintf(error, SETTINGS_ERROR_SIZE, "%s=%.64s: it takes %s", keys[key].name, value,
		 keys[key].takes);
	return false;
}

void settings_service_name(char name[SETTINGS_MDNS_NAME_SIZE])
{
	if (gethostname(name, SETTINGS_MDNS_NAME_SIZE) < 0 || !name[0])
		snprintf(name, SETTINGS_MDNS_NAME_SIZE, "camward");
	name[SETTINGS_MDNS_NAME_SIZE - 1] = '\0';
}

int settings_load_service(const char *directory, struct service_settings *ret,
			  char error[SETTINGS_ERROR_SIZE])
{
	struct service_parser p = {.settings = {
					   .events_days = SETTINGS_EVENTS_DAYS,
					   .addresses_days = SETTINGS_ADDRESSES_DAYS,
				   }};
	char path[SETTINGS_PATH_SIZE];
	int r = -ENAMETOOLONG;

	error[0] = '\0';
	if (snprintf(path, sizeof(path), "%s/camward.conf", directory) < (int)sizeof(path))
		r = settings_file_read(path, take_setting, &p, error);
	if (r < 0)
		return r;
	*ret = p.settings;
	return 0;
}
