// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/pending.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/parse.h"
#include "broker/epoch-run.h"
#include "broker/machine.h"
#include "broker/restore.h"
#include "broker/seal-root.h"
#include "broker/state-dir.h"
#include "broker/tls-identity.h"

#define LINE_SIZE   160
#define HASH_DIGITS (2 * LEDGER_CHAIN_HASH_SIZE)

/* A great database takes longer to overwrite than systemd allows a start. */
#define PATIENCE "EXTEND_TIMEOUT_USEC=1800000000"

static const char *const words[] = {
	[PENDING_ERASE] = "erase",
	[PENDING_RENEW] = "renew",
	[PENDING_RESTORE] = "restore",
	[PENDING_SIGN] = "sign",
};

static int write_down(int dir, const struct pending *pending)
{
	const struct ledger_chain_point *anchor = &pending->anchor;
	char line[LINE_SIZE], hash[HASH_DIGITS + 1];
	int n;

	format_hex(anchor->hash, sizeof(anchor->hash), hash);
	n = anchor->seq ? snprintf(line, sizeof(line), "%s %" PRIu64 " %" PRIu64 " %s\n",
				   words[pending->kind], anchor->seq, anchor->realtime, hash)
			: snprintf(line, sizeof(line), "%s\n", words[pending->kind]);
	return state_dir_write(dir, PENDING_FILE, line, (size_t)n);
}

static int take_back(int dir)
{
	if (unlinkat(dir, PENDING_FILE, 0) < 0)
		return -errno;
	return fsync(dir) < 0 ? -errno : 0;
}

static int parse_anchor(char *text, struct ledger_chain_point *ret)
{
	char *seq = strsep(&text, " "), *realtime = strsep(&text, " ");

	if (!realtime || !text || parse_u64(seq, INT64_MAX, &ret->seq) < 0 ||
	    parse_u64(realtime, INT64_MAX, &ret->realtime) < 0 || !ret->seq)
		return -EUCLEAN;
	return parse_hex(text, ret->hash, sizeof(ret->hash)) < 0 ? -EUCLEAN : 0;
}

static int parse(char *line, struct pending *ret)
{
	char *end = strchr(line, '\n'), *word;

	if (!end || end[1])
		return -EUCLEAN;
	*end = '\0';
	word = strsep(&line, " ");
	for (size_t i = PENDING_ERASE; i < ARRAY_SIZE(words); i++)
		if (!strcmp(word, words[i]))
			ret->kind = (enum pending_kind)i;
	if (!ret->kind || (ret->kind == PENDING_SIGN && !line))
		return -EUCLEAN;
	return line ? parse_anchor(line, &ret->anchor) : 0;
}

static int read_back(int dir, struct pending *ret)
{
	_cleanup_free_ uint8_t *line = NULL;
	size_t size;
	int r = state_dir_read(dir, PENDING_FILE, false, &line, &size);

	*ret = (struct pending){0};
	if (r < 0)
		return r == -ENOENT ? 0 : r == -EFBIG ? -EUCLEAN : r;
	return parse((char *)line, ret);
}

static int erase_keys(int dir)
{
	/* epoch-run goes with the root that has signed its numbers. */
	static const char *const names[] = {
		SEAL_ROOT_FILE, EPOCH_RUN_FILE, TLS_IDENTITY_FILES, MACHINE_FILE, NULL,
	};

	return state_dir_erase(dir, names);
}

static int erase_all(int dir, const char *but)
{
	/* The keys go first. */
	int r = state_dir_erase_all(dir, but), e = restore_unstage(dir);

	return r < 0 ? r : e;
}

static int carry_out(int dir, const struct pending *pending)
{
	switch (pending->kind) {
	case PENDING_ERASE:
		return erase_all(dir, PENDING_FILE);
	case PENDING_RENEW:
		return erase_keys(dir);
	case PENDING_RESTORE:
		return restore_put(dir);
	default:
		return 0;
	}
}

static int finish(int dir, struct pending *pending)
{
	int r = carry_out(dir, pending);

	if (r < 0)
		return r;
	if (pending->kind == PENDING_ERASE || !pending->anchor.seq)
		return take_back(dir);
	pending->kind = PENDING_SIGN;
	return write_down(dir, pending);
}

int pending_do(int dir, const struct pending *pending)
{
	struct pending now = *pending;
	int r = write_down(dir, pending);

	/* It makes the room that the line has not. Stopped half-way, it must be asked for again. */
	if ((r == -ENOSPC || r == -EDQUOT) && pending->kind == PENDING_ERASE)
		return erase_all(dir, NULL);
	return r < 0 ? r : finish(dir, &now);
}

int pending_finish(int dir)
{
	struct pending pending;
	int r = read_back(dir, &pending);

	if (r < 0 || pending.kind == PENDING_SIGN)
		return r;
	(void)sd_notify(0, PATIENCE);
	if (pending.kind == PENDING_NONE)
		return restore_unstage(dir);
	log_warning("something stopped an '%s' half-way: it is finished now", words[pending.kind]);
	return finish(dir, &pending);
}

int pending_anchor(const char *dir, struct ledger_chain_point *ret)
{
	_cleanup_close_ int fd = state_dir_open(dir);
	struct pending pending;
	int r = fd < 0 ? fd : read_back(fd, &pending);

	if (r < 0)
		return r;
	*ret = pending.anchor;
	return pending.kind == PENDING_SIGN;
}

int pending_signed(const char *dir)
{
	_cleanup_close_ int fd = state_dir_open(dir);

	return fd < 0 ? fd : take_back(fd);
}
