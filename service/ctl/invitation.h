// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a person who is to watch has to know: where, whom to trust, and as who. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/ctl.h"
#include "ctl/key-file.h"

#define INVITATION_TOKEN_SIZE 64
#define INVITATION_LINK_SIZE  1024
#define INVITATION_HOSTS_MAX  16
#define INVITATION_HOST_SIZE  256

struct invitation {
	const char *client, *integration; /* the arguments' */
	const char *const *cameras;
	size_t n_cameras;
	uint64_t expires;                /* us, CLOCK_REALTIME; 0: never */
	unsigned rtsps_port, https_port; /* 0: those that the gate listens on */
	char token[INVITATION_TOKEN_SIZE];
	const char *pkcs12; /* NULL: no certificate */
	char passphrase[KEY_FILE_PASSPHRASE_SIZE];
	/* The device's. The first host is the one to try first; IPv6 in brackets. */
	char hosts[INVITATION_HOSTS_MAX][INVITATION_HOST_SIZE];
	size_t n_hosts;
	const char *remark; /* about the hosts, for who invites; NULL: none */
	char pin[KEY_FILE_FINGERPRINT_SIZE];
	char seal_root[128]; /* base64 of the SubjectPublicKeyInfo */
	char *ca;            /* PEM */
};

/* host: as the caller wants it; NULL: what the gate listens on, or, where that is all addresses, as
 * the server's certificate has them. */
int invitation_read_device(struct ctl *ctl, const char *host, struct invitation *in);
void invitation_release(struct invitation *in);

/* Whether the service has the viewer's page already; nobody is sent to what is not there. */
#define INVITATION_HAS_PAGE false

/* What the QR code holds. With the page: its address; what is secret stands behind '#', which a
 * browser keeps to itself. Until then: the first camera's address, as players take it. */
void invitation_link(const struct invitation *in, char ret[INVITATION_LINK_SIZE]);

int invitation_print(const struct invitation *in);
int invitation_report(const struct invitation *in);
