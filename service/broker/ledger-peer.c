// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/ledger-peer.h"

#include <gnutls/crypto.h>
#include <string.h>

int ledger_peer_make(const struct ledger_event *event, struct ledger_peer *ret)
{
	static const uint8_t none[sizeof(event->peer)];

	/* All zeros with a local subscriber: root. */
	if (event->protocol && !memcmp(event->peer, none, sizeof(none)))
		return 0;
	if (gnutls_rnd(GNUTLS_RND_RANDOM, ret->salt, sizeof(ret->salt)) < 0)
		return -EIO;
	ledger_chain_hash_peer(ret->salt, event->peer, event->port, ret->hash);
	return 1;
}

int ledger_peer_keep(sqlite3 *db, uint64_t seq, const struct ledger_event *event,
		     const struct ledger_peer *peer)
{
	int r = db_run(db, "INSERT INTO peers VALUES (?, ?, ?, ?)", "ibbi", seq, peer->salt,
		       sizeof(peer->salt), event->peer, sizeof(event->peer), (uint64_t)event->port);

	return r < 0 ? r : 0;
}
