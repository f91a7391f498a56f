// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dbus/reply.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/parse.h"

struct reply {
	sd_bus_message *call;
	sd_bus_message *answer; /* NULL: it could not be composed */
	char name[NAME_SIZE], client[NAME_SIZE], camera[NAME_SIZE], control[NAME_SIZE];
	char integration[NAME_SIZE], id[NAME_SIZE];
};

static void keep(char field[NAME_SIZE], const char *text)
{
	snprintf(field, NAME_SIZE, "%s", text ? text : "");
}

int reply_new(sd_bus_message *call, const struct errors_about *about, struct reply **ret)
{
	struct reply *reply = calloc(1, sizeof(*reply));

	if (!reply)
		return -ENOMEM;
	reply->call = sd_bus_message_ref(call);
	keep(reply->name, about->name ? about->name : about->client);
	keep(reply->client, about->client);
	keep(reply->integration, about->integration);
	keep(reply->camera, about->camera);
	keep(reply->control, about->control);
	keep(reply->id, about->id);
	*ret = reply;
	return 0;
}

void reply_free(struct reply *reply)
{
	sd_bus_message_unref(reply->call);
	sd_bus_message_unref(reply->answer);
	free(reply);
}

int reply_promise(struct reply **replyp, bool secret, const char *types, ...)
{
	struct reply *reply = steal_pointer(replyp);
	int r = sd_bus_message_new_method_return(reply->call, &reply->answer);
	va_list ap;

	va_start(ap, types);
	if (r >= 0 && secret)
		r = sd_bus_message_sensitive(reply->answer);
	if (r >= 0)
		r = sd_bus_message_appendv(reply->answer, types, ap);
	va_end(ap);
	if (r < 0)
		reply->answer = sd_bus_message_unref(reply->answer);
	return 1;
}

int reply_promise_bytes(struct reply **replyp, const void *bytes, size_t size)
{
	struct reply *reply = steal_pointer(replyp);
	int r = sd_bus_message_new_method_return(reply->call, &reply->answer);

	if (r >= 0)
		r = sd_bus_message_append_array(reply->answer, 'y', bytes, size);
	if (r < 0)
		reply->answer = sd_bus_message_unref(reply->answer);
	return 1;
}

void reply_done(void *userdata, int error)
{
	struct reply *reply = userdata;
	sd_bus_error e = SD_BUS_ERROR_NULL;

	if (error) {
		errors_set(&e, error,
			   &(struct errors_about){.name = reply->name,
						  .client = reply->client,
						  .integration = reply->integration,
						  .camera = reply->camera,
						  .control = reply->control,
						  .id = reply->id});
		sd_bus_reply_method_error(reply->call, &e);
		sd_bus_error_free(&e);
	} else if (reply->answer) {
		sd_bus_send(NULL, reply->answer, NULL);
	} else {
		sd_bus_reply_method_errno(reply->call, -ENOMEM, NULL);
	}
	reply_free(reply);
}
