// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the broker does to its database before anything else: opens it, closes what a crash has left
 * open, checks the chain. usage: ledger-recover DIRECTORY
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/db.h"
#include "support/ledger-verify.h"

static int verify(const char *directory)
{
	struct ledger_verdict verdict;
	char path[4096];
	sqlite3 *db;
	int r;

	snprintf(path, sizeof(path), "%s/" STORE_FILE, directory);
	if (sqlite3_open(path, &db) != SQLITE_OK)
		return -EIO;
	r = ledger_verify(db, NULL, &verdict);
	sqlite3_close(db);
	return r;
}

int main(int argc, char *argv[])
{
	struct policy *policy = policy_new();
	struct store *store;
	int r;

	if (argc != 2 || !policy)
		return 2;
	r = store_open(argv[1], policy, &store);
	if (r == 0) {
		store_close(store);
		r = verify(argv[1]);
	}
	policy_free(policy);
	if (r < 0)
		fprintf(stderr, "ledger-recover: %s: %s\n", strerror(-r), store_open_error_text(r));
	return r < 0;
}
