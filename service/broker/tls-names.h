// SPDX-License-Identifier: LGPL-2.1-or-later
/* The names and addresses under which viewers may know this machine. */
#pragma once

#include <gnutls/x509.h>
#include <stdbool.h>
#include <stdint.h>

#define TLS_NAMES_MAX      48
#define TLS_NAME_TEXT_SIZE 256

struct tls_name {
	gnutls_x509_subject_alt_name_t type; /* DNSNAME or IPADDRESS */
	size_t size;
	uint8_t value[TLS_NAME_TEXT_SIZE]; /* characters, or 4 or 16 bytes */
};

struct tls_names {
	size_t n;
	struct tls_name entries[TLS_NAMES_MAX];
};

/* localhost, the host's name and its name in mDNS, and the addresses of its interfaces but
 * IPv6 link-local ones, which mean nothing without their interface. More than fit are left out.
 * Errors: those of addresses_read(); the names that need no interface are there then, too. */
int tls_names_collect(struct tls_names *names);

/* The host's name if it can stand in a certificate, else "localhost". */
void tls_names_host(char text[TLS_NAME_TEXT_SIZE]);

/* Adds them to a certificate that is being made. -EIO: GnuTLS could not. */
int tls_names_write(const struct tls_names *names, gnutls_x509_crt_t certificate);

/* Whether the certificate is for exactly these, in whatever order. */
bool tls_names_equal(const struct tls_names *names, gnutls_x509_crt_t certificate);
