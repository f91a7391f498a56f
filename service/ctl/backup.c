// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "ctl/bus.h"
#include "ctl/envelope.h"
#include "ctl/erase.h"
#include "ctl/json.h"
#include "ctl/key-file.h"
#include "ctl/passphrase.h"
#include "ctl/verbs.h"
#include "dbus/names.h"

#define CHUNK (1 << 20)

static int copy(int from, int to, const char *path, uint64_t *ret_size)
{
	ssize_t n;

	*ret_size = 0;
	while ((n = sendfile(to, from, NULL, CHUNK)) > 0)
		*ret_size += (uint64_t)n;
	return n < 0 ? ctl_fail("%s cannot be copied: %s.", path, strerror(errno)) : 0;
}

static struct json_object *describe(const char *path, uint64_t size, bool encrypted)
{
	struct json_object *record = json_object_new_object();

	json_set_text(record, "file", path);
	json_set_number(record, "bytes", size);
	json_set(record, "encrypted", json_object_new_boolean(encrypted));
	return record;
}

static int report_made(const char *path, uint64_t size, bool keys, bool encrypted)
{
	_cleanup_json_ struct json_object *record = describe(path, size, encrypted);

	json_set(record, "keys", json_object_new_boolean(keys));
	return json_print(record);
}

static int report_restored(const char *path, uint64_t size, bool encrypted)
{
	_cleanup_json_ struct json_object *record = describe(path, size, encrypted);

	return json_print(record);
}

/* The descriptor is the reply's. */
static int fetch(struct ctl *ctl, bool keys, sd_bus_message **reply, int *ret_fd)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	int r = bus_new_call(ctl, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER, "Backup", &call);

	if (r)
		return r;
	r = sd_bus_message_append(call, "b", (int)keys);
	if (r < 0)
		return bus_call_failed(r);
	r = bus_send_patiently(ctl, call, reply);
	if (r)
		return r;
	r = sd_bus_message_read(*reply, "h", ret_fd);
	if (r >= 0 && lseek(*ret_fd, 0, SEEK_SET) < 0)
		r = -errno;
	return r < 0 ? bus_reply_failed(r) : 0;
}

/* Asks before anything else is done. */
static int get_passphrase(struct ctl *ctl, const struct args *args, bool make,
			  char ret[PASSPHRASE_SIZE])
{
	return passphrase_get(verb_option(ctl->verb, args, "--passphrase-file"), make, ret);
}

/* passphrase NULL: not encrypted. */
static int write_backup(int source, int fd, const char *path, const char *passphrase,
			uint64_t *ret_size)
{
	struct stat st = {0};
	int r = passphrase ? envelope_write(source, fd, path, passphrase)
			   : copy(source, fd, path, ret_size);

	if (!r && (fsync(fd) < 0 || fstat(fd, &st) < 0))
		r = ctl_fail("%s cannot be written: %s.", path, strerror(errno));
	*ret_size = (uint64_t)st.st_size;
	return r;
}

static int make(struct ctl *ctl, const char *path, bool keys, const char *passphrase,
		uint64_t *ret_size)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_close_ int fd = -EBADF;
	int source, r = key_file_open(path, &fd);

	if (r)
		return r;
	r = fetch(ctl, keys, &reply, &source);
	if (!r)
		r = write_backup(source, fd, path, passphrase, ret_size);
	if (r)
		unlink(path);
	return r;
}

int backup_run(struct ctl *ctl, const struct args *args)
{
	char passphrase[PASSPHRASE_SIZE] = "";
	const char *path = args->operand[0];
	bool keys = verb_option(ctl->verb, args, "--with-keys") != NULL,
	     encrypt = verb_option(ctl->verb, args, "--encrypt") ||
		       verb_option(ctl->verb, args, "--passphrase-file");
	uint64_t size = 0;
	int r = encrypt ? get_passphrase(ctl, args, true, passphrase) : 0;

	if (!r)
		r = make(ctl, path, keys, encrypt ? passphrase : NULL, &size);
	erase(passphrase, sizeof(passphrase));
	if (r)
		return r;
	if (ctl->json)
		return report_made(path, size, keys, encrypt);
	printf("The backup is in %s (%llu bytes).\n", path, (unsigned long long)size);
	if (encrypt)
		puts("It is encrypted: without the passphrase nobody can restore it.");
	else
		puts(keys ? "It holds the device's keys, not encrypted: whoever has it can be this "
			    "device."
			  : "It holds clients, grants and the ledger, but not the device's keys.");
	return 0;
}

static int read_backup(struct ctl *ctl, const struct args *args, int from, int to, uint64_t *size)
{
	char passphrase[PASSPHRASE_SIZE] = "";
	const char *path = args->operand[0];
	struct stat st = {0};
	int r;

	if (!envelope_is(from))
		return copy(from, to, path, size);
	r = get_passphrase(ctl, args, false, passphrase);
	if (!r)
		r = envelope_read(from, to, path, passphrase);
	erase(passphrase, sizeof(passphrase));
	(void)fstat(to, &st);
	*size = (uint64_t)st.st_size;
	return r;
}

int backup_restore_run(struct ctl *ctl, const struct args *args)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	_cleanup_close_ int fd = -EBADF;
	const char *path = args->operand[0];
	uint64_t size;
	int to, r;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return ctl_fail("%s cannot be read: %s.", path, strerror(errno));
	if (verb_option(ctl->verb, args, "--passphrase-file") && !envelope_is(fd))
		return ctl_fail("%s is not encrypted: anybody may have changed it. Leave out "
				"--passphrase-file if it is what\nyou mean.",
				path);
	r = erase_confirm(
		ctl, args,
		"Every viewer is cut off, and things are as they were then: what was taken "
		"away since is\ngranted again, what the ledger says since is lost.");
	if (!r)
		r = bus_new_call(ctl, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER, "BeginRestore",
				 &call);
	if (!r)
		r = bus_send(ctl, call, NULL, &reply);
	if (r)
		return r;
	r = sd_bus_message_read(reply, "h", &to);
	if (r < 0)
		return bus_reply_failed(r);
	r = read_backup(ctl, args, fd, to, &size);
	if (!r)
		r = erase_call(ctl, "Restore");
	if (r)
		return r;
	if (ctl->json)
		return report_restored(path, size, envelope_is(fd));
	puts("It is restored, and the service starts again. 'camwardctl grants' and 'clients' say "
	     "how things stand.");
	return 0;
}
