// SPDX-License-Identifier: LGPL-2.1-or-later
/* Verbs that concern the device as a whole. */
#include "ctl/erase.h"

#include <stdio.h>
#include <string.h>

#include "ctl/bus.h"
#include "ctl/json.h"
#include "ctl/objects.h"
#include "ctl/verbs.h"
#include "dbus/names.h"

int erase_confirm(struct ctl *ctl, const struct args *args, const char *question)
{
	char answer[16] = "";

	if (verb_option(ctl->verb, args, "--yes"))
		return 0;
	if (!isatty(STDIN_FILENO))
		return ctl_fail("Nobody can be asked here: say --yes if you are sure.");
	printf("%s\nType \"yes\" to go on: ", question);
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin) || strcmp(answer, "yes\n") != 0)
		return ctl_fail("Nothing was done.");
	return 0;
}

int erase_call(struct ctl *ctl, const char *method)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	_cleanup_json_ struct json_object *manager = NULL;
	int r = objects_manager(ctl, &manager);

	if (!r)
		r = bus_new_call(ctl, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER, method, &call);
	if (r)
		return r;
	r = sd_bus_message_append(call, "s", json_text(manager, "fingerprint"));
	return r < 0 ? bus_call_failed(r) : bus_send_patiently(ctl, call, NULL);
}

static int report(struct ctl *ctl, const char *key, const char *sentence)
{
	_cleanup_json_ struct json_object *record = NULL;

	if (!ctl->json) {
		puts(sentence);
		return 0;
	}
	record = json_object_new_object();
	json_set(record, key, json_object_new_boolean(1));
	return json_print(record);
}

int erase_run(struct ctl *ctl, const struct args *args)
{
	int r;

	if (!verb_option(ctl->verb, args, "--factory"))
		return ctl_misused(ctl->verb, "Say --factory: everything is erased.");
	r = erase_confirm(
		ctl, args,
		"Everything that camward knows goes: clients, grants, the ledger, the cameras' "
		"names and\nsettings, and the keys. Nobody can watch until clients are made anew.");
	if (!r)
		r = erase_call(ctl, "Erase");
	return r ? r
		 : report(ctl, "erased",
			  "Everything is erased. The service starts anew, with new keys, knowing "
			  "nobody.");
}

int erase_identity_renew(struct ctl *ctl, const struct args *args)
{
	int r = erase_confirm(
		ctl, args,
		"The device gets a new server key, CA and seal root. Whoever has pinned the "
		"old ones sees\nnothing until it is given the new ones.");

	if (!r)
		r = erase_call(ctl, "RenewIdentity");
	return r ? r
		 : report(ctl, "renewed",
			  "The keys are made anew as the service starts again. 'camwardctl status' "
			  "says what to pin now.");
}
