// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dbus/authorize.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "dbus/objects.h"

#define POLKIT_NAME      "org.freedesktop.PolicyKit1"
#define POLKIT_PATH      "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"

/* polkit's CheckAuthorizationFlags. */
#define POLKIT_ALLOW_USER_INTERACTION 1U

#define SERIAL_TEXT_SIZE 24

/* A call that waits for polkit's answer. */
struct question {
	struct list list; /* of struct authorize */
	struct bus *bus;
	const struct authorize_method *method;
	sd_bus_message *call;
	uid_t uid;
	struct details details;        /* as polkit was told */
	sd_bus_slot *slot;             /* polkit's answer */
	sd_bus_track *caller;          /* whether it is still on the bus */
	char serial[SERIAL_TEXT_SIZE]; /* polkit's cancellation id */
};

static void question_free(struct question *question)
{
	list_remove(&question->list);
	sd_bus_slot_unref(question->slot);
	sd_bus_track_unref(question->caller);
	sd_bus_message_unref(question->call);
	free(question);
}
DEFINE_CLEANUP(struct question *, question_free)

/* So that nobody is left before a password prompt; whether it arrives does not matter. */
static void cancel(const struct question *question)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

	if (sd_bus_message_new_method_call(question->bus->bus, &m, POLKIT_NAME, POLKIT_PATH,
					   POLKIT_INTERFACE, "CancelCheckAuthorization") >= 0 &&
	    sd_bus_message_set_expect_reply(m, false) >= 0 &&
	    sd_bus_message_set_auto_start(m, false) >= 0 &&
	    sd_bus_message_append(m, "s", question->serial) >= 0)
		(void)sd_bus_send(question->bus->bus, m, NULL);
}

static int on_caller_left(sd_bus_track *track, void *userdata)
{
	cancel(userdata);
	question_free(userdata);
	return 1;
}

static int set_no_authority(sd_bus_error *error, const char *why)
{
	return sd_bus_error_setf(error, CAMWARD_ERROR_AUTHORITY_FAILED,
				 "Access is denied to all but root: %s", why);
}

