// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/certificate.h"

#include <stdio.h>
#include <stdlib.h>

#include "ctl/bus.h"
#include "ctl/check.h"
#include "ctl/objects.h"
#include "ctl/verbs.h"
#include "dbus/names.h"

#define BEGIN "-----BEGIN CERTIFICATE-----"

/* The server's certificate comes first, its CA's second. */
int certificate_ca(struct ctl *ctl, char **ret)
{
	_cleanup_json_ struct json_object *manager = NULL;
	const char *ca;
	int r = objects_manager(ctl, &manager);

	if (r)
		return r;
	ca = strstr(json_text(manager, "server_certificate"), BEGIN);
	ca = ca ? strstr(ca + 1, BEGIN) : NULL;
	if (!ca)
		return ctl_fail("camwardd does not tell its CA's certificate.");
	*ret = strdup(ca);
	return *ret ? 0 : ctl_out_of_memory();
}

static int append_expires(sd_bus_message *call, uint64_t expires)
{
	int r = sd_bus_message_open_container(call, 'a', "{sv}");

	if (r >= 0)
		r = bus_append_time(call, CAMWARD_OPTION_EXPIRES, expires);
	return r < 0 ? r : sd_bus_message_close_container(call);
}

static int ask(struct ctl *ctl, const char *client, const uint8_t *request, size_t size,
	       uint64_t expires, sd_bus_message **ret_reply)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	char missing[BUS_SENTENCE_SIZE];
	int r = bus_new_named_call(ctl, &bus_client, client, "IssueCertificate", missing, &call);

	if (r)
		return r;
	r = sd_bus_message_append_array(call, 'y', request, size);
	if (r >= 0)
		r = append_expires(call, expires);
	return r < 0 ? bus_call_failed(r) : bus_send(ctl, call, missing, ret_reply);
}

int certificate_issue(struct ctl *ctl, const char *client, uint64_t expires, struct key_file **ret)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_(key_file_freep) struct key_file *key = NULL;
	_cleanup_free_ char *ca = NULL;
	const uint8_t *request;
	const void *der;
	size_t size;
	int r = certificate_ca(ctl, &ca);

	if (!r)
		r = key_file_make(&key);
	if (!r)
		r = key_file_request(key, &request, &size);
	if (!r)
		r = ask(ctl, client, request, size, expires, &reply);
	if (r)
		return r;
	r = sd_bus_message_read_array(reply, 'y', &der, &size);
	if (r < 0)
		return bus_reply_failed(r);
	r = key_file_certify(key, der, size, ca);
	if (!r)
		*ret = steal_pointer(&key);
	return r;
}

static int report(const char *client, const char *fingerprint, uint64_t expires, const char *path,
		  const char *passphrase)
{
	_cleanup_json_ struct json_object *record = json_object_new_object();

	if (!record)
		return ctl_out_of_memory();
	json_set_text(record, "client", client);
	json_set_text(record, "fingerprint", fingerprint);
	json_set_time(record, "expires", expires);
	if (path)
		json_set_text(record, "file", path);
	if (passphrase)
		json_set_text(record, "passphrase", passphrase);
	return json_print(record);
}

static void print_made(const char *client, const char *path, const char *passphrase, bool quiet)
{
	if (quiet) {
		if (passphrase)
			puts(passphrase);
		return;
	}
	printf("Client %s has a certificate; it is in %s with its key.\n", client, path);
	if (passphrase)
		printf("Whoever imports it is asked for this passphrase, which is shown this "
		       "once:\n\n    %s\n\n",
		       passphrase);
	else
		puts("The file is not encrypted: whoever has it is the client.");
}

