// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dbus/objects.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "dbus/errors.h"

#define ID_TEXT_SIZE 24

char *object_path(const char *prefix, const char *name)
{
	char *path;

	return sd_bus_path_encode(prefix, name, &path) < 0 ? NULL : path;
}

char *object_path_id(const char *prefix, uint64_t id)
{
	char text[ID_TEXT_SIZE];

	snprintf(text, sizeof(text), "%" PRIu64, id);
	return object_path(prefix, text);
}

int object_name(const char *path, const char *prefix, char **ret)
{
	return sd_bus_path_decode(path, prefix, ret);
}

int object_id(const char *path, const char *prefix, uint64_t *ret)
{
	_cleanup_free_ char *text = NULL;
	int r = object_name(path, prefix, &text);

	if (r <= 0)
		return r;
	return parse_u64(text, UINT64_MAX, ret) < 0 ? 0 : 1;
}

int object_paths_add(struct object_paths *paths, char *path)
{
	char **grown = path ? reallocarray(paths->paths, paths->n + 2, sizeof(char *)) : NULL;

	if (!grown) {
		free(path);
		return -ENOMEM;
	}
	paths->paths = grown;
	paths->paths[paths->n++] = path;
	paths->paths[paths->n] = NULL;
	return 0;
}

static void free_paths(struct object_paths *paths)
{
	for (size_t i = 0; i < paths->n; i++)
		free(paths->paths[i]);
	free(paths->paths);
}

void *object_find(const struct object_kind *kind, const struct bus *bus, const char *path)
{
	_cleanup_free_ char *name = NULL;

	return object_name(path, kind->path, &name) > 0 ? kind->find(bus, name) : NULL;
}

int object_take_name(const struct object_kind *kind, const struct bus *bus, sd_bus_message *m,
		     char name[NAME_SIZE], sd_bus_error *error)
{
	_cleanup_free_ char *asked = NULL;
	int r = object_name(sd_bus_message_get_path(m), kind->path, &asked);

	if (r < 0)
		return r;
	if (r == 0 || !kind->find(bus, asked))
		return errors_set(error, kind->missing,
				  &(struct errors_about){
					  .client = asked, .integration = asked, .camera = asked});
	snprintf(name, NAME_SIZE, "%s", asked);
	return 0;
}

int object_get_text(sd_bus *b, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", (const char *)userdata);
}

int object_get_flag(sd_bus *b, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "b", (int)*(const bool *)userdata);
}

struct bus *object_bus(sd_bus *b)
{
	const struct object_place *place = sd_bus_slot_get_userdata(sd_bus_get_current_slot(b));

	return place->bus;
}

static int on_find(sd_bus *b, const char *path, const char *interface, void *userdata, void **ret,
		   sd_bus_error *error)
{
	const struct object_place *place = userdata;
	const struct object_kind *kind = place->kind;
	_cleanup_free_ char *name = NULL;

	if (object_name(path, kind->path, &name) <= 0)
		return 0;
	*ret = kind->find(place->bus, name);
	return *ret || (kind->hides && kind->hides(b));
}

static int on_list(sd_bus *b, const char *prefix, void *userdata, char ***ret, sd_bus_error *error)
{
	const struct object_place *place = userdata;
	struct object_paths paths = {};
	int r = place->kind->list(place->bus, &paths);

	if (r < 0) {
		free_paths(&paths);
		return r;
	}
	*ret = paths.paths;
	return 0;
}

static int put(struct object_place *place)
{
	const struct object_kind *kind = place->kind;
	sd_bus *b = place->bus->bus;
	int r;

	if (!kind->find)
		return sd_bus_add_object_vtable(b, NULL, kind->path, kind->interface, kind->vtable,
						place);
	r = sd_bus_add_fallback_vtable(b, NULL, kind->path, kind->interface, kind->vtable, on_find,
				       place);
	return r < 0 ? r : sd_bus_add_node_enumerator(b, NULL, kind->path, on_list, place);
}

int objects_register(struct bus *bus)
{
	static const struct object_kind *const kinds[OBJECT_N_KINDS] = {
		&manager_object, &camera_object, &client_object, &integration_object,
		&grant_object,   &lease_object,  &state_object,  &ledger_object,
	};
	int r = sd_bus_add_object_manager(bus->bus, NULL, CAMWARD_PATH);

	for (size_t i = 0; r >= 0 && i < OBJECT_N_KINDS; i++) {
		bus->places[i] = (struct object_place){bus, kinds[i]};
		r = put(&bus->places[i]);
	}
	return r;
}
