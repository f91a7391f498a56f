// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/invitation.h"

#include <arpa/inet.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "ctl/certificate.h"
#include "ctl/listeners.h"
#include "ctl/objects.h"
#include "ctl/qr.h"

static void add_host(struct invitation *in, const char *host)
{
	if (in->n_hosts < INVITATION_HOSTS_MAX)
		snprintf(in->hosts[in->n_hosts++], INVITATION_HOST_SIZE, "%s", host);
}

/* Not this machine's name for itself. */
static void add_address(struct invitation *in, const uint8_t *bytes, size_t size)
{
	char text[INET6_ADDRSTRLEN], bracketed[INET6_ADDRSTRLEN + 2];

	if (size == 4 && bytes[0] != 127 && inet_ntop(AF_INET, bytes, text, sizeof(text)))
		add_host(in, text);
	if (size != 16 || !memcmp(bytes, &in6addr_loopback, 16) ||
	    !inet_ntop(AF_INET6, bytes, text, sizeof(text)))
		return;
	snprintf(bracketed, sizeof(bracketed), "[%s]", text);
	add_host(in, bracketed);
}

static void add_name(struct invitation *in, const char *name, bool local)
{
	size_t length = strlen(name);
	bool is_local = length > 6 && !strcmp(name + length - 6, ".local");

	if (strcmp(name, "localhost") != 0 && is_local == local)
		add_host(in, name);
}

/* Names of one kind: those that work everywhere on the local network come first. */
static void add_alternatives(struct invitation *in, gnutls_x509_crt_t certificate, int want,
			     bool local)
{
	for (unsigned i = 0;; i++) {
		char value[INVITATION_HOST_SIZE];
		size_t size = sizeof(value);
		int type = gnutls_x509_crt_get_subject_alt_name(certificate, i, value, &size, NULL);

		if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			return;
		if (type != want)
			continue;
		if (type == GNUTLS_SAN_IPADDRESS)
			add_address(in, (uint8_t *)value, size);
		else
			add_name(in, value, local);
	}
}

/* The server's certificate says under which names and addresses it is known. */
static int read_hosts(const char *pem, struct invitation *in)
{
	gnutls_datum_t datum = {(unsigned char *)(uintptr_t)pem, (unsigned)strlen(pem)};
	gnutls_x509_crt_t certificate;

	if (gnutls_x509_crt_init(&certificate) < 0)
		return ctl_out_of_memory();
	if (gnutls_x509_crt_import(certificate, &datum, GNUTLS_X509_FMT_PEM) == 0) {
		add_alternatives(in, certificate, GNUTLS_SAN_DNSNAME, true);
		add_alternatives(in, certificate, GNUTLS_SAN_IPADDRESS, false);
		add_alternatives(in, certificate, GNUTLS_SAN_DNSNAME, false);
	}
	gnutls_x509_crt_deinit(certificate);
	if (!in->n_hosts)
		add_host(in, "localhost");
	return 0;
}

/* What units/camward-gate*.socket come with. */
#define PORT_RTSPS 322
#define PORT_HTTPS 8443

static void read_port(const struct json_object *manager, const char *service, unsigned usual,
		      unsigned *port)
{
	const struct json_object *listener = listeners_find(manager, service);

	if (!*port)
		*port = listener ? (unsigned)json_number(listener, "port") : usual;
}

/* Where the gate is to be found, unless that is everywhere. */
static int read_place(const struct json_object *manager, struct invitation *in)
{
	const struct json_object *listener = listeners_find(manager, "rtsps");
	const char *address = json_text(listener, "address");
	char bracketed[INET6_ADDRSTRLEN + 2];

	if (!listener)
		in->remark = "No gate is there now, so that nobody can connect: see 'camwardctl "
			     "doctor'.";
	if (!listener || listeners_is_any(address))
		return read_hosts(json_text(manager, "server_certificate"), in);
	if (listeners_is_loopback(address))
		in->remark = "The gate listens on this machine only: nobody else reaches it.";
	snprintf(bracketed, sizeof(bracketed), strchr(address, ':') ? "[%s]" : "%s", address);
	add_host(in, bracketed);
	return 0;
}

/* A PEM's one line of content. */
static void read_seal_root(const char *pem, struct invitation *in)
{
	const char *start = strchr(pem, '\n');

	if (start)
		snprintf(in->seal_root, sizeof(in->seal_root), "%.*s",
			 (int)strcspn(start + 1, "\n"), start + 1);
}

int invitation_read_device(struct ctl *ctl, const char *host, struct invitation *in)
{
	_cleanup_json_ struct json_object *manager = NULL;
	int r = objects_manager(ctl, &manager);

	if (r)
		return r;
	snprintf(in->pin, sizeof(in->pin), "%s", json_text(manager, "fingerprint"));
	read_seal_root(json_text(manager, "seal_root"), in);
	if (host)
		add_host(in, host);
	else
		r = read_place(manager, in);
	read_port(manager, "rtsps", PORT_RTSPS, &in->rtsps_port);
	read_port(manager, "https", PORT_HTTPS, &in->https_port);
	return r ? r : certificate_ca(ctl, &in->ca);
}

void invitation_release(struct invitation *in)
{
	free(in->ca);
	erase(in, sizeof(*in));
}

