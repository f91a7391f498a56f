// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/declared-section.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/utc.h"
#include "broker/hours.h"
#include "broker/pin.h"

#define GRANT  (1U << DECLARED_GRANT)
#define CLIENT (1U << DECLARED_CLIENT)

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
	KEY_PIN,
	KEY_TOKEN,
	N_KEYS
};

static const struct {
	const char *name, *takes;
	unsigned int of;
} keys[N_KEYS] = {
	[KEY_CLIENT] = {"client", "a name of a-z, 0-9, '.', '_' and '-'", GRANT},
	[KEY_INTEGRATION] = {"integration", "a name of a-z, 0-9, '.', '_' and '-'", GRANT | CLIENT},
	[KEY_CAMERA] = {"camera", "a name of a-z, 0-9, '.', '_' and '-'", GRANT},
	[KEY_RIGHTS] = {"rights", "live, still and raw, separated by commas", GRANT},
	[KEY_FROM] = {"from", "a time like 2026-01-02T10:00:00Z", GRANT},
	[KEY_UNTIL] = {"until", "a time like 2026-01-02T10:00:00Z", GRANT},
	[KEY_HOURS] = {"hours", "hours like 'mon-fri 08:00-18:00, sat 22:00-02:00'", GRANT},
	[KEY_MAX_LEASES] = {"max-leases", "1 to 10000", GRANT},
	[KEY_ONLY_SUB] = {"only-sub", "yes or no", GRANT},
	[KEY_ASK_FIRST] = {"ask-first", "yes or no", GRANT},
	[KEY_PIN] = {"pin", "up to 8 fingerprints sha256/BASE64, separated by commas", CLIENT},
	[KEY_TOKEN] = {"token-sha256",
		       "up to 8 SHA-256 of tokens, in 64 hexadecimal digits, separated by commas",
		       CLIENT},
};

int declared_section_find_key(enum declared_kind kind, const char *name)
{
	for (int key = 0; key < N_KEYS; key++)
		if ((keys[key].of & 1U << kind) && !strcmp(keys[key].name, name))
			return key;
	return -ENOENT;
}

const char *declared_section_takes(int key)
{
	return keys[key].takes;
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
	int64_t t = end && !*end ? utc_seconds(&tm) : -1;

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

#define PIN_PREFIX "sha256/"

static bool parse_pin(const char *text, uint8_t hash[TOKEN_HASH_SIZE])
{
	if (strncmp(text, PIN_PREFIX, strlen(PIN_PREFIX)) == 0)
		text += strlen(PIN_PREFIX);
	return pin_parse(text, hash) == 0;
}

static bool parse_token(const char *text, uint8_t hash[TOKEN_HASH_SIZE])
{
	return strlen(text) == 2 * TOKEN_HASH_SIZE && parse_hex(text, hash, TOKEN_HASH_SIZE) == 0;
}

/* One at least, none of them twice. */
static bool parse_credentials(const char *value, bool (*parse)(const char *, uint8_t *),
			      struct token *tokens, size_t max, size_t *n)
{
	while (*value) {
		struct token token = {};
		char text[2 * TOKEN_HASH_SIZE + 1];
		size_t len = strcspn(value, ", ");

		if (*n == max || len >= sizeof(text))
			return false;
		memcpy(text, value, len);
		text[len] = '\0';
		if (!parse(text, token.hash))
			return false;
		for (size_t i = 0; i < *n; i++)
			if (token_hash_equal(tokens[i].hash, token.hash))
				return false;
		tokens[(*n)++] = token;
		value += len;
		value += strspn(value, ", ");
	}
	return *n > 0;
}

static bool take_of_grant(struct declaration *d, enum key key, const char *value)
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

static bool take_of_client(struct client *client, enum key key, const char *value)
{
	switch (key) {
	case KEY_INTEGRATION:
		return parse_name(value, client->integration);
	case KEY_PIN:
		return parse_credentials(value, parse_pin, client->pins, CLIENT_PINS_MAX,
					 &client->n_pins);
	case KEY_TOKEN:
		return parse_credentials(value, parse_token, client->tokens, CLIENT_TOKENS_MAX,
					 &client->n_tokens);
	default:
		return false;
	}
}

bool declared_section_take(const struct declared_section *s, int key, const char *value)
{
	if (s->kind == DECLARED_CLIENT)
		return take_of_client(&s->client->client, (enum key)key, value);
	return take_of_grant(s->grant, (enum key)key, value);
}

static const char *grant_lacks(const struct declaration *d)
{
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

const char *declared_section_lacks(const struct declared_section *s)
{
	if (s->kind == DECLARED_GRANT)
		return grant_lacks(s->grant);
	if (s->client->client.n_pins == 0 && s->client->client.n_tokens == 0)
		return "has neither pin nor token-sha256: nobody could be this client";
	return NULL;
}
