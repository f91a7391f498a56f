// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Two devices, whose state directories are made by the service itself, and a process that is
 * stopped before any of its file operations: for that the linker puts the functions below between
 * the broker and the C library (wrapped, in meson.build).
 */
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/log.h"
#include "broker/backup.h"
#include "broker/broker.h"
#include "broker/control.h"
#include "broker/epoch-run.h"
#include "broker/ledger-anchor.h"
#include "broker/ledger-prune.h"
#include "broker/machine.h"
#include "broker/pending.h"
#include "broker/restore.h"
#include "broker/state-dir.h"
#include "broker/tar.h"
#include "support/ledger-verify.h"

#define STOPPED 77
#define NEVER   INT32_MAX

/* Operations before the stop; NEVER: this process is not stopped. */
static int left = NEVER;

static inline void operate(void)
{
	if (left != NEVER && left-- == 0)
		_exit(STOPPED);
}

static inline bool is_file(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
}

int __real_openat(int dir, const char *name, int flags, ...);
int __wrap_openat(int dir, const char *name, int flags, ...);
int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __real_unlinkat(int dir, const char *name, int flags);
int __wrap_unlinkat(int dir, const char *name, int flags);
int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);

int __wrap_openat(int dir, const char *name, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if (flags & O_CREAT) {
		mode = va_arg(ap, mode_t);
		operate();
	}
	va_end(ap);
	return __real_openat(dir, name, flags, mode);
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	operate();
	return __real_renameat(from_dir, from, to_dir, to);
}

int __wrap_unlinkat(int dir, const char *name, int flags)
{
	operate();
	return __real_unlinkat(dir, name, flags);
}

int __wrap_mkdir(const char *path, mode_t mode)
{
	operate();
	return __real_mkdir(path, mode);
}

int __wrap_fsync(int fd)
{
	operate();
	return __real_fsync(fd);
}

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
	if (is_file(fd))
		operate();
	return __real_write(fd, data, size);
}

/* What can be told apart from outside. */
struct identity {
	char spki[TLS_IDENTITY_SPKI_TEXT_SIZE], root[SEAL_PEM_SIZE], chain[8192];
};

struct house {
	char top[64], template[96], work[96];
	struct identity before, other;
	uint64_t run;    /* of epochs, before */
	int plain, keys; /* backups of the other device */
	uint64_t other_run;
};

/* A service without peers. */
struct service {
	sd_event *event;
	struct broker broker;
	struct broker_options options;
	int done, error;
};

static inline void service_done(void *userdata, int error)
{
	struct service *s = userdata;

	s->done++;
	s->error = error;
}

static inline void service_open(struct service *s, const char *directory)
{
	*s = (struct service){.options = {directory, directory, NULL}};
	assert_true(sd_event_new(&s->event) >= 0);
	assert_int_equal(broker_open(&s->broker, s->event, &s->options), 0);
}

static inline void service_wait(struct service *s)
{
	while (!s->done)
		assert_true(sd_event_run(s->event, UINT64_MAX) >= 0);
	assert_int_equal(s->error, 0);
	s->done = 0;
}

static inline void service_close(struct service *s)
{
	broker_close(&s->broker);
	sd_event_unref(s->event);
}

static inline void identify(const struct service *s, struct identity *ret)
{
	*ret = (struct identity){0};
	strcpy(ret->spki, tls_identity_spki_sha256(s->broker.identity));
	strcpy(ret->root, seal_root_pem(s->broker.seal_root));
	strcpy(ret->chain, tls_identity_chain_pem(s->broker.identity));
}

static inline void add_client(struct service *s, const char *name)
{
	struct control_result result = {};

	assert_int_equal(control_add_client(&s->broker, name, "", 0, &result, service_done, s), 0);
	service_wait(s);
}

static inline void add_lease(struct service *s, const char *client, uint64_t lease)
{
	struct ledger_event event = {.lease = lease, .right = RIGHT_LIVE, .camera = "front"};

	snprintf(event.client, sizeof(event.client), "%s", client);
	assert_int_equal(ledger_opened(s->broker.store, &event, service_done, s), 0);
	service_wait(s);
	assert_int_equal(ledger_closed(s->broker.store, &event, service_done, s), 0);
	service_wait(s);
}

static inline void prune(struct service *s)
{
	struct ledger_anchor anchor;

	assert_int_equal(
		ledger_prune_find(s->broker.store, INT64_MAX, &anchor.point, service_done, s), 0);
	service_wait(s);
	assert_int_equal(anchor.point.seq, 2);
	assert_int_equal(seal_root_sign_ledger(s->broker.seal_root, LEDGER_CHAIN_CONTEXT_ANCHOR,
					       &anchor.point, anchor.signature),
			 0);
	assert_int_equal(ledger_prune(s->broker.store, &anchor, service_done, s), 0);
	service_wait(s);
}

