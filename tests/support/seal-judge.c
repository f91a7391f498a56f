// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The service's verifier, for comparison with tests/support/seal.py: reads cases from standard
 * input, in the form of tests/unit/data/seal/ (its README tells it), and writes the verdict's name
 * on each statement and each unit, a line each. What is expected it does not look at.
 */
#include <stdio.h>

#include "base/cleanup.h"
#include "seal/verifier.h"

#define WORDS_MAX 10

struct judge {
	struct verifier_config config;
	struct verifier verifier;
	bool open; /* verifier made of the configuration */
};

static void need(bool condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "seal-judge: bad %s\n", what);
		exit(1);
	}
}

static uint64_t number(const char *text)
{
	uint64_t n = 0;

	need(text && parse_u64(text, UINT64_MAX, &n) == 0, "number");
	return n;
}

/* Hexadecimal, "-" for no bytes; in place. */
static struct slice bytes(char *text)
{
	size_t n = text ? strlen(text) / 2 : 0;
	uint8_t *out = (uint8_t *)text;

	need(text, "line");
	if (strcmp(text, "-") == 0)
		return slice_of(text, 0);
	need(strlen(text) % 2 == 0, "hexadecimal");
	for (size_t i = 0; i < n; i++) {
		char pair[3] = {text[2 * i], text[2 * i + 1]};
		uint8_t byte;

		need(parse_hex(pair, &byte, 1) == 0, "hexadecimal");
		out[i] = byte;
	}
	return slice_of(out, n);
}

static void bytes_to(char *text, uint8_t *ret, size_t n)
{
	need(text && parse_hex(text, ret, n) == 0, "hexadecimal");
}

static enum verifier_freshness freshness(const char *text)
{
	static const char *const names[] = {"live", "relay", "no-clock", "file"};

	for (size_t i = 0; text && i < ARRAY_SIZE(names); i++)
		if (strcmp(text, names[i]) == 0)
			return (enum verifier_freshness)i;
	need(false, "freshness");
	return VERIFIER_LIVE;
}

static void say(enum verdict verdict)
{
	puts(verdict_name(verdict));
}

static struct verifier *verifier(struct judge *j)
{
	if (!j->open)
		need(verifier_init(&j->verifier, &j->config) == 0, "configuration");
	j->open = true;
	return &j->verifier;
}

static void statement(struct judge *j, char **w)
{
	uint8_t nonce[SEAL_NONCE_SIZE], exporter[SEAL_EXPORTER_SIZE];
	struct slice certificate = bytes(w[1]), said = bytes(w[2]);

	bytes_to(w[3], nonce, sizeof(nonce));
	bytes_to(w[4], exporter, sizeof(exporter));
	say(verifier_statement(verifier(j), certificate, said, nonce, exporter, number(w[5]),
			       number(w[6])));
}

static void unit(struct judge *j, char **w)
{
	struct verifier_time arrived = {number(w[1]), number(w[2])};
	struct verifier_result result;

	say(verifier_unit(verifier(j), bytes(w[3]), arrived, &result));
}

static void end_case(struct judge *j)
{
	if (j->open)
		verifier_release(&j->verifier);
	*j = (struct judge){0};
}

static void line(struct judge *j, char **w)
{
	if (strcmp(w[0], "case") == 0) {
		end_case(j);
	} else if (strcmp(w[0], "codec") == 0) {
		j->config.codec = (enum seal_codec)number(w[1]);
	} else if (strcmp(w[0], "freshness") == 0) {
		j->config.freshness = freshness(w[1]);
	} else if (strcmp(w[0], "switching") == 0) {
		j->config.may_switch = true;
	} else if (strcmp(w[0], "root") == 0) {
		bytes_to(w[1], j->config.root, SEAL_KEY_SIZE);
	} else if (strcmp(w[0], "uuid") == 0) {
		bytes_to(w[1], j->config.camera_uuid, UUID_SIZE);
		j->config.has_uuid = true;
	} else if (strcmp(w[0], "name") == 0) {
		need(w[1], "name");
		snprintf(j->config.camera_name, NAME_SIZE, "%s", w[1]);
	} else if (strcmp(w[0], "reconnect") == 0) {
		verifier_reconnect(verifier(j));
	} else if (strcmp(w[0], "set") == 0) {
		need(verifier_parameter_set(verifier(j), bytes(w[1])) == 0, "parameter set");
	} else if (strcmp(w[0], "statement") == 0) {
		statement(j, w);
	} else if (strcmp(w[0], "unit") == 0) {
		unit(j, w);
	} else {
		need(false, "line");
	}
}

int main(void)
{
	struct judge j = {0};
	char *text = NULL;
	size_t size = 0;

	while (getline(&text, &size, stdin) > 0) {
		char *words[WORDS_MAX + 1] = {0}, *save;
		size_t n = 0;

		for (char *w = strtok_r(text, " \n", &save); w && n < WORDS_MAX;
		     w = strtok_r(NULL, " \n", &save))
			words[n++] = w;
		if (n > 0 && words[0][0] != '#')
			line(&j, words);
	}
	end_case(&j);
	free(text);
	return fflush(stdout) == 0 ? 0 : 1;
}
