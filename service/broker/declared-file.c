// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/declared-file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "broker/hours.h"

#define SECTION "grant "

enum key {
	KEY_CLIENT,
	KEY_INTEGRATION,
	KEY_CAMERA,
	KEY_RIGHTS,
	KEY_FROM,
	KEY_UNTIL,
	KEY_HOURS,
	KEY_MAX_LEASES,
	KEY_ONLY_SUB,
	KEY_ASK_FIRST,
	N_KEYS
};

static const struct {
	const char *name, *takes;
} keys[N_KEYS] = {
	[KEY_CLIENT] = {"client", "a name of a-z, 0-9, '.', '_' and '-'"},
	[KEY_INTEGRATION] = {"integration", "a name of a-z, 0-9, '.', '_' and '-'"},
	[KEY_CAMERA] = {"camera", "a name of a-z, 0-9, '.', '_' and '-'"},
	[KEY_RIGHTS] = {"rights", "live, still and raw, separated by commas"},
	[KEY_FROM] = {"from", "a time like 2026-01-02T10:00:00Z"},
	[KEY_UNTIL] = {"until", "a time like 2026-01-02T10:00:00Z"},
	[KEY_HOURS] = {"hours", "hours like 'mon-fri 08:00-18:00, sat 22:00-02:00'"},
	[KEY_MAX_LEASES] = {"max-leases", "1 to 10000"},
	[KEY_ONLY_SUB] = {"only-sub", "yes or no"},
	[KEY_ASK_FIRST] = {"ask-first", "yes or no"},
};

struct parser {
	struct declared *declared;
	const char *source;
	size_t before;    /* how many there were */
	char section[64]; /* the one being read; "": none yet */
	int line, at;     /* the one being read; where the section's first key stands */
	uint32_t seen;
	int error; /* of another kind than the file's; 0: none */
};

