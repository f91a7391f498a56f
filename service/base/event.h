// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What an administrator searches the journal for: events with an id that stays the same whatever
 * their text becomes, and fields. units/camward.catalog explains each id (journalctl -x):
 *
 *	journalctl MESSAGE_ID=... CAMWARD_CAMERA=front
 *
 * Under systemd (base/log.h) an event goes to the journal's own socket, elsewhere its text is a
 * line of the log. As there, nothing waits: if the journal does not take it at once, it is lost.
 */
#pragma once

#include <stdint.h>
#include <syslog.h>

/* An id is never given to another event. */
#define EVENTS(X)                                                   \
	X(READY, "090fb804cf9946e1befdf9bf76b96169")                \
	X(GATE_LOST, "767b91d2d8764258949e9be33cc11999")            \
	X(CLOCK_NOT_SET, "195f52841f91486583c1e41a99e79116")        \
	X(CERTIFICATE_RENEWED, "78f04539b93341d3a803f86cff34918f")  \
	X(SEAL_ROOT_NEW, "5489ffc944d54cd4880a530aa1eda304")        \
	X(CLONED, "9ccdbc80aa71452580b724c1327a553b")               \
	X(ERASED, "90465047d8d04c73b57e3179e3449c71")               \
	X(IDENTITY_RENEWED, "1c360f11d41a40238ffeada76f48fbf9")     \
	X(RESTORED, "18f1794203064fdc8c9d47c4232da0d3")             \
	X(CAMERA_NEW, "dd175785fb0f4797b2b2c10d9a2f6027")           \
	X(CAMERA_ADOPTED, "cdcdb2d5267740ecbde5b3ad40f030a4")       \
	X(CAMERA_RENAMED, "03c9cf921ccb4178b7e07d3025a95295")       \
	X(CAMERA_FORGOTTEN, "71c3e9e574bb4e729c8fee480545610d")     \
	X(CAMERA_CAME, "c5a66c31eef84ca1ac72a56eb8e22db2")          \
	X(CAMERA_WENT, "33fec9b90ea0490486bcb1b9f7c49ab9")          \
	X(CAMERA_REFUSED, "7e6a531c29824857b549d2cca5342fca")       \
	X(CAMERA_LOST, "63dca62b8ee843b1916e1d47104e88ff")          \
	X(CAMERA_BACK, "0ae0e792f11c40e6aca16288c1c970cf")          \
	X(LEASE_OPENED, "578179b8d80848d5b345739509839a7d")         \
	X(LEASE_ENDED, "c246021f31914730a382572fd371186f")          \
	X(DENIED, "8f189ffdd81c4f80acb4deb327547009")               \
	X(CREDENTIALS_REFUSED, "510890ea4cd24c589139b3f3e7602c55")  \
	X(PROOF_REFUSED, "5ab1e6e571654ea58577600eccedb41d")        \
	X(CERTIFICATE_UNUSABLE, "855ce24eecb24bd8a6a28fdc5e54276f") \
	X(COUNT_FALSE, "3714cdae532a45679c8d12926eab3f71")          \
	X(SOURCE_REFUSED, "b1a9fb21ec284db3aeb1ebab873c28c3")       \
	X(LINK_REFUSED, "8a8076e487f1414aafa658d85b6cf879")         \
	X(SUSPENDED, "5be15c4afb19424a9069ab022d98590d")            \
	X(RESUMED, "b30e999afa1b41e9af03d795ad9de16c")              \
	X(IDENTITY_RENAMED, "8396f0f77c2b4fb699d8e9242f536523")     \
	X(SESSION_CRASHED, "6729f307f10a47ef9090f3b6d627e54b")      \
	X(TRIPWIRE, "05ca6153efd947e5ac993c57adf42f4e")             \
	X(LEDGER_FAILED, "ccaf4fa9409f4d1f81970fe33fc23574")        \
	X(DENIAL_UNWRITTEN, "164c42c28a93436caf6d7d6f1747dc52")     \
	X(DENIAL_WRITTEN, "cdba65c07c0c4272b4c68c0d969c4a59")       \
	X(ANNOUNCED, "8d69e501dc4b43d8acb5a6ee559c6051")            \
	X(ANNOUNCE_FAILED, "59005694fd3c4e8ba9fb0ed4a6990388")      \
	X(AGENT_CAME, "a375d0c3b2aa46439684a4333f1b1a93")           \
	X(AGENT_WENT, "9fc1b228c73449cf93880de708e2676c")           \
	X(AGENT_ALLOWED, "7820cda26eb348319dff6c2e052fe022")        \
	X(AGENT_REFUSED, "53f1dcf531c44f328cfcf69204486adf")        \
	X(GRANT_ADDED, "4fbd454a8472440ca86446f8f5bc3d7f")          \
	X(GRANT_REVOKED, "35baf0aaea4743d5b18b0a688ceffa69")        \
	X(DECLARATION_REFUSED, "b11ab0b65bce4667910c925f46b9a611")  \
	X(LEDGER_HEAD, "f4210b95409f490b8699a83515a56efc")          \
	X(LIGHT_FAILED, "1cbcd41f98ce4f2f8276f87ec4542ffd")         \
	X(SETTINGS_OVERDUE, "e555c78dbbcb4f28b37161ded3368fa0")

#define EVENT_ENUM(name, id) EVENT_##name,
enum event {
	EVENTS(EVENT_ENUM)
};
#undef EVENT_ENUM

/* Fields; NULL or 0: not said. In the journal: CAMWARD_ and the field's name in capitals. */
struct event_about {
	const char *camera, *client;
	const char *peer;   /* a viewer's address */
	const char *reason; /* why it was so */
	uint64_t lease, connection;
	uint64_t frames; /* that a lease delivered */
};

/* After log_open(). Without it, or where there is no journal, events are lines. */
void event_open(void);

/* level: LOG_ERR to LOG_DEBUG. about: may be NULL. */
void event_log(int level, enum event event, const struct event_about *about, const char *format,
	       ...) __attribute__((format(printf, 4, 5)));
