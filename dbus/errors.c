// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dbus/errors.h"

#include <errno.h>
#include <string.h>

#include "broker/control.h"
#include "broker/settings.h"
#include "dbus/names.h"

#define SENTENCE_NAME \
	"'%s' is no name: use 1 to 64 of a-z, 0-9, '.', '_' and '-', first a letter or digit"
static int set_storage(sd_bus_error *ret, int error)
{
	return sd_bus_error_setf(ret, CAMWARD_ERROR_STORAGE_FAILED,
				 "The change could not be written to disk (%s): see to the disk, "
				 "then do it again. What was taken away stays away, and is written "
				 "when the disk takes it",
				 strerror(-error));
}

static const char *or_it(const char *text)
{
	return text ? text : "";
}

static int set_of_user(sd_bus_error *ret, int error, const struct errors_about *about)
{
	const char *client = or_it(about->client);

	switch (error) {
	case CONTROL_NO_USER:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_NO_SUCH_USER,
					 "No user of this machine is the client '%s'", client);
	case CONTROL_USER_BOUND:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_ALREADY_EXISTS,
					 "A user of this machine is the client '%s' already: take "
					 "that back first",
					 client);
	default:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_NO_SUCH_USER,
					 "No user has this number");
	}
}

static int set_of_certificate(sd_bus_error *ret, int error, const struct errors_about *about)
{
	switch (error) {
	case CONTROL_NO_SUCH_PIN:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_NO_SUCH_CERTIFICATE,
					 "The client '%s' has no certificate '%s': 'camwardctl "
					 "clients' lists them",
					 or_it(about->client), or_it(about->id));
	case CONTROL_ALREADY_PINNED:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_ALREADY_EXISTS,
					 "This certificate's key is a client's already: a key is "
					 "one client's only");
	case CONTROL_INVALID_PIN:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_INVALID_CERTIFICATE,
					 "A certificate's key is given as the SHA-256 of its "
					 "SubjectPublicKeyInfo in base 64");
	default:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_INVALID_CERTIFICATE,
					 "The request is not one in DER (PKCS #10) with an ECDSA "
					 "P-256, Ed25519 or RSA key (2048 to 4096 bits)");
	}
}

static int set_of_integration(sd_bus_error *ret, int error, const struct errors_about *about)
{
	const char *name = or_it(about->integration);

	switch (error) {
	case CONTROL_NO_SUCH_INTEGRATION:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_NO_SUCH_INTEGRATION,
					 "There is no integration '%s': 'camwardctl integrations' "
					 "lists them, 'integration add' makes one",
					 name);
	case CONTROL_INTEGRATION_EXISTS:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_ALREADY_EXISTS,
					 "There is an integration '%s' already: choose another "
					 "name, or remove it first",
					 about->name && about->name[0] ? about->name : name);
	case CONTROL_HAS_CLIENTS:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_HAS_CLIENTS,
					 "The integration '%s' has clients: move or remove them "
					 "first",
					 name);
	case CONTROL_IS_SUSPENDED:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_IS_SUSPENDED,
					 "The integration of '%s' is suspended, and leaving it "
					 "would end that: resume it first",
					 or_it(about->client));
	case CONTROL_INVALID_BACKUP:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_INVALID_BACKUP,
					 "This is no backup that this version can read: nothing is "
					 "changed, and the service starts again");
	case CONTROL_NOTHING_TO_RESTORE:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_INVALID_BACKUP,
					 "There is nothing to restore: BeginRestore comes first");
	case CONTROL_OTHER_DEVICE:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_INVALID_CERTIFICATE,
					 "This is not the fingerprint of this device's key: look "
					 "which device you mean");
	case CONTROL_NAME_DECLARED:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_GRANT_IS_DECLARED,
					 "A file in policy.d grants something to '%s': choose "
					 "another name",
					 or_it(about->name));
	default:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_CHANGED_MEANWHILE,
					 "It is being changed just now: look at it, then do it "
					 "again");
	}
}

