// SPDX-License-Identifier: LGPL-2.1-or-later
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

#include "ctl/doctor.h"

#define GROUP     "camward"
#define STATE     "/var/lib/camward"
#define GROUP_MAX 256

/* Less than this, and the ledger soon has no room; then nobody may watch. */
#define BYTES_LEAST (UINT64_C(64) << 20)
#define BYTES_FEW   (UINT64_C(512) << 20)

static bool is_member(gid_t gid)
{
	gid_t groups[GROUP_MAX];
	int n = getgroups(GROUP_MAX, groups);

	for (int i = 0; i < n; i++)
		if (groups[i] == gid)
			return true;
	return getegid() == gid;
}

static void look_at_user(struct doctor *d)
{
	const struct group *group = getgrnam(GROUP);
	const struct passwd *user = getpwuid(geteuid());
	const char *name = user ? user->pw_name : "you";

	if (!group)
		doctor_find(d, "group", DOCTOR_WARNING,
			    "systemd-sysusers (the package does it when it is installed)",
			    "There is no group " GROUP
			    ": nobody but root can control the service.");
	else if (geteuid() == 0)
		doctor_find(d, "group", DOCTOR_FINE, "", "You are root, and may do all.");
	else if (is_member(group->gr_gid))
		doctor_find(d, "group", DOCTOR_FINE, "", "%s is in the group " GROUP ".", name);
	else
		doctor_find(d, "group", DOCTOR_WARNING,
			    "sudo usermod -aG " GROUP " NAME, then log in again",
			    "%s is not in the group " GROUP
			    ", or was put there after the login: the service may be asked little.",
			    name);
}

static void look_at_disk(struct doctor *d)
{
	struct statvfs fs;
	uint64_t free_bytes;

	if (statvfs(STATE, &fs) < 0) /* the service keeps things elsewhere, and says so itself */
		return;
	free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (fs.f_flag & ST_RDONLY)
		doctor_find(d, "disk", DOCTOR_PROBLEM, "mount it writable; see 'dmesg' for why",
			    STATE " is read-only: nothing can be changed, and nobody may watch.");
	else if (free_bytes < BYTES_LEAST)
		doctor_find(d, "disk", DOCTOR_PROBLEM,
			    "make room, or keep events for less long "
			    "(events-days in camward.conf)",
			    "The disk of " STATE " has %llu MB left: without room for the ledger "
			    "nobody may watch.",
			    (unsigned long long)free_bytes >> 20);
	else if (free_bytes < BYTES_FEW)
		doctor_find(d, "disk", DOCTOR_WARNING, "make room",
			    "The disk of " STATE " has %llu MB left.",
			    (unsigned long long)free_bytes >> 20);
	else
		doctor_find(d, "disk", DOCTOR_FINE, "", "The disk has room: %llu MB.",
			    (unsigned long long)free_bytes >> 20);
}

static void look_at_clock(struct doctor *d)
{
	struct timex t = {0};

	if (adjtimex(&t) == TIME_ERROR || t.status & STA_UNSYNC)
		doctor_find(d, "time", DOCTOR_WARNING, "timedatectl set-ntp true",
			    "Nothing keeps the clock right: hours and ends of grants are by this "
			    "clock, and viewers who check seals by theirs may refuse.");
	else
		doctor_find(d, "time", DOCTOR_FINE, "",
			    "The clock is kept right over the network.");
}

static void look_at_file(struct doctor *d, const char *check, const char *path, const char *says)
{
	if (access(path, R_OK) == 0)
		doctor_find(d, check, DOCTOR_FINE, "", "%s is installed.", path);
	else
		doctor_find(d, check, DOCTOR_PROBLEM, "install the package again", "%s lacks: %s",
			    path, says);
}

void doctor_look_at_system(struct doctor *d)
{
	look_at_user(d);
	look_at_disk(d);
	look_at_clock(d);
	/* Another bus has its own rules. */
	if (getenv("DBUS_SYSTEM_BUS_ADDRESS"))
		return;
	look_at_file(d, "bus policy", DBUS_DIR "/system.d/org.camward.Camward1.conf",
		     "the bus lets nobody speak with the service.");
	look_at_file(d, "polkit", POLKIT_DIR "/actions/org.camward.Camward1.policy",
		     "nobody but root may change anything.");
}
