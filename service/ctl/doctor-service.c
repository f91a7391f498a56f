// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gnutls/x509.h>
#include <string.h>
#include <time.h>

#include "ctl/bus.h"
#include "ctl/doctor.h"
#include "ctl/ledger-check.h"
#include "ctl/ledger-read.h"
#include "ctl/objects.h"
#include "dbus/names.h"

#define DAY          (24 * 60 * 60)
#define RENEW_DAYS   29 /* the service issues a new one when 30 are left */
#define SLOW_SECONDS 1.0
#define QUEUE_LONG   100
#define ENCODER_NODE "/dev/camward-encoder"

/* Tries a call whose failure is a finding, and not said elsewhere. */
bool doctor_reach_service(struct doctor *d)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r = d->ctl->bus ? 0 : sd_bus_open_system(&d->ctl->bus);

	if (r < 0) {
		doctor_find(d, "bus", DOCTOR_PROBLEM, "systemctl start dbus.service",
			    "The system bus cannot be reached: %s.", strerror(-r));
		return false;
	}
	r = sd_bus_get_property(d->ctl->bus, CAMWARD_BUS_NAME, CAMWARD_PATH,
				CAMWARD_INTERFACE_MANAGER, "Version", &error, &reply, "s");
	if (r >= 0 && !objects_manager(d->ctl, &d->manager) && !objects_fetch(d->ctl, &d->tree))
		return true;
	if (r >= 0)
		doctor_find(d, "service", DOCTOR_PROBLEM, "journalctl -u camward.service",
			    "The service does not tell what it knows.");
	else if (bus_is_refused(&error))
		doctor_find(d, "service", DOCTOR_PROBLEM,
			    "ask an administrator, or join the group camward",
			    "You may not ask the service: %s.", error.message);
	else
		doctor_find(d, "service", DOCTOR_PROBLEM,
			    "systemctl start camward.service, and if it does not stay: journalctl "
			    "-u camward.service",
			    "The service is not running, or does not answer.");
	return false;
}

/* The value of a number in the metrics' text, where lines of comment name it, too; 0 without it. */
static uint64_t metric(const struct doctor *d, const char *name)
{
	const char *text = json_text(d->manager, "metrics"), *at = text;
	size_t n = strlen(name);

	for (; (at = strstr(at, name)); at += n)
		if (at > text && at[-1] == '\n' && at[n] == ' ')
			return strtoull(at + n, NULL, 10);
	return 0;
}

#define ISSUE_ANOTHER                                                                        \
	"systemctl restart camward.service, which issues another; viewers that pin its key " \
	"notice nothing"

static void judge_certificate(struct doctor *d, int64_t from, int64_t to, int64_t now)
{
	long long days = (to - now) / DAY;

	if (from > now)
		doctor_find(d, "certificate", DOCTOR_PROBLEM, "set the clock right",
			    "The server's certificate is not valid yet: the clock is wrong, or was "
			    "when it was issued.");
	else if (to < now)
		doctor_find(d, "certificate", DOCTOR_PROBLEM, ISSUE_ANOTHER,
			    "The server's certificate has ended.");
	else if (days < RENEW_DAYS)
		doctor_find(d, "certificate", DOCTOR_WARNING, ISSUE_ANOTHER,
			    "The server's certificate ends in %lld days.", days);
	else
		doctor_find(d, "certificate", DOCTOR_FINE, "",
			    "The server's certificate holds for %lld days.", days);
}

static void look_at_certificate(struct doctor *d)
{
	const char *pem = json_text(d->manager, "server_certificate");
	gnutls_datum_t datum = {(unsigned char *)(uintptr_t)pem, (unsigned)strlen(pem)};
	gnutls_x509_crt_t certificate;

	if (gnutls_x509_crt_init(&certificate) < 0)
		return;
	if (gnutls_x509_crt_import(certificate, &datum, GNUTLS_X509_FMT_PEM) < 0)
		doctor_find(d, "certificate", DOCTOR_PROBLEM, "systemctl restart camward.service",
			    "The server's certificate cannot be read.");
	else
		judge_certificate(d, gnutls_x509_crt_get_activation_time(certificate),
				  gnutls_x509_crt_get_expiration_time(certificate), time(NULL));
	gnutls_x509_crt_deinit(certificate);
}

static void look_at_suspensions(struct doctor *d)
{
	const struct json_object *suspensions = json_member(d->manager, "suspensions");

	for (size_t i = 0; i < json_count(suspensions); i++) {
		const struct json_object *one = json_at(suspensions, i);
		const char *name = json_text(one, "name");

		doctor_find(d, "suspended", DOCTOR_WARNING, "camwardctl resume, if it is over",
			    "Suspended is %s%s%s: %s", json_text(one, "kind"), *name ? " " : "",
			    name, json_text(one, "reason"));
	}
}

