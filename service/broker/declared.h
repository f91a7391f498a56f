// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Grants and clients that stand in files, for the images of vendors and for those who manage their
 * devices by files: CONFIG-DIRECTORY/policy.d/NAME.conf (declared-file.h). They take part in
 * decisions as long as their file says so; nobody can revoke them over the bus, but suspensions
 * beat them.
 *
 * A declaration names its camera and its client; it is a grant as soon as both are there. A file
 * with an error grants nothing at all: what was meant as a limit must not be none.
 *
 * A declared client is known by certificates or by tokens whose hashes stand there; an integration
 * is declared by its clients. Their names are nobody else's (declared-client.h), and only files
 * grant them anything.
 */
#pragma once

#include "broker/client.h"
#include "broker/grant.h"
#include "broker/settings-file.h"

#define DECLARED_MAX 512

/* Their ids lie above all others, and are the same after each start: made of file and name. */
#define DECLARED_ID_FIRST (UINT64_C(1) << 40)

struct broker;

struct declaration {
	struct grant grant; /* its camera is filled in when that is known */
	char camera[NAME_SIZE];
	bool active; /* the policy has it */
};

struct declared_client {
	struct client client; /* its pins get their ids with the policy */
	int line;             /* where its section's first key stands */
	bool active;          /* the policy has it */
};

/* A file that is of no use, and why; "*": all of them. */
struct declared_refusal {
	char name[GRANT_SOURCE_SIZE];
	char why[SETTINGS_ERROR_SIZE];
};

struct declared {
	size_t n;
	struct declaration *entries;
	size_t n_clients;
	struct declared_client *clients;
	size_t n_refused;
	struct declared_refusal *refused;
};

static inline bool grant_is_declared(const struct grant *grant)
{
	return grant->source[0] != '\0';
}

/* Reads the files into ret, which is the caller's. Any thread may. */
void declared_read(const char *directory, struct declared *ret);
/* What was read takes the place of what was declared before, and all is decided again. What is
 * wrong with a file is logged. by is empty afterwards. */
void declared_take(struct broker *broker, struct declared *by);
/* A client or a camera has come, gone or another name. */
void declared_apply(struct broker *broker);
/* Whether it stands in a file, and is changed there. */
bool declared_is_client(const struct broker *broker, const char *name);
bool declared_is_integration(const struct broker *broker, const char *name);
/* Whether a file grants something to whoever has this name. */
bool declared_for_client(const struct broker *broker, const char *name);
bool declared_for_integration(const struct broker *broker, const char *name);
void declared_free(struct declared *declared);
