// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dbus/subscribe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "broker/lease.h"
#include "dbus/options.h"
#include "dbus/rights.h"

/* One that calls, and then has what it called for. */
struct caller {
	struct bus *bus;
	sd_bus_message *call; /* NULL: it has been answered */
	sd_bus_track *track;
};

static void caller_free(struct caller *caller)
{
	sd_bus_track_unref(caller->track);
	sd_bus_message_unref(caller->call);
	free(caller);
}
DEFINE_CLEANUP(struct caller *, caller_free)

static int on_left(sd_bus_track *track, void *userdata)
{
	struct caller *caller = userdata;

	/* It is freed with the lease. */
	subscription_left(caller->bus->broker, caller);
	return 1;
}

static int set_refused(sd_bus_error *error, enum subscription_refusal refused, const char *camera,
		       const char *reason)
{
	switch (refused) {
	case SUBSCRIPTION_NOBODY:
		return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED,
					"Access is denied: the user who calls is no client, or not "
					"this one ('camwardctl client user')");
	case SUBSCRIPTION_AMBIGUOUS:
		return sd_bus_error_set(error, CAMWARD_ERROR_NO_SUCH_CLIENT,
					"The user who calls is several clients: say which one "
					"subscribes (option 'client')");
	case SUBSCRIPTION_NOT_FOUND:
		return sd_bus_error_setf(error, CAMWARD_ERROR_NO_SUCH_CAMERA,
					 "There is no camera '%s' for this client", camera);
	case SUBSCRIPTION_LIMIT:
		return sd_bus_error_set(error, CAMWARD_ERROR_LIMIT_REACHED,
					"There are as many subscribers as there can be");
	default:
		return sd_bus_error_setf(error, CAMWARD_ERROR_UNAVAILABLE,
					 "The camera '%s' gives no frames just now: %s", camera,
					 reason ? reason : "see 'camwardctl cameras'");
	}
}

/* The camera's name as it stands in the path. */
static int refuse(struct caller *caller, const struct subscription_answer *answer)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_free_ char *camera = NULL;
	int r = object_name(sd_bus_message_get_path(caller->call), CAMWARD_PATH_CAMERAS, &camera);

	if (r < 0)
		return r;
	set_refused(&error, answer->refused, camera, answer->reason);
	return sd_bus_reply_method_error(caller->call, &error);
}

static int reply(struct caller *caller, const struct subscription_answer *answer)
{
	_cleanup_free_ char *path = object_path_id(CAMWARD_PATH_LEASES, answer->lease);

	return path ? sd_bus_reply_method_return(caller->call, "oh", path, answer->socket)
		    : -ENOMEM;
}

/* Without a reply it never gets its end of the socket, and its lease ends by that. */
static void on_answer(void *userdata, const struct subscription_answer *answer)
{
	struct caller *caller = userdata;

	(void)(answer->refused ? refuse(caller, answer) : reply(caller, answer));
	caller->call = sd_bus_message_unref(caller->call);
}

void subscribe_lease_ended(const struct lease *lease)
{
	if (lease->subscription)
		caller_free(lease->subscription->userdata);
}

static int caller_new(struct bus *bus, sd_bus_message *call, struct caller **ret)
{
	_cleanup_(caller_freep) struct caller *caller = calloc(1, sizeof(*caller));
	int r;

	if (!caller)
		return -ENOMEM;
	caller->bus = bus;
	caller->call = sd_bus_message_ref(call);
	r = sd_bus_track_new(bus->bus, &caller->track, on_left, caller);
	if (r >= 0)
		r = sd_bus_track_add_sender(caller->track, call);
	if (r < 0)
		return r;
	*ret = steal_pointer(&caller);
	return 0;
}

static int read_request(sd_bus_message *call, struct subscription_request *request,
			sd_bus_error *error)
{
	const char *right = CAMWARD_RIGHT_LIVE, *stream = CAMWARD_STREAM_MAIN;
	const struct options_key keys[] = {
		{CAMWARD_OPTION_CLIENT, 's', .text = &request->client},
		{CAMWARD_OPTION_RIGHT, 's', .text = &right},
		{CAMWARD_OPTION_STREAM, 's', .text = &stream},
	};
	int r = options_read(call, keys, ARRAY_SIZE(keys), error);

	if (r < 0)
		return r;
	if (strcmp(right, CAMWARD_RIGHT_LIVE) != 0 && strcmp(right, CAMWARD_RIGHT_RAW) != 0)
		return sd_bus_error_setf(error, CAMWARD_ERROR_INVALID_RIGHTS,
					 "Who subscribes gets 'live' or 'raw', not '%s'", right);
	request->right = strcmp(right, CAMWARD_RIGHT_RAW) == 0 ? RIGHT_RAW : RIGHT_LIVE;
	if (strcmp(stream, CAMWARD_STREAM_MAIN) != 0 && strcmp(stream, CAMWARD_STREAM_SUB) != 0)
		return sd_bus_error_setf(error, CAMWARD_ERROR_INVALID_LIMITS,
					 "There are the streams 'main' and 'sub', not '%s'",
					 stream);
	request->stream =
		strcmp(stream, CAMWARD_STREAM_SUB) == 0 ? RING_STREAM_SUB : RING_STREAM_MAIN;
	return 0;
}

int subscribe(struct bus *bus, const char *camera, uid_t uid, sd_bus_message *call,
	      sd_bus_error *error)
{
	_cleanup_(caller_freep) struct caller *caller = NULL;
	struct subscription_request request = {
		.user = uid, .client = "", .camera = camera, .done = on_answer};
	int r = read_request(call, &request, error);

	if (r >= 0)
		r = caller_new(bus, call, &caller);
	if (r < 0)
		return r;
	request.userdata = caller;
	r = subscription_open(bus->broker, &request);
	if (r)
		return r < 0 ? r : set_refused(error, (enum subscription_refusal)r, camera, NULL);
	(void)steal_pointer(&caller);
	return 1;
}

bool subscribe_is_called(sd_bus *bus)
{
	sd_bus_message *m = sd_bus_get_current_message(bus);

	return m && sd_bus_message_is_method_call(m, CAMWARD_INTERFACE_CAMERA, "Subscribe") > 0;
}
