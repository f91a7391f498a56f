// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is to become of the whole state directory, written down before any of it is changed: stopped
 * at any point, by a power cut or by SIGKILL, it is finished at the next start, before anything is
 * read. DIR/pending is one line:
 *
 *	erase            everything goes
 *	renew [ANCHOR]   the keys go; then "sign"
 *	restore [ANCHOR] what is staged (restore.h) takes its place; then "sign"
 *	sign ANCHOR      this anchor of the ledger, good until now, waits for the present seal root
 *
 * ANCHOR is SEQ REALTIME HASH (64 digits) and left out if there is none. Without the file nothing
 * is pending, and what is staged was never to be.
 */
#pragma once

#include "seal/ledger-chain.h"

#define PENDING_FILE "pending"

enum pending_kind {
	PENDING_NONE,
	PENDING_ERASE,
	PENDING_RENEW,
	PENDING_RESTORE,
	PENDING_SIGN,
};

struct pending {
	enum pending_kind kind;
	struct ledger_chain_point anchor; /* seq 0: none */
};

/* Writes it down, durably, and does it as pending_finish(). dir is the caller's; nobody else uses
 * what is there. Errors: those of the disk; if pending_finish() has to be called again, too. */
int pending_do(int dir, const struct pending *pending);

/* Does what was written down, all but "sign": 0. Errors: -EUCLEAN (the file is damaged), those of
 * the disk: what is there is half of something, and not to be used. */
int pending_finish(int dir);

/* The anchor that waits to be signed: 1, or 0 if none does. */
int pending_anchor(const char *dir, struct ledger_chain_point *ret);
/* It is signed. */
int pending_signed(const char *dir);
