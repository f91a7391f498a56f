// SPDX-License-Identifier: LGPL-2.1-or-later
/* org.camward.Camward1.Manager: what concerns all that is stored. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "broker/control.h"
#include "dbus/errors.h"
#include "dbus/objects.h"
#include "dbus/reply.h"

/* Nothing can be asked of the broker any more; whoever starts it makes what lacks. */
static int end_with(sd_bus_message *m, struct bus *bus, int r, sd_bus_error *error)
{
	if (r > 0)
		return errors_set(error, r, &(struct errors_about){});
	sd_event_exit(bus->broker->event, 0);
	if (r < 0)
		return errors_set(error, r, &(struct errors_about){});
	return sd_bus_reply_method_return(m, "");
}

static int method_erase(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	const char *fingerprint;
	int r = sd_bus_message_read(m, "s", &fingerprint);

	return r < 0 ? r : end_with(m, bus, control_erase(bus->broker, fingerprint), error);
}
AUTHORIZE(erase, AUTHORIZE_ACTION_ERASE, details_of_nothing)

static int method_renew_identity(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	const char *fingerprint;
	int r = sd_bus_message_read(m, "s", &fingerprint);

	return r < 0 ? r
		     : end_with(m, bus, control_renew_identity(bus->broker, fingerprint), error);
}
AUTHORIZE(renew_identity, AUTHORIZE_ACTION_ERASE, details_of_nothing)

/* What a backup's reply waits for: its descriptor is open until the store is done. */
struct backing_up {
	struct reply *reply;
	int fd;
};

static void on_backed_up(void *userdata, int error)
{
	struct backing_up *b = userdata;

	reply_done(b->reply, error);
	close_fd(b->fd);
	free(b);
}

static int method_backup(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	const struct errors_about about = {};
	_cleanup_(reply_freep) struct reply *reply = NULL;
	_cleanup_free_ struct backing_up *b = calloc(1, sizeof(*b));
	_cleanup_close_ int fd = memfd_create("camward-backup", MFD_CLOEXEC);
	int keys, r = sd_bus_message_read(m, "b", &keys);

	if (r < 0)
		return r;
	if (!b || fd < 0)
		return b ? -errno : -ENOMEM;
	r = reply_new(m, &about, &reply);
	if (r < 0)
		return r;
	*b = (struct backing_up){reply, fd};
	r = control_backup(bus->broker, fd, keys, on_backed_up, b);
	if (r)
		return errors_set(error, r, &about);
	steal_pointer(&b);
	return reply_promise(&reply, false, "h", steal_fd(&fd));
}
AUTHORIZE(backup, AUTHORIZE_ACTION_ERASE, details_of_nothing)

void state_forget_restore(struct bus *bus)
{
	struct restoring *restoring = &bus->restoring;

	close_fd(restoring->fd);
	free(restoring->sender);
	sd_bus_track_unref(restoring->track);
	*restoring = (struct restoring){.fd = -EBADF};
}

static int on_restorer_left(sd_bus_track *track, void *userdata)
{
	state_forget_restore(userdata);
	return 0;
}

/* Takes fd for whoever calls. */
static int await_restore(struct bus *bus, sd_bus_message *m, int fd)
{
	struct restoring *restoring = &bus->restoring;
	int r;

	state_forget_restore(bus);
	restoring->fd = fd;
	restoring->sender = strdup(sd_bus_message_get_sender(m));
	if (!restoring->sender)
		return -ENOMEM;
	r = sd_bus_track_new(bus->bus, &restoring->track, on_restorer_left, bus);
	if (r >= 0)
		r = sd_bus_track_add_sender(restoring->track, m);
	if (r < 0)
		return r;
	/* It may have left while polkit was asked. */
	return sd_bus_track_count(restoring->track) ? 0 : -ENOTCONN;
}

static int method_begin_restore(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	int r, fd = memfd_create("camward-restore", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -errno;
	r = await_restore(bus, m, fd);
	if (r >= 0)
		r = sd_bus_reply_method_return(m, "h", fd);
	if (r < 0)
		state_forget_restore(bus);
	return r;
}
AUTHORIZE(begin_restore, AUTHORIZE_ACTION_ERASE, details_of_nothing)

static int method_restore(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	const char *fingerprint;
	int r = sd_bus_message_read(m, "s", &fingerprint);

	if (r < 0)
		return r;
	if (bus->restoring.fd < 0 || strcmp(bus->restoring.sender, sd_bus_message_get_sender(m)))
		return errors_set(error, CONTROL_NOTHING_TO_RESTORE, &(struct errors_about){});
	r = control_restore(bus->broker, fingerprint, bus->restoring.fd);
	/* With another backup nothing can be asked of the broker either: it has ended. */
	if (r == CONTROL_INVALID_BACKUP)
		sd_event_exit(bus->broker->event, 0);
	return end_with(m, bus, r, error);
}
AUTHORIZE(restore, AUTHORIZE_ACTION_ERASE, details_of_nothing)

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	AUTHORIZED_METHOD("Erase", "s", SD_BUS_PARAM(fingerprint), "", "", erase, 0),
	AUTHORIZED_METHOD("RenewIdentity", "s", SD_BUS_PARAM(fingerprint), "", "", renew_identity,
			  0),
	AUTHORIZED_METHOD("Backup", "b", SD_BUS_PARAM(keys), "h", SD_BUS_PARAM(file), backup, 0),
	AUTHORIZED_METHOD("BeginRestore", "", "", "h", SD_BUS_PARAM(file), begin_restore, 0),
	AUTHORIZED_METHOD("Restore", "s", SD_BUS_PARAM(fingerprint), "", "", restore, 0),
	SD_BUS_VTABLE_END,
};

const struct object_kind state_object = {
	.path = CAMWARD_PATH,
	.interface = CAMWARD_INTERFACE_MANAGER,
	.vtable = vtable,
};
