// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/declared-file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "broker/declared-client.h"
#include "broker/declared-section.h"

static const struct {
	const char *prefix, *name;
} kinds[] = {
	[DECLARED_GRANT] = {"grant ", "grant"},
	[DECLARED_CLIENT] = {"client ", "client"},
};

struct parser {
	struct declared *declared;
	const char *source;
	size_t before, clients_before; /* how many there were */
	enum declared_kind kind;
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

/* Where the values of the section go that is being read. */
static struct declared_section section_of(const struct parser *p)
{
	struct declared *d = p->declared;

	if (p->kind == DECLARED_CLIENT)
		return (struct declared_section){DECLARED_CLIENT, NULL,
						 &d->clients[d->n_clients - 1]};
	return (struct declared_section){DECLARED_GRANT, &d->entries[d->n - 1], NULL};
}

static const char *lacking(const struct parser *p)
{
	struct declared_section section = section_of(p);

	return declared_section_lacks(&section);
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

/* One more, of zeros. */
static int grow(void *list, size_t *n, size_t size)
{
	void *more, **at = list;

	if (*n == DECLARED_MAX)
		return -ENOBUFS;
	more = reallocarray(*at, *n + 1, size);
	if (!more)
		return -ENOMEM;
	*at = more;
	memset((char *)more + *n * size, 0, size);
	++*n;
	return 0;
}

static int append_client(struct parser *p, const char *name)
{
	struct declared *declared = p->declared;
	int r = grow(&declared->clients, &declared->n_clients, sizeof(*declared->clients));
	struct client *client;

	if (r < 0)
		return r;
	client = &declared->clients[declared->n_clients - 1].client;
	declared->clients[declared->n_clients - 1].line = p->line;
	snprintf(client->name, sizeof(client->name), "%s", name);
	snprintf(client->source, sizeof(client->source), "%s", p->source);
	return 0;
}

static int append_grant(struct parser *p, uint64_t id)
{
	struct declared *declared = p->declared;
	int r = grow(&declared->entries, &declared->n, sizeof(*declared->entries));
	struct grant *grant;

	if (r < 0)
		return r;
	grant = &declared->entries[declared->n - 1].grant;
	grant->id = id;
	snprintf(grant->source, sizeof(grant->source), "%s", p->source);
	return 0;
}

static const char *find_kind(struct parser *p, const char *section)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t n = strlen(kinds[i].prefix);

		p->kind = (enum declared_kind)i;
		if (strncmp(section, kinds[i].prefix, n) == 0)
			return section + n;
	}
	return "";
}

/* Where it stands already; NULL: nowhere. */
static const char *find_same(const struct parser *p, const char *name, uint64_t id)
{
	const struct declared_client *client;

	if (p->kind == DECLARED_GRANT)
		return is_taken(p->declared, id) ? p->source : NULL;
	client = declared_client_find(p->declared, name);
	return client ? client->client.source : NULL;
}

static bool begin_section(struct parser *p, const char *section, char error[SETTINGS_ERROR_SIZE])
{
	const char *name = find_kind(p, section), *same;
	uint64_t id = make_id(p->source, section);

	if (!name_valid(name) || strlen(section) >= sizeof(p->section)) {
		snprintf(error, SETTINGS_ERROR_SIZE,
			 "there is no section [%.64s], only [grant NAME] and [client NAME]",
			 section);
		return false;
	}
	same = find_same(p, name, id);
	if (same) {
		snprintf(error, SETTINGS_ERROR_SIZE,
			 "[%s] is there already, in %s: choose another name", section, same);
		return false;
	}
	p->error = p->kind == DECLARED_CLIENT ? append_client(p, name) : append_grant(p, id);
	if (p->error < 0)
		snprintf(error, SETTINGS_ERROR_SIZE, "%s",
			 p->error == -ENOBUFS ? "there is too much in policy.d" : "out of memory");
	snprintf(p->section, sizeof(p->section), "%s", section);
	p->at = p->line;
	p->seen = 0;
	return p->error == 0;
}

static bool take(void *userdata, const char *section, const char *name, const char *value,
		 char error[SETTINGS_ERROR_SIZE])
{
	struct parser *p = userdata;
	struct declared_section at;
	int key;

	if (strcmp(p->section, section) != 0 &&
	    (!end_section(p, error) || !begin_section(p, section, error)))
		return false;
	if (!p->section[0]) {
		snprintf(error, SETTINGS_ERROR_SIZE, "'%.64s' stands in no section", name);
		return false;
	}
	key = declared_section_find_key(p->kind, name);
	if (key < 0) {
		snprintf(error, SETTINGS_ERROR_SIZE, "a %s has no '%.64s'", kinds[p->kind].name,
			 name);
		return false;
	}
	if (p->seen & (1U << key)) {
		snprintf(error, SETTINGS_ERROR_SIZE, "'%s' is given twice", name);
		return false;
	}
	p->seen |= 1U << key;
	at = section_of(p);
	if (declared_section_take(&at, key, value))
		return true;
	snprintf(error, SETTINGS_ERROR_SIZE, "%s=%.64s: it takes %s", name, value,
		 declared_section_takes(key));
	return false;
}

/* The same after each start, as those of grants are: of file, client and hash. */
static void make_token_ids(const struct parser *p)
{
	for (size_t i = p->clients_before; i < p->declared->n_clients; i++) {
		struct client *client = &p->declared->clients[i].client;

		for (size_t k = 0; k < client->n_tokens; k++) {
			char text[2 * TOKEN_HASH_SIZE + 1];

			format_hex(client->tokens[k].hash, TOKEN_HASH_SIZE, text);
			client->tokens[k].id = make_id(client->name, text);
		}
	}
}

int declared_file_read(const char *path, struct declared *declared, char error[SETTINGS_ERROR_SIZE])
{
	const char *slash = strrchr(path, '/');
	struct parser p = {
		.declared = declared,
		.source = slash ? slash + 1 : path,
		.before = declared->n,
		.clients_before = declared->n_clients,
	};
	char last[SETTINGS_ERROR_SIZE];
	int r = settings_file_read_lines(path, take, &p, &p.line, error);

	if (r == 0 && !end_section(&p, last)) {
		snprintf(error, SETTINGS_ERROR_SIZE, "%.100s:%d: %.140s", path, p.at, last);
		r = -EINVAL;
	}
	if (r < 0) {
		declared->n = p.before;
		declared->n_clients = p.clients_before;
	}
	make_token_ids(&p);
	return p.error < 0 ? p.error : r;
}
