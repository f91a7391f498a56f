// SPDX-License-Identifier: LGPL-2.1-or-later
/* What concerns the device as a whole. Nobody watches any more before anything waits for the disk.
 */
#include <errno.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/event.h"
#include "broker/backup.h"
#include "broker/broker.h"
#include "broker/control.h"
#include "broker/ledger-anchor.h"
#include "broker/pending.h"
#include "broker/restore.h"
#include "broker/state-dir.h"

/* The device that is meant is named by what it shows. */
static bool is_meant(const struct broker *broker, const char *fingerprint)
{
	return strcmp(tls_identity_spki_sha256(broker->identity), fingerprint) == 0;
}

/* The loop stands still while the disk works, longer with a great ledger than the unit's
 * WatchdogSec= allows, so systemd is asked for patience first: half an hour, until the service
 * starts anew. */
static void end(struct broker *broker)
{
	(void)sd_notify(0, "WATCHDOG_USEC=1800000000");
	broker_end(broker);
}

/* From here on a stop at any point is as good as none: the next start goes on. */
static int change(const struct broker *broker, const struct pending *pending)
{
	_cleanup_close_ int dir = state_dir_open(broker->state_directory);

	return dir < 0 ? dir : pending_do(dir, pending);
}

int control_erase(struct broker *broker, const char *fingerprint)
{
	const struct pending pending = {.kind = PENDING_ERASE};

	if (!is_meant(broker, fingerprint))
		return CONTROL_OTHER_DEVICE;
	event_log(LOG_WARNING, EVENT_ERASED, NULL,
		  "everything that the service knows is erased; it starts anew");
	end(broker);
	return change(broker, &pending);
}

int control_renew_identity(struct broker *broker, const char *fingerprint)
{
	struct pending pending = {.kind = PENDING_RENEW};
	int r;

	if (!is_meant(broker, fingerprint))
		return CONTROL_OTHER_DEVICE;
	event_log(LOG_WARNING, EVENT_IDENTITY_RENEWED, NULL,
		  "the device's keys are erased and made anew; viewers have to be given the new "
		  "ones");
	end(broker);
	r = ledger_anchor_read(broker->state_directory, broker->seal_root, &pending.anchor);
	/* None of the present root's: one that still waits to be signed is as good. */
	if (r == 0 && !pending.anchor.seq)
		r = pending_anchor(broker->state_directory, &pending.anchor);
	return r < 0 ? r : change(broker, &pending);
}

int control_restore(struct broker *broker, const char *fingerprint, int fd)
{
	struct pending pending = {.kind = PENDING_RESTORE};
	int r;

	if (!is_meant(broker, fingerprint))
		return CONTROL_OTHER_DEVICE;
	event_log(LOG_WARNING, EVENT_RESTORED, NULL, "a backup is put in place of what was kept");
	end(broker);
	r = restore_stage(broker->state_directory, fd, &pending.anchor);
	if (r == -EBADMSG || r == -ENOTSUP)
		return CONTROL_INVALID_BACKUP;
	return r < 0 ? r : change(broker, &pending);
}

int control_backup(struct broker *broker, int fd, bool keys, control_done done, void *userdata)
{
	return store_backup(broker->store, fd, keys, done, userdata);
}