static int read_failure(const sd_bus_error *failure, sd_bus_error *error)
{
	if (sd_bus_error_has_name(failure, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
	    sd_bus_error_has_name(failure, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
		return set_no_authority(error, "polkit, which could allow it, is not running");
	if (sd_bus_error_has_name(failure, SD_BUS_ERROR_NO_REPLY) ||
	    sd_bus_error_has_name(failure, SD_BUS_ERROR_TIMEOUT))
		return set_no_authority(error, "polkit, which could allow it, does not answer");
	return set_no_authority(error, "polkit, which could allow it, fails; see its messages");
}

/* Returns 0 for a plain yes, negative with the error set for all else. */
static int read_answer(sd_bus_message *answer, sd_bus_error *error)
{
	int authorized, challenge;

	if (sd_bus_message_is_method_error(answer, NULL))
		return read_failure(sd_bus_message_get_error(answer), error);
	if (sd_bus_message_enter_container(answer, 'r', "bba{ss}") <= 0 ||
	    sd_bus_message_read(answer, "bb", &authorized, &challenge) <= 0 ||
	    (authorized && challenge))
		return set_no_authority(error, "what polkit answered makes no sense");
	if (authorized)
		return 0;
	if (challenge)
		return sd_bus_error_set(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
					"Access is denied until a person has proved to be an "
					"administrator");
	return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED,
				"Access is denied: polkit does not allow this user to do it");
}

/* The method, as if it had been called now. */
static int run(const struct question *question, sd_bus_error *error)
{
	struct details now = {};
	int r = question->method->details(question->bus, question->call, &now);

	if (r < 0)
		return r;
	if (details_changed(&question->details, &now))
		return sd_bus_error_set(error, CAMWARD_ERROR_CHANGED_MEANWHILE,
					"Another one has taken this name while polkit was asked: "
					"look at it, then do it again");
	return question->method->run(question->call, question->bus, error);
}

static int on_answer(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error)
{
	_cleanup_(question_freep) struct question *question = userdata;
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = read_answer(answer, &error);

	if (sd_bus_error_has_name(&error, CAMWARD_ERROR_AUTHORITY_FAILED))
		cancel(question);
	if (r >= 0 && sd_bus_track_count(question->caller) == 0)
		return 0;
	if (r >= 0)
		r = run(question, &error);
	if (r < 0)
		(void)sd_bus_reply_method_errno(question->call, r, &error);
	return 0;
}

static int append_details(sd_bus_message *m, const struct details *details)
{
	int r = sd_bus_message_open_container(m, 'a', "{ss}");

	if (r >= 0 && details->client[0])
		r = sd_bus_message_append(m, "{ss}", "client", details->client);
	if (r >= 0 && details->integration[0])
		r = sd_bus_message_append(m, "{ss}", "integration", details->integration);
	if (r >= 0 && details->camera[0])
		r = sd_bus_message_append(m, "{ss}", "camera", details->camera);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int send(struct question *question)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	bool interactive = sd_bus_message_get_allow_interactive_authorization(question->call) > 0;
	int r = sd_bus_message_new_method_call(question->bus->bus, &m, POLKIT_NAME, POLKIT_PATH,
					       POLKIT_INTERFACE, "CheckAuthorization");

	if (r >= 0)
		r = sd_bus_message_append(m, "(sa{sv})s", "system-bus-name", 1, "name", "s",
					  sd_bus_message_get_sender(question->call),
					  question->method->action);
	if (r >= 0)
		r = append_details(m, &question->details);
	if (r >= 0)
		r = sd_bus_message_append(m, "us", interactive ? POLKIT_ALLOW_USER_INTERACTION : 0,
					  question->serial);
	if (r < 0)
		return r;
	return sd_bus_call_async(question->bus->bus, &question->slot, m, on_answer, question,
				 interactive ? AUTHORIZE_TIMEOUT_INTERACTIVE : AUTHORIZE_TIMEOUT);
}

static int check_bounds(const struct authorize *authorize, uid_t uid, sd_bus_error *error)
{
	const struct question *question;
	unsigned all = 0, of_caller = 0;

	list_for_each (question, &authorize->questions, list) {
		all++;
		of_caller += question->uid == uid;
	}
	if (all < AUTHORIZE_QUESTIONS_MAX && of_caller < AUTHORIZE_QUESTIONS_PER_CALLER)
		return 0;
	return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
				"Access is denied: too many calls wait for polkit's answer; do it "
				"again later");
}

static int ask(struct bus *bus, const struct authorize_method *method, sd_bus_message *call,
	       uid_t uid, sd_bus_error *error)
{
	_cleanup_(question_freep) struct question *question = NULL;
	int r = check_bounds(&bus->authorize, uid, error);

	if (r < 0)
		return r;
	question = calloc(1, sizeof(*question));
	if (!question)
		return -ENOMEM;
	list_append(&bus->authorize.questions, &question->list);
	question->bus = bus;
	question->method = method;
	question->call = sd_bus_message_ref(call);
	question->uid = uid;
	snprintf(question->serial, sizeof(question->serial), "%" PRIu64, ++bus->authorize.serial);
	r = method->details(bus, call, &question->details);
	if (r >= 0)
		r = sd_bus_track_new(bus->bus, &question->caller, on_caller_left, question);
	if (r >= 0)
		r = sd_bus_track_add_sender(question->caller, call);
	if (r >= 0)
		r = send(question);
	if (r < 0)
		return r;
	(void)steal_pointer(&question);
	return 1;
}

/* By the bus, at once: what /proc says (augmented credentials) is of no account. */
static int sender_uid(sd_bus_message *call, uid_t *ret)
{
	_cleanup_(sd_bus_creds_unrefp) sd_bus_creds *creds = NULL;
	int r = sd_bus_query_sender_creds(call, SD_BUS_CREDS_EUID, &creds);

	if (r < 0)
		return r;
	if (sd_bus_creds_get_augmented_mask(creds) & SD_BUS_CREDS_EUID)
		return -EACCES;
	return sd_bus_creds_get_euid(creds, ret);
}

int authorize_identify(sd_bus_message *call, uid_t *ret, sd_bus_error *error)
{
	if (sender_uid(call, ret) >= 0)
		return 0;
	return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED,
				"Access is denied: the bus does not say who calls");
}

int authorize_call(struct bus *bus, const struct authorize_method *method, sd_bus_message *call,
		   sd_bus_error *error)
{
	uid_t uid;
	int r = authorize_identify(call, &uid, error);

	if (r < 0)
		return r;
	if (uid == 0 || uid == geteuid())
		return method->run(call, bus, error);
	return ask(bus, method, call, uid, error);
}

void authorize_init(struct authorize *authorize)
{
	*authorize = (struct authorize){};
	list_init(&authorize->questions);
}

void authorize_end(struct authorize *authorize)
{
	struct question *question, *tmp;

	list_for_each_safe (question, tmp, &authorize->questions, list) {
		cancel(question);
		question_free(question);
	}
}