/* FNV-1a over file and section, NUL between both. */
static uint64_t make_id(const char *source, const char *section)
{
	uint32_t hash = 2166136261U;

	for (const char *c = source; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619U;
	hash *= 16777619U;
	for (const char *c = section; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619U;
	return DECLARED_ID_FIRST + hash;
}

static bool parse_name(const char *value, char ret[NAME_SIZE])
{
	if (!name_valid(value))
		return false;
	snprintf(ret, NAME_SIZE, "%s", value);
	return true;
}

static bool parse_rights(const char *value, uint32_t *ret)
{
	static const struct {
		const char *text;
		uint32_t right;
	} rights[] = {{"live", RIGHT_LIVE}, {"still", RIGHT_STILL}, {"raw", RIGHT_RAW}};

	while (*value) {
		size_t n = strcspn(value, ", "), i = 0;

		while (i < ARRAY_SIZE(rights) &&
		       (strlen(rights[i].text) != n || memcmp(rights[i].text, value, n) != 0))
			i++;
		if (i == ARRAY_SIZE(rights))
			return false;
		*ret |= rights[i].right;
		value += n;
		value += strspn(value, ", ");
	}
	return *ret != 0;
}

static bool parse_time(const char *value, uint64_t *ret)
{
	struct tm tm = {};
	const char *end = strptime(value, "%Y-%m-%dT%H:%M:%SZ", &tm);
	time_t t = end && !*end ? timegm(&tm) : -1;

	*ret = (uint64_t)t * USEC_PER_SEC;
	return t > 0;
}

static bool parse_hours(const char *value, char ret[GRANT_HOURS_SIZE])
{
	struct hours hours;

	if (strlen(value) >= GRANT_HOURS_SIZE || hours_parse(value, &hours) < 0)
		return false;
	snprintf(ret, GRANT_HOURS_SIZE, "%s", value);
	return true;
}

static bool parse_flag(const char *value, bool *ret)
{
	*ret = !strcmp(value, "yes");
	return *ret || !strcmp(value, "no");
}

static bool parse_value(struct declaration *d, enum key key, const char *value)
{
	struct grant *grant = &d->grant;

	switch (key) {
	case KEY_CLIENT:
		return parse_name(value, grant->client);
	case KEY_INTEGRATION:
		return parse_name(value, grant->integration);
	case KEY_CAMERA:
		return parse_name(value, d->camera);
	case KEY_RIGHTS:
		return parse_rights(value, &grant->rights);
	case KEY_FROM:
		return parse_time(value, &grant->not_before);
	case KEY_UNTIL:
		return parse_time(value, &grant->not_after);
	case KEY_HOURS:
		return parse_hours(value, grant->hours);
	case KEY_MAX_LEASES:
		return parse_u32(value, GRANT_LEASES_MAX, &grant->max_leases) == 0 &&
		       grant->max_leases > 0;
	case KEY_ONLY_SUB:
		return parse_flag(value, &grant->only_sub);
	case KEY_ASK_FIRST:
		return parse_flag(value, &grant->ask_first);
	default:
		return false;
	}
}

/* What the section as a whole lacks; NULL: nothing. */
static const char *lacking(const struct parser *p)
{
	const struct declaration *d = &p->declared->entries[p->declared->n - 1];

	if ((d->grant.client[0] != '\0') == (d->grant.integration[0] != '\0'))
		return "takes either a client or an integration";
	if (!d->camera[0])
		return "names no camera";
	if (!d->grant.rights)
		return "gives no rights";
	if (d->grant.not_after && d->grant.not_after <= d->grant.not_before)
		return "ends before it begins";
	return NULL;
}

static bool end_section(const struct parser *p, char error[SETTINGS_ERROR_SIZE])
{
	const char *lacks = p->section[0] ? lacking(p) : NULL;

	if (lacks)
		snprintf(error, SETTINGS_ERROR_SIZE, "[%s], which begins at line %d, %s",
			 p->section, p->at, lacks);
	return !lacks;
}

static bool is_taken(const struct declared *declared, uint64_t id)
{
	for (size_t i = 0; i < declared->n; i++)
		if (declared->entries[i].grant.id == id)
			return true;
	return false;
}

static int append(struct declared *declared, const struct declaration *declaration)
{
	struct declaration *entries;

	if (declared->n == DECLARED_MAX)
		return -ENOBUFS;
	entries = reallocarray(declared->entries, declared->n + 1, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	entries[declared->n++] = *declaration;
	declared->entries = entries;
	return 0;
}

static bool begin_section(struct parser *p, const char *section, char error[SETTINGS_ERROR_SIZE])
{
	const char *name =
		strncmp(section, SECTION, strlen(SECTION)) == 0 ? section + strlen(SECTION) : "";
	struct declaration declaration = {.grant.id = make_id(p->source, section)};

	if (!name_valid(name) || strlen(section) >= sizeof(p->section)) {
		snprintf(error, SETTINGS_ERROR_SIZE,
			 "there is no section [%.64s], only [grant NAME]", section);
		return false;
	}
	if (is_taken(p->declared, declaration.grant.id)) {
		snprintf(error, SETTINGS_ERROR_SIZE, "[%s] is there already: choose another name",
			 section);
		return false;
	}
	snprintf(declaration.grant.source, sizeof(declaration.grant.source), "%s", p->source);
	p->error = append(p->declared, &declaration);
	if (p->error < 0)
		snprintf(error, SETTINGS_ERROR_SIZE, "%s",
			 p->error == -ENOBUFS ? "there are too many grants in policy.d"
					      : "out of memory");
	snprintf(p->section, sizeof(p->section), "%s", section);
	p->at = p->line;
	p->seen = 0;
	return p->error == 0;
}

static int find_key(const char *name)
{
	for (int key = 0; key < N_KEYS; key++)
		if (!strcmp(keys[key].name, name))
			return key;
	return -ENOENT;
}

static bool take(void *userdata, const char *section, const char *name, const char *value,
		 char error[SETTINGS_ERROR_SIZE])
{
	struct parser *p = userdata;
	int key = find_key(name);

	if (strcmp(p->section, section) != 0 &&
	    (!end_section(p, error) || !begin_section(p, section, error)))
		return false;
	if (!p->section[0]) {
		snprintf(error, SETTINGS_ERROR_SIZE, "'%.64s' stands in no section", name);
		return false;
	}
	if (key < 0) {
		snprintf(error, SETTINGS_ERROR_SIZE, "a grant has no '%.64s'", name);
		return false;
	}
	if (p->seen & (1U << key)) {
		snprintf(error, SETTINGS_ERROR_SIZE, "'%s' is given twice", keys[key].name);
		return false;
	}
	p->seen |= 1U << key;
	if (parse_value(&p->declared->entries[p->declared->n - 1], (enum key)key, value))
		return true;
	snprintf(error, SETTINGS_ERROR_SIZE, "%s=%.64s: it takes %s", keys[key].name, value,
		 keys[key].takes);
	return false;
}

int declared_file_read(const char *path, struct declared *declared, char error[SETTINGS_ERROR_SIZE])
{
	const char *slash = strrchr(path, '/');
	struct parser p = {
		.declared = declared,
		.source = slash ? slash + 1 : path,
		.before = declared->n,
	};
	char last[SETTINGS_ERROR_SIZE];
	int r = settings_file_read_lines(path, take, &p, &p.line, error);

	if (r == 0 && !end_section(&p, last)) {
		snprintf(error, SETTINGS_ERROR_SIZE, "%.100s:%d: %.140s", path, p.at, last);
		r = -EINVAL;
	}
	if (r < 0)
		declared->n = p.before;
	return p.error < 0 ? p.error : r;
}
