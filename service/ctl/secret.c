// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/secret.h"

#include <json-c/json.h>
#include <stdio.h>

#include "base/cleanup.h"

#define TOKEN_LENGTH_MAX 128
#define BUFFER_SIZE      1024

/* In URL-safe characters a token needs no escapes, in JSON neither. */
static bool token_valid(const char *token)
{
	size_t length = strlen(token);

	return length > 0 && length <= TOKEN_LENGTH_MAX &&
	       strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
		       length;
}

/* By write(2): stdio would keep a copy in its buffer. */
static int write_all(const char *text, size_t n)
{
	while (n > 0) {
		ssize_t done = write(STDOUT_FILENO, text, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return ctl_fail("The token could not be written: %s. It is lost; remove it "
					"and make another.",
					strerror(errno));
		text += done;
		n -= (size_t)done;
	}
	return 0;
}

/* {"client": "phone"} -> {"client": "phone", "token": "..."}; returns the length, or -1. */
static int format_json(char *to, const char *token, struct json_object *json)
{
	const char *text = json_object_to_json_string_ext(
		json, JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
	const char *end = text ? strrchr(text, '}') : NULL;

	if (!end)
		return -1;
	while (end > text && end[-1] == ' ')
		end--;
	return snprintf(to, BUFFER_SIZE, "%.*s, \"token\": \"%s\" }\n", (int)(end - text), text,
			token);
}

int secret_show(const char *token, const char *sentence, struct json_object *json, bool quiet)
{
	char text[BUFFER_SIZE];
	int length, r;

	if (!token_valid(token))
		return ctl_fail("camwardd answered with something that is not a token.");
	fflush(stdout);
	if (json)
		length = format_json(text, token, json);
	else if (quiet)
		length = snprintf(text, sizeof(text), "%s\n", token);
	else
		length = snprintf(text, sizeof(text),
				  "%s\n\n    %s\n\nIt is shown this once: camward keeps only its "
				  "hash.\n",
				  sentence, token);
	if (length < 0 || length >= BUFFER_SIZE)
		r = ctl_fail("The token could not be shown. It is lost; remove it and make "
			     "another.");
	else
		r = write_all(text, (size_t)length);
	erase(text, sizeof(text));
	return r;
}