static int set_of_grant(sd_bus_error *ret, int error, const struct errors_about *about)
{
	switch (error) {
	case CONTROL_GRANT_DECLARED:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_GRANT_IS_DECLARED,
					 "A grant stands in a file of policy.d and holds: "
					 "'camwardctl grants' says in which. Take it out there and "
					 "reload the service, or suspend the client or the camera");
	case CONTROL_IS_DECLARED:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_IS_DECLARED,
					 "It stands in a file of policy.d: 'camwardctl clients' "
					 "says in which. Change it and what it is granted there, "
					 "and reload the service; it can be suspended here");
	case CONTROL_INVALID_HOLDER:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_INVALID_NAME,
					 "A grant is for a client or for an integration: name "
					 "one of them, not both");
	case CONTROL_INVALID_HOURS:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_INVALID_LIMITS,
					 "Weekly hours look like 'mon-fri 08:00-18:00, sat "
					 "22:00-02:00', in at most %d characters",
					 GRANT_HOURS_SIZE - 1);
	default:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_INVALID_LIMITS,
					 "Leases at once are 1 to %d; 0 is no limit",
					 GRANT_LEASES_MAX);
	}
}

static int set_of_device(sd_bus_error *ret, int error, const struct errors_about *about)
{
	const char *control = or_it(about->control);

	switch (error) {
	case CONTROL_OUT_OF_RANGE:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_OUT_OF_RANGE,
					 "'%s' does not take this value: %s", control,
					 about->range ? about->range
						      : "'camwardctl camera controls' says which");
	case CONTROL_READ_ONLY:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_READ_ONLY,
					 "'%s' can only be read, or only be read as things stand",
					 control);
	case CONTROL_DEVICE_BUSY:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_DEVICE_BUSY,
					 "The device does not let '%s' be set while it runs: do it "
					 "when nobody watches",
					 control);
	case CONTROL_DEVICE_CLOSED:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_DEVICE_CLOSED,
					 "Nobody watches '%s', so its device is closed: '%s' can "
					 "only be set while somebody does",
					 or_it(about->camera), control);
	case CONTROL_CAMERA_GONE:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_DEVICE_FAILED,
					 "The camera '%s' went away meanwhile: look whether '%s' "
					 "is set",
					 or_it(about->camera), control);
	case CONTROL_NO_ANSWER:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_DEVICE_FAILED,
					 "The camera '%s' has not answered in time: look whether "
					 "'%s' is set",
					 or_it(about->camera), control);
	default:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_DEVICE_FAILED,
					 "The device does not set '%s': %s", control,
					 strerror(error - CONTROL_DEVICE));
	}
}

static int set_of_settings(sd_bus_error *ret, int error, const struct errors_about *about)
{
	switch (error) {
	case CONTROL_INVALID_SETTINGS:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_INVALID_SETTINGS,
					 "Settings are size (width and height, even, %d to %d), "
					 "fps (1 to %d), bitrate (%d to %d bit/s) and gop (1 to %d "
					 "frames), and those of the small stream but for gop; 0, "
					 "or 'default' for camwardctl, is back to what "
					 "camera.d says",
					 SETTINGS_SIDE_MIN, SETTINGS_SIDE_MAX, SETTINGS_FPS_MAX,
					 SETTINGS_BITRATE_MIN, SETTINGS_BITRATE_MAX,
					 SETTINGS_GOP_MAX);
	case CONTROL_NO_CONTROLS:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_NO_SUCH_CONTROL,
					 "The camera '%s' has no controls, so no '%s': its "
					 "pictures do not come from a V4L2 device ('camwardctl "
					 "camera set --help' tells what else can be set)",
					 or_it(about->camera), or_it(about->control));
	case CONTROL_NO_SUCH_CONTROL:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_NO_SUCH_CONTROL,
					 "The camera '%s' has no control '%s': 'camwardctl camera "
					 "controls' lists them, 'camera set --help' what else can "
					 "be set",
					 or_it(about->camera), or_it(about->control));
	default:
		return set_of_device(ret, error, about);
	}
}

static int set_of_camera(sd_bus_error *ret, int error, const struct errors_about *about)
{
	const char *camera = or_it(about->camera);

	switch (error) {
	case CONTROL_CAMERA_EXISTS:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_ALREADY_EXISTS,
					 "There is a camera '%s' already: choose another name, or "
					 "rename or forget that one first",
					 or_it(about->name));
	case CONTROL_CAMERA_CONNECTED:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_CAMERA_CONNECTED,
					 "The camera '%s' is plugged in and running: unplug it "
					 "first",
					 camera);
	case CONTROL_NAME_INHERITED:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_NAME_IS_FIXED,
					 "The camera '%s' has its name from whoever started the "
					 "service (--camera): change it there",
					 camera);
	case CONTROL_NAME_BY_FILE:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_NAME_IS_FIXED,
					 "camera.d/%s.conf has the camera's name: rename that "
					 "file, plug the camera in again, then do this again",
					 camera);
	case CONTROL_NOTHING_TO_ADOPT:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_NOTHING_TO_ADOPT,
					 "No other hardware has asked to be '%s': "
					 "'camwardctl cameras' says how things stand",
					 camera);
	case CONTROL_OTHER_HARDWARE:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_CHANGED_MEANWHILE,
					 "Yet other hardware asks to be '%s' now: look at it, then "
					 "do it again",
					 camera);
	case CONTROL_HARDWARE_KNOWN:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_HARDWARE_IS_KNOWN,
					 "That hardware is another camera: move it back to its "
					 "place, or forget that camera first");
	default:
		return set_of_settings(ret, error, about);
	}
}