/* A ledger of two leases, the first of which is an anchor. */
static inline void add_ledger(struct service *s, const char *client)
{
	add_lease(s, client, 1);
	prune(s);
	add_lease(s, client, 2);
}

static inline int make_backup(struct service *s, bool keys)
{
	int fd = memfd_create("backup", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_int_equal(control_backup(&s->broker, fd, keys, service_done, s), 0);
	service_wait(s);
	return fd;
}

static inline void remove_tree(const char *path)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -rf %s", path);
	assert_int_equal(system(command), 0);
}

static inline void copy_file(int from_dir, int to_dir, const char *name)
{
	int from = openat(from_dir, name, O_RDONLY | O_CLOEXEC),
	    to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(from >= 0 && to >= 0);
	while (copy_file_range(from, NULL, to, NULL, 1 << 20, 0) > 0)
		;
	close(from);
	close(to);
}

/* The service as it was before. */
static inline void begin(struct house *h)
{
	int from = open(h->template, O_RDONLY | O_DIRECTORY | O_CLOEXEC), to;
	DIR *stream = fdopendir(from);
	struct dirent *entry;

	remove_tree(h->work);
	assert_int_equal(mkdir(h->work, 0700), 0);
	to = open(h->work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while ((entry = readdir(stream)))
		if (entry->d_type == DT_REG)
			copy_file(from, to, entry->d_name);
	closedir(stream);
	close(to);
}

static inline int wait_for(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static inline bool exists(const struct house *h, const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", h->work, name);
	return access(path, F_OK) == 0;
}

static inline bool has_client(const struct service *s, const char *name)
{
	return policy_find_client(s->broker.policy, name) != NULL;
}

static inline uint64_t verify(const struct house *h, const struct service *s)
{
	const char *pem = seal_root_pem(s->broker.seal_root);
	struct ledger_verdict verdict;
	uint8_t root[SEAL_KEY_SIZE];
	sqlite3 *db;
	char path[160];

	snprintf(path, sizeof(path), "%s/" STORE_FILE, h->work);
	assert_int_equal(seal_public_read(pem, strlen(pem), root), 0);
	assert_int_equal(db_open(path, &db), 0);
	assert_int_equal(ledger_verify(db, root, &verdict), 0);
	sqlite3_close(db);
	return verdict.last;
}

/* What holds after every start. True: these keys. */
static inline bool check_start(const struct house *h, const struct service *s,
			       const struct identity *id)
{
	struct identity now;
	bool root, spki;

	assert_false(exists(h, PENDING_FILE));
	assert_false(exists(h, "restored"));
	assert_false(s->broker.cloned);
	assert_true(exists(h, MACHINE_FILE));
	identify(s, &now);
	root = !strcmp(now.root, id->root);
	spki = !strcmp(now.spki, id->spki);
	assert_int_equal(root, spki);
	assert_int_equal(!strcmp(now.chain, id->chain), spki);
	return root;
}

/* Makes both devices and the backups of one. */
static inline int setup(void **state)
{
	struct house *h = calloc(1, sizeof(*h));
	char other[96];
	struct service s;

	log_set_max_level(LOG_EMERG);
	/* Some thousand times something waits for the disk. */
	snprintf(h->top, sizeof(h->top), "%s/camward-stops-%d",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (int)getpid());
	assert_int_equal(mkdir(h->top, 0700), 0);
	snprintf(h->template, sizeof(h->template), "%s/template", h->top);
	snprintf(h->work, sizeof(h->work), "%s/work", h->top);
	snprintf(other, sizeof(other), "%s/other", h->top);
	service_open(&s, other);
	add_client(&s, "other");
	add_ledger(&s, "other");
	identify(&s, &h->other);
	h->plain = make_backup(&s, false);
	h->keys = make_backup(&s, true);
	service_close(&s);
	/* More runs than the other has had: its numbers are not used again. */
	for (int i = 0; i < 5; i++) {
		service_open(&s, h->template);
		if (i == 4) {
			add_client(&s, "before");
			add_ledger(&s, "before");
			identify(&s, &h->before);
			h->run = s.broker.epoch_run;
		}
		service_close(&s);
	}
	*state = h;
	return 0;
}

static inline int teardown(void **state)
{
	struct house *h = *state;

	remove_tree(h->top);
	close(h->plain);
	close(h->keys);
	free(h);
	return 0;
}
