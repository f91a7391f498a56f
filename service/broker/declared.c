// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/declared.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/event.h"
#include "base/log.h"
#include "broker/broker.h"
#include "broker/declared-client.h"
#include "broker/declared-file.h"

/* The camera that a declaration's grant is for; NULL: it is none yet. */
static const struct camera_record *find_camera(const struct policy *policy,
					       const struct declaration *d)
{
	const struct camera_record *camera = policy_find_camera(policy, d->camera);
	const struct client *client =
		d->grant.client[0] ? policy_find_client(policy, d->grant.client) : NULL;

	if (!camera || camera->pending || (d->grant.client[0] && (!client || client->pending)))
		return NULL;
	return camera;
}

static bool deactivate(struct broker *broker, struct declaration *d)
{
	d->active = false;
	if (!policy_find_grant(broker->policy, d->grant.id))
		return false; /* it went with its client or camera */
	observe(broker, grant_removed, d->grant.id);
	policy_remove_grant(broker->policy, d->grant.id);
	return true;
}

static bool activate(struct broker *broker, struct declaration *d,
		     const struct camera_record *camera)
{
	int r;

	memcpy(d->grant.camera, camera->uuid, UUID_SIZE);
	d->grant.created = clock_realtime();
	r = policy_add_grant(broker->policy, &d->grant);
	if (r < 0) {
		log_error("policy.d/%s: a grant for %s cannot be had: %s", d->grant.source,
			  d->camera, strerror(-r));
		return false;
	}
	d->active = true;
	observe(broker, grant_added, d->grant.id);
	return true;
}

/* Whether anything has changed. */
static bool apply(struct broker *broker, struct declaration *d)
{
	const struct camera_record *camera = find_camera(broker->policy, d);
	bool changed = false;

	if (d->active && (!camera || memcmp(camera->uuid, d->grant.camera, UUID_SIZE) != 0 ||
			  !policy_find_grant(broker->policy, d->grant.id)))
		changed = deactivate(broker, d);
	if (!d->active && camera)
		changed |= activate(broker, d, camera);
	return changed;
}

void declared_apply(struct broker *broker)
{
	bool changed = false;

	for (size_t i = 0; i < broker->declared.n; i++)
		changed |= apply(broker, &broker->declared.entries[i]);
	if (changed)
		redecide_all(broker);
}

bool declared_for_client(const struct broker *broker, const char *name)
{
	for (size_t i = 0; i < broker->declared.n; i++)
		if (!strcmp(broker->declared.entries[i].grant.client, name))
			return true;
	return false;
}

bool declared_for_integration(const struct broker *broker, const char *name)
{
	for (size_t i = 0; i < broker->declared.n; i++)
		if (!strcmp(broker->declared.entries[i].grant.integration, name))
			return true;
	return false;
}

static int is_conf(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 5 && !strcmp(entry->d_name + n - 5, ".conf");
}

static void refuse(struct declared *declared, const char *name, const char *why)
{
	struct declared_refusal *more =
		reallocarray(declared->refused, declared->n_refused + 1, sizeof(*more));

	if (!more)
		return; /* nobody is told, and nothing is granted */
	declared->refused = more;
	more += declared->n_refused++;
	snprintf(more->name, sizeof(more->name), "%s", name);
	snprintf(more->why, sizeof(more->why), "%s", why);
}

static void tell_refused(const char *name, const char *why)
{
	event_log(LOG_ERR, EVENT_DECLARATION_REFUSED, &(struct event_about){.reason = why},
		  "policy.d/%.64s grants nothing: %s", name, why);
}

static void read_file(const char *directory, const char *name, struct declared *declared)
{
	char path[SETTINGS_PATH_SIZE], error[SETTINGS_ERROR_SIZE] = "";
	int r = -ENAMETOOLONG;

	if (strlen(name) < GRANT_SOURCE_SIZE &&
	    snprintf(path, sizeof(path), "%s/%s", directory, name) < (int)sizeof(path))
		r = declared_file_read(path, declared, error);
	if (r < 0)
		refuse(declared, name, error[0] ? error : strerror(-r));
}

/* In the order of their names. */
void declared_read(const char *directory, struct declared *ret)
{
	char path[SETTINGS_PATH_SIZE];
	struct dirent **names;
	int n = -1;

	*ret = (struct declared){};
	errno = ENAMETOOLONG;
	if (snprintf(path, sizeof(path), "%s/policy.d", directory) < (int)sizeof(path))
		n = scandir(path, &names, is_conf, alphasort);
	if (n < 0) {
		if (errno != ENOENT)
			refuse(ret, "*", strerror(errno));
		return;
	}
	for (int i = 0; i < n; i++) {
		read_file(path, names[i]->d_name, ret);
		free(names[i]);
	}
	free(names);
}

static void drop_file(struct declared *declared, const char *source)
{
	size_t n = 0;

	for (size_t i = 0; i < declared->n; i++)
		if (strcmp(declared->entries[i].grant.source, source) != 0)
			declared->entries[n++] = declared->entries[i];
	declared->n = n;
	n = 0;
	for (size_t i = 0; i < declared->n_clients; i++)
		if (strcmp(declared->clients[i].client.source, source) != 0)
			declared->clients[n++] = declared->clients[i];
	declared->n_clients = n;
}

/* What each file says by itself is sound; now together, and with what the owner has made. */
static void check_clients(const struct broker *broker, struct declared *declared)
{
	char error[SETTINGS_ERROR_SIZE], source[GRANT_SOURCE_SIZE];
	const struct declared_client *wrong;

	while ((wrong = declared_client_check(broker, declared, error))) {
		memcpy(source, wrong->client.source, sizeof(source));
		tell_refused(source, error);
		drop_file(declared, source);
	}
}

static bool says_the_same(const struct declaration *a, const struct declaration *b)
{
	const struct grant *x = &a->grant, *y = &b->grant;

	return x->id == y->id && !strcmp(a->camera, b->camera) && !strcmp(x->client, y->client) &&
	       !strcmp(x->integration, y->integration) && x->rights == y->rights &&
	       x->not_before == y->not_before && x->not_after == y->not_after &&
	       x->only_sub == y->only_sub && x->ask_first == y->ask_first &&
	       x->max_leases == y->max_leases && !strcmp(x->hours, y->hours);
}

/* What stands there as before goes on; all else of before goes. */
static void replace(struct broker *broker, struct declared *by)
{
	struct declared *old = &broker->declared;

	for (size_t i = 0; i < old->n; i++) {
		struct declaration *d = &old->entries[i];

		for (size_t k = 0; k < by->n && d->active; k++)
			if (says_the_same(d, &by->entries[k])) {
				by->entries[k] = *d;
				d->active = false;
			}
		if (d->active)
			(void)deactivate(broker, d);
	}
	declared_client_retire(broker, old, by);
	declared_free(old);
	*old = *by;
}

void declared_take(struct broker *broker, struct declared *by)
{
	for (size_t i = 0; i < by->n_refused; i++)
		tell_refused(by->refused[i].name, by->refused[i].why);
	check_clients(broker, by);
	replace(broker, by);
	*by = (struct declared){};
	declared_client_activate(broker);
	for (size_t i = 0; i < broker->declared.n; i++)
		(void)apply(broker, &broker->declared.entries[i]);
	redecide_all(broker);
}

void declared_free(struct declared *declared)
{
	free(declared->entries);
	if (declared->clients)
		erase(declared->clients, declared->n_clients * sizeof(*declared->clients));
	free(declared->clients);
	free(declared->refused);
	*declared = (struct declared){};
}
