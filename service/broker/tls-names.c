// SPDX-License-Identifier: LGPL-2.1-or-later
#include "broker/tls-names.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "broker/addresses.h"

static bool contains(const struct tls_names *names, unsigned type, const void *value, size_t size)
{
	for (size_t i = 0; i < names->n; i++)
		if (names->entries[i].type == type && names->entries[i].size == size &&
		    memcmp(names->entries[i].value, value, size) == 0)
			return true;
	return false;
}

static void add(struct tls_names *names, gnutls_x509_subject_alt_name_t type, const void *value,
		size_t size)
{
	struct tls_name *name = &names->entries[names->n];

	if (names->n == TLS_NAMES_MAX || size > sizeof(name->value) ||
	    contains(names, type, value, size))
		return;
	name->type = type;
	name->size = size;
	memcpy(name->value, value, size);
	names->n++;
}

/* Letters, digits, hyphens and dots, labels of 1 to 63 (RFC 1123, 2.1). */
static bool host_name_valid(const char *text)
{
	size_t label = 0;

	for (; *text; text++) {
		bool letter = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');
		bool digit = *text >= '0' && *text <= '9';

		if (*text == '.' ? label == 0 : !letter && !digit && *text != '-')
			return false;
		label = *text == '.' ? 0 : label + 1;
		if (label > 63)
			return false;
	}
	return label > 0;
}

void tls_names_host(char text[TLS_NAME_TEXT_SIZE])
{
	if (gethostname(text, TLS_NAME_TEXT_SIZE) < 0)
		text[0] = 0;
	text[TLS_NAME_TEXT_SIZE - 1] = 0;
	if (!host_name_valid(text))
		strcpy(text, "localhost");
}

static void add_text(struct tls_names *names, const char *text)
{
	add(names, GNUTLS_SAN_DNSNAME, text, strlen(text));
}

static void add_host(struct tls_names *names)
{
	char host[TLS_NAME_TEXT_SIZE], local[TLS_NAME_TEXT_SIZE + 8];

	add_text(names, "localhost");
	tls_names_host(host);
	if (strcmp(host, "localhost") == 0)
		return;
	add_text(names, host);
	host[strcspn(host, ".")] = 0;
	snprintf(local, sizeof(local), "%s.local", host);
	add_text(names, local);
}

static void add_address(struct tls_names *names, const struct address *address)
{
	const struct in6_addr *in6 = (const void *)address->bytes;

	if (address->family == AF_INET || !IN6_IS_ADDR_LINKLOCAL(in6))
		add(names, GNUTLS_SAN_IPADDRESS, address->bytes, address->size);
}

int tls_names_collect(struct tls_names *names)
{
	const struct in_addr loopback = {htonl(INADDR_LOOPBACK)};
	struct address addresses[TLS_NAMES_MAX];
	int n;

	*names = (struct tls_names){0};
	add_host(names);
	add(names, GNUTLS_SAN_IPADDRESS, &loopback, sizeof(loopback));
	add(names, GNUTLS_SAN_IPADDRESS, &in6addr_loopback, sizeof(in6addr_loopback));
	n = addresses_read(addresses, TLS_NAMES_MAX);
	for (int i = 0; i < n; i++)
		add_address(names, &addresses[i]);
	return n < 0 ? n : 0;
}

int tls_names_write(const struct tls_names *names, gnutls_x509_crt_t certificate)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < names->n; i++)
		r = gnutls_x509_crt_set_subject_alt_name(
			certificate, names->entries[i].type, names->entries[i].value,
			(unsigned)names->entries[i].size, GNUTLS_FSAN_APPEND);
	return r < 0 ? -EIO : 0;
}

bool tls_names_equal(const struct tls_names *names, gnutls_x509_crt_t certificate)
{
	uint8_t value[TLS_NAME_TEXT_SIZE];
	unsigned n = 0;

	for (;; n++) {
		size_t size = sizeof(value);
		int type = gnutls_x509_crt_get_subject_alt_name(certificate, n, value, &size, NULL);

		if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return n == names->n;
		if (type < 0 || !contains(names, (unsigned)type, value, size))
			return false;
	}
}
