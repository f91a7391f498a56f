// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/suspend.h"

#include <stdio.h>

#include "ctl/bus.h"
#include "ctl/check.h"
#include "ctl/json.h"
#include "ctl/text.h"
#include "ctl/verbs.h"
#include "dbus/names.h"

const char *suspend_noun(const char *kind)
{
	return strcmp(kind, CAMWARD_SUSPEND_ALL) == 0 ? "everything" : kind;
}

/* KIND and NAME; the name is "" for "all". */
static int check_scope(struct ctl *ctl, const struct args *args, const char **ret_kind,
		       const char **ret_name)
{
	static const char *const kinds[] = {CAMWARD_SUSPEND_ALL, CAMWARD_SUSPEND_CAMERA,
					    CAMWARD_SUSPEND_CLIENT, CAMWARD_SUSPEND_INTEGRATION};
	const char *kind = args->operand[0], *name = args->operand[1];
	bool known = false;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		known = known || strcmp(kind, kinds[i]) == 0;
	if (!known)
		return ctl_misused(ctl->verb,
				   "'%s' cannot be suspended; say all, camera NAME, client NAME or "
				   "integration NAME.",
				   kind);
	*ret_kind = kind;
	*ret_name = name ? name : "";
	if (strcmp(kind, CAMWARD_SUSPEND_ALL) == 0)
		return name ? ctl_misused(ctl->verb, "'all' takes no name.") : 0;
	if (!name)
		return ctl_misused(ctl->verb, "%s %s needs NAME.", ctl->verb->name, kind);
	return check_name(ctl, kind, name);
}

static void print_suspended(const char *kind, const char *name, uint32_t ended)
{
	printf("Suspended: %s%s%s. ", suspend_noun(kind), *name ? " " : "", name);
	if (ended)
		printf("%u viewer%s cut off.\n", ended, ended == 1 ? " was" : "s were");
	else
		puts("Nobody was watching.");
}

static int report(const char *kind, const char *name, const char *reason, uint32_t ended)
{
	_cleanup_json_ struct json_object *record = json_object_new_object();

	if (!record)
		return ctl_out_of_memory();
	json_set_text(record, "kind", kind);
	json_set_text(record, "name", name);
	json_set_text(record, "reason", reason);
	json_set_number(record, "leases_ended", ended);
	return json_print(record);
}

int suspend_run(struct ctl *ctl, const struct args *args)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	const char *kind, *name, *reason = verb_option(ctl->verb, args, "--reason");
	uint32_t ended;
	int r = check_scope(ctl, args, &kind, &name);

	if (r)
		return r;
	r = check_reason(ctl, reason);
	if (!r)
		r = bus_new_call(ctl, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER, "Suspend", &call);
	if (r)
		return r;
	r = sd_bus_message_append(call, "sss", kind, name, reason);
	if (r < 0)
		return bus_call_failed(r);
	r = bus_send(ctl, call, NULL, &reply);
	if (r)
		return r;
	r = sd_bus_message_read(reply, "u", &ended);
	if (r < 0)
		return bus_reply_failed(r);
	if (ctl->json)
		return report(kind, name, reason, ended);
	print_suspended(kind, name, ended);
	return 0;
}

int suspend_resume(struct ctl *ctl, const struct args *args)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	_cleanup_json_ struct json_object *record = NULL;
	const char *kind, *name;
	int r = check_scope(ctl, args, &kind, &name);

	if (!r)
		r = bus_new_call(ctl, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER, "Resume", &call);
	if (r)
		return r;
	r = sd_bus_message_append(call, "ss", kind, name);
	if (r < 0)
		return bus_call_failed(r);
	r = bus_send(ctl, call, NULL, NULL);
	if (r)
		return r;
	if (!ctl->json) {
		printf("Resumed: %s%s%s.\n", suspend_noun(kind), *name ? " " : "", name);
		return 0;
	}
	record = json_object_new_object();
	json_set_text(record, "kind", kind);
	json_set_text(record, "name", name);
	return json_print(record);
}