int errors_set(sd_bus_error *ret, int error, const struct errors_about *about)
{
	const char *client = or_it(about->client), *camera = or_it(about->camera);
	const char *name = about->name ? about->name : client, *id = or_it(about->id);

	if (error < 0)
		return set_storage(ret, error);
	switch (error) {
	case CONTROL_INVALID_NAME:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_INVALID_NAME, SENTENCE_NAME, name);
	case CONTROL_NO_SUCH_CLIENT:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_NO_SUCH_CLIENT,
					 "There is no client '%s': 'camwardctl clients' lists them",
					 client);
	case CONTROL_NO_SUCH_PIN:
	case CONTROL_ALREADY_PINNED:
	case CONTROL_INVALID_PIN:
	case CONTROL_INVALID_REQUEST:
		return set_of_certificate(ret, error, about);
	case CONTROL_NO_SUCH_INTEGRATION:
	case CONTROL_INTEGRATION_EXISTS:
	case CONTROL_HAS_CLIENTS:
	case CONTROL_IS_SUSPENDED:
	case CONTROL_BUSY:
	case CONTROL_OTHER_DEVICE:
	case CONTROL_INVALID_BACKUP:
	case CONTROL_NOTHING_TO_RESTORE:
	case CONTROL_NAME_DECLARED:
		return set_of_integration(ret, error, about);
	case CONTROL_GRANT_DECLARED:
	case CONTROL_IS_DECLARED:
	case CONTROL_INVALID_HOLDER:
	case CONTROL_INVALID_HOURS:
	case CONTROL_INVALID_MAX_LEASES:
		return set_of_grant(ret, error, about);
	case CONTROL_NO_SUCH_CAMERA:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_NO_SUCH_CAMERA,
					 "There is no camera '%s': 'camwardctl cameras' lists them",
					 camera);
	case CONTROL_NO_SUCH_GRANT:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_NO_SUCH_GRANT,
					 "There is no such grant: 'camwardctl grants' lists them");
	case CONTROL_NO_SUCH_LEASE:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_NO_SUCH_LEASE,
					 "There is no lease %s (any more): 'camwardctl leases' "
					 "lists them",
					 id);
	case CONTROL_NO_SUCH_TOKEN:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_NO_SUCH_TOKEN,
					 "The client '%s' has no token '%s': 'camwardctl clients' "
					 "lists them",
					 client, id);
	case CONTROL_NO_USER:
	case CONTROL_USER_BOUND:
	case CONTROL_INVALID_USER:
		return set_of_user(ret, error, about);
	case CONTROL_ALREADY_EXISTS:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_ALREADY_EXISTS,
					 "There is a client '%s' already: choose another name, or "
					 "remove it first",
					 name);
	case CONTROL_NOT_SUSPENDED:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_NOT_SUSPENDED,
					 "Nothing of this kind and name is suspended: 'camwardctl "
					 "status' lists what is");
	case CONTROL_ALREADY_SUSPENDED:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_ALREADY_SUSPENDED,
					 "It is suspended already: resume it first to give another "
					 "reason");
	case CONTROL_INVALID_LIMITS:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_INVALID_LIMITS,
					 "A time lies in the past, or an interval ends before it "
					 "begins: give microseconds since 1970 that lie ahead");
	case CONTROL_INVALID_REASON:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_INVALID_LIMITS,
					 "A reason is at most %d bytes of text on one line",
					 CONTROL_REASON_SIZE - 1);
	case CONTROL_INVALID_RIGHTS:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_INVALID_RIGHTS,
					 "Name at least one right: live, still or raw");
	case CONTROL_LIMIT_REACHED:
		return sd_bus_error_setf(ret, CAMWARD_ERROR_LIMIT_REACHED,
					 "There are as many of these as there can be: remove some "
					 "first");
	default:
		return set_of_camera(ret, error, about);
	}
}