/* Base 64 in URL-safe characters, without padding. */
static void url_safe(const char *text, char *ret, size_t size)
{
	size_t n = 0;

	for (; *text && *text != '=' && n + 1 < size; text++)
		ret[n++] = *text == '+' ? '-' : *text == '/' ? '_' : *text;
	ret[n] = '\0';
}

void invitation_link(const struct invitation *in, char ret[INVITATION_LINK_SIZE])
{
	char pin[KEY_FILE_FINGERPRINT_SIZE], root[sizeof(in->seal_root)];

	if (!INVITATION_HAS_PAGE) {
		snprintf(ret, INVITATION_LINK_SIZE, "rtsps://%s:%s@%s:%u/%s", in->client, in->token,
			 in->hosts[0], in->rtsps_port, in->n_cameras ? in->cameras[0] : "");
		return;
	}
	url_safe(in->pin, pin, sizeof(pin));
	url_safe(in->seal_root, root, sizeof(root));
	snprintf(ret, INVITATION_LINK_SIZE, "https://%s:%u/#client=%s&token=%s&pin=%s&seal-root=%s",
		 in->hosts[0], in->https_port, in->client, in->token, pin, root);
}

static void print_hosts(const struct invitation *in)
{
	printf("Where:\n");
	for (size_t i = 0; INVITATION_HAS_PAGE && i < in->n_hosts; i++)
		printf("    https://%s:%u/\n", in->hosts[i], in->https_port);
	for (size_t i = 0; i < in->n_hosts; i++)
		for (size_t c = 0; c < in->n_cameras; c++)
			printf("    rtsps://%s:%u/%s\n", in->hosts[i], in->rtsps_port,
			       in->cameras[c]);
	if (in->remark)
		printf("    (%s)\n", in->remark);
}

static void print_command(const struct invitation *in)
{
	const char *camera = in->n_cameras ? in->cameras[0] : "CAMERA";

	printf("\nWith camward-view, which checks every frame (it asks for the token):\n"
	       "    camward-view --pin sha256/%s --seal-root %s \\\n"
	       "        rtsps://%s@%s:%u/%s\n",
	       in->pin, in->seal_root, in->client, in->hosts[0], in->rtsps_port, camera);
}

static void print_client(const struct invitation *in)
{
	printf("Client %s is invited", in->client);
	if (in->n_cameras)
		fputs(" to watch ", stdout);
	for (size_t i = 0; i < in->n_cameras; i++)
		printf("%s%s", i ? ", " : "", in->cameras[i]);
	if (!in->n_cameras)
		fputs("; it may watch what it is granted", stdout);
	puts(".\n");
}

int invitation_print(const struct invitation *in)
{
	char link[INVITATION_LINK_SIZE];
	int r = 0;

	print_client(in);
	print_hosts(in);
	printf("\nAs who:\n    user      %s\n    password  %s\n", in->client, in->token);
	printf("\nWhom to trust:\n    server    sha256/%s\n    seals     %s\n", in->pin,
	       in->seal_root);
	printf("    CA, for programs that want one:\n%s", in->ca);
	if (in->pkcs12)
		printf("\nOr with the certificate in %s, whose passphrase is:\n    %s\n",
		       in->pkcs12, in->passphrase);
	print_command(in);
	if (isatty(STDOUT_FILENO) && qr_available()) {
		invitation_link(in, link);
		puts(INVITATION_HAS_PAGE
			     ? "\nAll of it, for a camera to scan; whoever sees it can watch:\n"
			     : "\nFor a camera to scan; whoever sees it can watch:\n");
		r = qr_print(link);
		erase(link, sizeof(link));
	}
	puts("\nThe token is shown this once: camward keeps only its hash.");
	return r;
}

static struct json_object *list_of(const struct invitation *in, const char *scheme, unsigned port)
{
	struct json_object *list = json_object_new_array();
	char url[INVITATION_HOST_SIZE + 32];

	for (size_t i = 0; list && i < in->n_hosts; i++) {
		snprintf(url, sizeof(url), "%s://%s:%u/", scheme, in->hosts[i], port);
		json_object_array_add(list, json_object_new_string(url));
	}
	return list;
}

int invitation_report(const struct invitation *in)
{
	_cleanup_json_ struct json_object *record = json_object_new_object();
	struct json_object *cameras = json_object_new_array();
	char link[INVITATION_LINK_SIZE];

	if (!record || !cameras) {
		json_object_put(cameras);
		return ctl_out_of_memory();
	}
	for (size_t i = 0; i < in->n_cameras; i++)
		json_object_array_add(cameras, json_object_new_string(in->cameras[i]));
	invitation_link(in, link);
	json_set_text(record, "client", in->client);
	json_set_text(record, "integration", in->integration ? in->integration : "");
	json_set_time(record, "expires", in->expires);
	json_set(record, "cameras", cameras);
	if (INVITATION_HAS_PAGE)
		json_set(record, "https", list_of(in, "https", in->https_port));
	json_set(record, "rtsps", list_of(in, "rtsps", in->rtsps_port));
	json_set_text(record, "pin", in->pin);
	json_set_text(record, "seal_root", in->seal_root);
	json_set_text(record, "ca", in->ca);
	json_set_text(record, "token", in->token);
	json_set_text(record, "link", link);
	if (in->pkcs12) {
		json_set_text(record, "pkcs12", in->pkcs12);
		json_set_text(record, "passphrase", in->passphrase);
	}
	erase(link, sizeof(link));
	return json_print(record);
}