static void look_at_agent(struct doctor *d)
{
	_cleanup_json_ struct json_object *grants =
		objects_select(d->tree, CAMWARD_INTERFACE_GRANT);
	size_t asking = 0;

	for (size_t i = 0; i < json_count(grants); i++)
		asking += json_true(json_at(grants, i), "ask_first");
	if (!asking)
		return;
	if (json_true(d->manager, "has_agent"))
		doctor_find(d, "agent", DOCTOR_FINE, "", "Somebody is asked before others watch.");
	else
		doctor_find(d, "agent", DOCTOR_PROBLEM,
			    "camwardctl agent, or a program that registers as the agent",
			    "By %zu grant%s somebody must say yes first, but nobody is asked: that "
			    "is a no.",
			    asking, asking == 1 ? "" : "s");
}

void doctor_look_at_service(struct doctor *d)
{
	doctor_find(d, "service", DOCTOR_FINE, "", "The service runs: version %s.",
		    json_text(d->manager, "version"));
	if (!json_true(d->manager, "ready"))
		doctor_find(d, "gate", DOCTOR_PROBLEM,
			    "systemctl status camward-gate.service camward-gate.socket",
			    "No gate is there: nobody can connect.");
	if (!metric(d, "camward_clock_set"))
		doctor_find(d, "clock", DOCTOR_PROBLEM, "timedatectl set-ntp true",
			    "The clock is not set: what is granted for a time only is refused.");
	if (json_true(d->manager, "cloned"))
		doctor_find(d, "keys", DOCTOR_PROBLEM,
			    "camwardctl identity renew, on one of the two",
			    "The keys were made on another machine: if that one is in use, who "
			    "trusts one of the two trusts both.");
	if (json_true(d->manager, "settings_overdue"))
		doctor_find(d, "settings", DOCTOR_PROBLEM,
			    "see to the file system of /etc/camward; what is to end at once: "
			    "camwardctl suspend",
			    "The settings cannot be read: their file system does not answer. What "
			    "was read last stays in force.");
	look_at_certificate(d);
	look_at_suspensions(d);
	look_at_agent(d);
}

static bool find_camera(struct doctor *d, const struct json_object *camera)
{
	const char *name = json_text(camera, "name"), *reason = json_text(camera, "reason"),
		   *condition = json_text(camera, "condition");

	if (*json_text(camera, "refused"))
		doctor_find(d, "camera", DOCTOR_PROBLEM,
			    "camwardctl camera adopt, if this hardware is to be that camera",
			    "%s is kept out: %s", name, reason);
	else if (!strcmp(condition, "absent"))
		doctor_find(d, "camera", DOCTOR_WARNING,
			    "plug it in, or camwardctl camera forget; journalctl -u "
			    "'camward-camera@*' says why it went",
			    "%s is not there.", name);
	else if (!strcmp(condition, "lost"))
		doctor_find(d, "camera", DOCTOR_PROBLEM, "look at its cable and 'dmesg'",
			    "%s gives no picture: %s", name, reason);
	else if (access(ENCODER_NODE, F_OK) == 0 && !strcmp(json_text(camera, "path"), "software"))
		doctor_find(d, "encoder", DOCTOR_WARNING,
			    "nothing, if the encoder came while somebody was watching: it is "
			    "taken once nobody is",
			    "%s is encoded by software though this machine has an encoder: %s",
			    name, reason);
	else
		return false;
	return true;
}

void doctor_look_at_cameras(struct doctor *d)
{
	_cleanup_json_ struct json_object *cameras =
		objects_select(d->tree, CAMWARD_INTERFACE_CAMERA);
	size_t n = json_count(cameras), found = 0;

	for (size_t i = 0; i < n; i++)
		found += find_camera(d, json_at(cameras, i));
	if (!n)
		doctor_find(d, "camera", DOCTOR_PROBLEM,
			    "ls /dev/video* /dev/camward; udevadm trigger -s video4linux",
			    "No camera has been seen yet.");
	else if (!found)
		doctor_find(d, "camera", DOCTOR_FINE, "", "%zu camera%s: all well.", n,
			    n == 1 ? "" : "s");
}

/* The ends only: all of it is 'ledger verify'. Reading them waits for the disk as writing does. */
void doctor_look_at_ledger(struct doctor *d)
{
	_cleanup_json_ struct json_object *start = NULL, *end = NULL;
	struct timespec from, to;
	double seconds;

	clock_gettime(CLOCK_MONOTONIC, &from);
	if (ledger_read_ends(d->ctl, &start, &end)) {
		doctor_find(d, "ledger", DOCTOR_PROBLEM, "journalctl -u camward.service; dmesg",
			    "The ledger cannot be read.");
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	if (ledger_check_ends(json_text(d->manager, "seal_root"), json_member(start, "anchors"),
			      json_member(end, "head")))
		doctor_find(d, "ledger", DOCTOR_FINE, "",
			    "The ledger's ends are signed; 'camwardctl ledger verify' checks all.");
	else
		doctor_find(d, "ledger", DOCTOR_PROBLEM, "camwardctl ledger verify",
			    "The ledger's ends are not signed by this device: it was changed.");
	if (seconds > SLOW_SECONDS || metric(d, "camward_store_queue_jobs") > QUEUE_LONG)
		doctor_find(
			d, "disk", DOCTOR_WARNING,
			"look for what else writes, or for a card that is worn out",
			"The disk is slow (%.1f s): viewers stand still while it does not answer.",
			seconds);
}
