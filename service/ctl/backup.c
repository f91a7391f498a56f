// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>

#include "ctl/bus.h"
#include "ctl/erase.h"
#include "ctl/json.h"
#include "ctl/key-file.h"
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

static int report(const char *path, uint64_t size, bool keys)
{
	_cleanup_json_ struct json_object *record = json_object_new_object();

	json_set_text(record, "file", path);
	json_set_number(record, "bytes", size);
	json_set(record, "keys", json_object_new_boolean(keys));
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

int backup_run(struct ctl *ctl, const struct args *args)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_close_ int fd = -EBADF;
	const char *path = args->operand[0];
	bool keys = verb_option(ctl->verb, args, "--with-keys") != NULL;
	uint64_t size;
	int source, r = key_file_open(path, &fd);

	if (r)
		return r;
	r = fetch(ctl, keys, &reply, &source);
	if (!r)
		r = copy(source, fd, path, &size);
	if (!r && fsync(fd) < 0)
		r = ctl_fail("%s cannot be written: %s.", path, strerror(errno));
	if (r) {
		unlink(path);
		return r;
	}
	if (ctl->json)
		return report(path, size, keys);
	printf("The backup is in %s (%llu bytes).\n", path, (unsigned long long)size);
	puts(keys ? "It holds the device's keys, not encrypted: whoever has it can be this device."
		  : "It holds clients, grants and the ledger, but not the device's keys.");
	return 0;
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
	r = copy(fd, to, path, &size);
	if (!r)
		r = erase_call(ctl, "Restore");
	if (r)
		return r;
	if (ctl->json)
		return report(path, size, false);
	puts("It is restored, and the service starts again. 'camwardctl grants' and 'clients' say "
	     "how "
	     "things stand.");
	return 0;
}
