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
#include "broker/epoch-run.h"
#include "broker/machine.h"
#include "broker/state-dir.h"

/* The device that is meant is named by what it shows. */
static bool is_meant(const struct broker *broker, const char *fingerprint)
{
	return strcmp(tls_identity_spki_sha256(broker->identity), fingerprint) == 0;
}

/* The loop stands still while the disk works, longer with a great ledger than the unit's
 * WatchdogSec= allows. Killed half-way the service would find half a database and never start
 * again, so systemd is asked for patience first: half an hour, until the service starts anew. */
static void end(struct broker *broker)
{
	(void)sd_notify(0, "WATCHDOG_USEC=1800000000");
	broker_end(broker);
}

int control_erase(struct broker *broker, const char *fingerprint)
{
	if (!is_meant(broker, fingerprint))
		return CONTROL_OTHER_DEVICE;
	event_log(LOG_WARNING, EVENT_ERASED, NULL,
		  "everything that the service knows is erased; it starts anew");
	end(broker);
	return state_dir_erase(broker->state_directory, NULL);
}

int control_renew_identity(struct broker *broker, const char *fingerprint)
{
	/* epoch-run goes with the root that has signed its numbers. The machine is last: a copy
	 * whose keys are renewed half-way is still told to be one. */
	static const char *const names[] = {
		SEAL_ROOT_FILE, EPOCH_RUN_FILE, TLS_IDENTITY_FILES, MACHINE_FILE, NULL,
	};

	if (!is_meant(broker, fingerprint))
		return CONTROL_OTHER_DEVICE;
	event_log(LOG_WARNING, EVENT_IDENTITY_RENEWED, NULL,
		  "the device's keys are erased and made anew; viewers have to be given the new "
		  "ones");
	end(broker);
	return state_dir_erase(broker->state_directory, names);
}

int control_restore(struct broker *broker, const char *fingerprint, int fd)
{
	int r;

	if (!is_meant(broker, fingerprint))
		return CONTROL_OTHER_DEVICE;
	event_log(LOG_WARNING, EVENT_RESTORED, NULL, "a backup is put in place of what was kept");
	end(broker);
	r = backup_restore(broker->state_directory, fd);
	return r == -EBADMSG || r == -ENOTSUP ? CONTROL_INVALID_BACKUP : r;
}

int control_backup(struct broker *broker, int fd, bool keys, control_done done, void *userdata)
{
	return store_backup(broker->store, fd, keys, done, userdata);
}