int certificate_make(struct ctl *ctl, const struct args *args)
{
	_cleanup_(key_file_freep) struct key_file *key = NULL;
	_cleanup_close_ int fd = -EBADF;
	const char *name = args->operand[0], *p12 = verb_option(ctl->verb, args, "--pkcs12");
	const char *pem = verb_option(ctl->verb, args, "--pem"), *path = p12 ? p12 : pem;
	bool legacy = verb_option(ctl->verb, args, "--legacy") != NULL;
	char fingerprint[KEY_FILE_FINGERPRINT_SIZE], passphrase[KEY_FILE_PASSPHRASE_SIZE];
	uint64_t expires = 0;
	int r = check_name(ctl, "client", name);

	if (!r)
		r = check_end(ctl, args, "--expires", &expires);
	if (!r && (!path || (p12 && pem)))
		r = ctl_misused(ctl->verb, "Name one file, with --pkcs12 or --pem.");
	if (!r && legacy && !p12)
		r = ctl_misused(ctl->verb, "--legacy goes with --pkcs12 only.");
	if (!r)
		r = key_file_open(path, &fd);
	if (r)
		return r;
	r = key_file_make_passphrase(passphrase);
	if (!r)
		r = certificate_issue(ctl, name, expires, &key);
	if (!r)
		r = p12 ? key_file_write_pkcs12(key, fd, path, name, passphrase, legacy)
			: key_file_write_pem(key, fd, path);
	if (!r)
		r = key_file_fingerprint(key, fingerprint);
	if (r)
		unlink(path);
	else if (ctl->json)
		r = report(name, fingerprint, expires, path, p12 ? passphrase : NULL);
	else
		print_made(name, path, p12 ? passphrase : NULL,
			   verb_option(ctl->verb, args, "--quiet"));
	erase(passphrase, sizeof(passphrase));
	return r;
}

/* sha256/BASE64, BASE64, or a file. */
static int read_fingerprint(const char *text, char ret[KEY_FILE_FINGERPRINT_SIZE])
{
	const char *bare = strncmp(text, "sha256/", 7) == 0 ? text + 7 : text;

	if (strlen(bare) != KEY_FILE_FINGERPRINT_SIZE - 1 || bare[43] != '=' ||
	    access(text, F_OK) == 0)
		return key_file_read_fingerprint(text, ret);
	memcpy(ret, bare, KEY_FILE_FINGERPRINT_SIZE);
	return 0;
}

int certificate_pin(struct ctl *ctl, const struct args *args)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	const char *name = args->operand[0];
	char fingerprint[KEY_FILE_FINGERPRINT_SIZE], missing[BUS_SENTENCE_SIZE];
	uint64_t expires = 0;
	int r = check_name(ctl, "client", name);

	if (!r)
		r = check_end(ctl, args, "--expires", &expires);
	if (!r)
		r = read_fingerprint(args->operand[1], fingerprint);
	if (!r)
		r = bus_new_named_call(ctl, &bus_client, name, "Pin", missing, &call);
	if (r)
		return r;
	r = sd_bus_message_append(call, "s", fingerprint);
	if (r >= 0)
		r = append_expires(call, expires);
	if (r < 0)
		return bus_call_failed(r);
	r = bus_send(ctl, call, missing, NULL);
	if (r)
		return r;
	if (ctl->json)
		return report(name, fingerprint, expires, NULL, NULL);
	printf("Whoever has the key of this certificate is %s: sha256/%s\n", name, fingerprint);
	return 0;
}

int certificate_unpin(struct ctl *ctl, const struct args *args)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	_cleanup_json_ struct json_object *record = NULL;
	const char *name = args->operand[0];
	char fingerprint[KEY_FILE_FINGERPRINT_SIZE], missing[BUS_SENTENCE_SIZE];
	uint32_t ended;
	int r = check_name(ctl, "client", name);

	if (!r)
		r = read_fingerprint(args->operand[1], fingerprint);
	if (!r)
		r = bus_new_named_call(ctl, &bus_client, name, "Unpin", missing, &call);
	if (r)
		return r;
	r = sd_bus_message_append(call, "s", fingerprint);
	if (r < 0)
		return bus_call_failed(r);
	r = bus_send(ctl, call, missing, &reply);
	if (r)
		return r;
	r = sd_bus_message_read(reply, "u", &ended);
	if (r < 0)
		return bus_reply_failed(r);
	if (!ctl->json) {
		printf("That certificate of %s is nobody's any more; %u viewer%s cut off.\n", name,
		       ended, ended == 1 ? " was" : "s were");
		return 0;
	}
	record = json_object_new_object();
	json_set_text(record, "client", name);
	json_set_text(record, "fingerprint", fingerprint);
	json_set_number(record, "leases_ended", ended);
	return json_print(record);
}
