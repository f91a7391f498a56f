// SPDX-License-Identifier: LGPL-2.1-or-later
/* The job that leaves on the disk only what memory has. */
#include <inttypes.h>
#include <stdio.h>

#include "broker/store-queue.h"

/* Names have no comma. */
#define DELETE_OTHERS(table, column) \
	"DELETE FROM " table " WHERE instr(?, ',' || " column " || ',') = 0"

static int run(struct store_writer *writer, const struct store_job *job)
{
	int r = db_run(writer->db, DELETE_OTHERS("clients", "name"), "t", job->keep.clients);

	if (r >= 0)
		r = db_run(writer->db, DELETE_OTHERS("integrations", "name"), "t",
			   job->keep.integrations);
	if (r >= 0)
		r = db_run(writer->db, DELETE_OTHERS("tokens", "id"), "t", job->keep.tokens);
	if (r >= 0)
		r = db_run(writer->db, DELETE_OTHERS("grants", "id"), "t", job->keep.grants);
	if (r >= 0)
		r = db_run(writer->db, DELETE_OTHERS("client_users", "client"), "t",
			   job->keep.users);
	if (r >= 0)
		r = db_run(writer->db, DELETE_OTHERS("pins", "hex(spki)"), "t", job->keep.pins);
	return r < 0 ? r : 0;
}

/* What policy.d declares is not on the disk: a row of its name is of one that was removed. */
static bool is_kept(const struct client *client)
{
	return !client->source[0];
}

/* Under both names while it is being renamed: the disk may have either. */
static void print_name(FILE *file, const char *name, const char *former)
{
	fprintf(file, "%s,", name);
	if (former[0])
		fprintf(file, "%s,", former);
}

static void print_clients(FILE *file, const struct policy *policy)
{
	fputc(',', file);
	for (size_t i = 0; i < policy->n_clients; i++)
		if (is_kept(policy->clients[i]))
			print_name(file, policy->clients[i]->name, policy->clients[i]->former);
	fputc('\0', file);
}

static void print_integrations(FILE *file, const struct policy *policy)
{
	fputc(',', file);
	for (size_t i = 0; i < policy->n_integrations; i++)
		if (!policy->integrations[i]->source[0])
			print_name(file, policy->integrations[i]->name,
				   policy->integrations[i]->former);
	fputc('\0', file);
}

static void print_users(FILE *file, const struct policy *policy)
{
	fputc(',', file);
	for (size_t i = 0; i < policy->n_clients; i++)
		if (is_kept(policy->clients[i]) && policy->clients[i]->has_user)
			print_name(file, policy->clients[i]->name, policy->clients[i]->former);
	fputc('\0', file);
}

static void print_pins(FILE *file, const struct policy *policy)
{
	fputc(',', file);
	for (size_t i = 0; i < policy->n_clients; i++)
		for (size_t p = 0; is_kept(policy->clients[i]) && p < policy->clients[i]->n_pins;
		     p++) {
			const struct token *pin = &policy->clients[i]->pins[p];

			for (size_t k = 0; k < sizeof(pin->hash); k++)
				fprintf(file, "%02X", pin->hash[k]); /* as hex() of SQL */
			fputc(',', file);
		}
	fputc('\0', file);
}

static void print_tokens(FILE *file, const struct policy *policy)
{
	fputc(',', file);
	for (size_t i = 0; i < policy->n_clients; i++)
		for (size_t t = 0; t < policy->clients[i]->n_tokens; t++)
			fprintf(file, "%" PRIu64 ",", policy->clients[i]->tokens[t].id);
	fputc('\0', file);
}

static void print_grants(FILE *file, const struct policy *policy)
{
	fputc(',', file);
	for (size_t i = 0; i < policy->n_grants; i++)
		fprintf(file, "%" PRIu64 ",", policy->grants[i]->id);
	fputc('\0', file);
}

/* The lists, one after the other; NULL without memory. */
static char *print_lists(const struct policy *policy)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);
	bool failed;

	if (!file)
		return NULL;
	print_clients(file, policy);
	print_integrations(file, policy);
	print_tokens(file, policy);
	print_grants(file, policy);
	print_users(file, policy);
	print_pins(file, policy);
	failed = ferror(file);
	if (fclose(file) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}

int store_keep_only(struct store *store, const struct policy *policy, store_done done,
		    void *userdata)
{
	struct store_job *job = store_job_new(run, done, userdata);

	if (!job)
		return -ENOMEM;
	job->owned = print_lists(policy);
	if (!job->owned) {
		store_job_free(job);
		return -ENOMEM;
	}
	job->keep.clients = job->owned;
	job->keep.integrations = job->keep.clients + strlen(job->keep.clients) + 1;
	job->keep.tokens = job->keep.integrations + strlen(job->keep.integrations) + 1;
	job->keep.grants = job->keep.tokens + strlen(job->keep.tokens) + 1;
	job->keep.users = job->keep.grants + strlen(job->keep.grants) + 1;
	job->keep.pins = job->keep.users + strlen(job->keep.users) + 1;
	return store_queue(store, job, STORE_QUEUE_MAX);
}
