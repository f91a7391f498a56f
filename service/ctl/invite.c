// SPDX-License-Identifier: LGPL-2.1-or-later
/* All that a person has to be given to watch, in one piece. */
#include <stdio.h>
#include <stdlib.h>

#include "base/parse.h"
#include "ctl/bus.h"
#include "ctl/certificate.h"
#include "ctl/check.h"
#include "ctl/clients.h"
#include "ctl/invitation.h"
#include "ctl/objects.h"
#include "ctl/qr.h"
#include "ctl/verbs.h"
#include "dbus/names.h"

/* The files that are asked for: all are made before anything else is. */
struct files {
	const char *path[3]; /* PNG, SVG, PKCS #12; NULL: not asked for */
	int fd[3];
};

enum {
	FILE_PNG,
	FILE_SVG,
	FILE_PKCS12
};

static int open_files(struct ctl *ctl, const struct args *args, struct files *files)
{
	static const char *const options[] = {"--png", "--svg", "--pkcs12"};
	int r = 0;

	*files = (struct files){.fd = {-EBADF, -EBADF, -EBADF}};
	for (size_t i = 0; !r && i < ARRAY_SIZE(options); i++) {
		const char *path = verb_option(ctl->verb, args, options[i]);

		if (!path)
			continue;
		r = key_file_open(path, &files->fd[i]);
		if (!r)
			files->path[i] = path;
	}
	return r;
}

static void close_files(struct files *files, bool remove)
{
	for (size_t i = 0; i < ARRAY_SIZE(files->fd); i++) {
		close_fd(files->fd[i]);
		if (remove && files->path[i])
			unlink(files->path[i]);
	}
}

static int add_client(struct ctl *ctl, struct invitation *in)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *token;
	int r = clients_make(ctl, in->client, in->integration, in->expires, &reply, &token);

	if (!r)
		snprintf(in->token, sizeof(in->token), "%s", token);
	return r;
}

/* Live pictures and stills. */
static int grant(struct ctl *ctl, const char *client, const char *camera)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	int r = bus_new_call(ctl, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER, "AddGrant", &call);

	if (r)
		return r;
	r = sd_bus_message_append(call, "ssasa{sv}", client, camera, 2, CAMWARD_RIGHT_LIVE,
				  CAMWARD_RIGHT_STILL, 0);
	return r < 0 ? bus_call_failed(r) : bus_send(ctl, call, NULL, NULL);
}

/* An invitation that is not whole is none. */
static void take_back(struct ctl *ctl, const char *client)
{
	_cleanup_message_ sd_bus_message *call = NULL;

	if (bus_new_call(ctl, CAMWARD_PATH, CAMWARD_INTERFACE_MANAGER, "RemoveClient", &call) ||
	    sd_bus_message_append(call, "s", client) < 0 || bus_send(ctl, call, NULL, NULL))
		ctl_fail("The client %s could not be removed again.", client);
}

static int write_files(struct ctl *ctl, struct invitation *in, const struct files *files)
{
	_cleanup_(key_file_freep) struct key_file *key = NULL;
	char text[INVITATION_LINK_SIZE];
	int r = 0;

	invitation_link(in, text);
	if (files->path[FILE_PNG])
		r = qr_write_png(text, files->fd[FILE_PNG], files->path[FILE_PNG]);
	if (!r && files->path[FILE_SVG])
		r = qr_write_svg(text, files->fd[FILE_SVG], files->path[FILE_SVG]);
	erase(text, sizeof(text));
	if (r || !files->path[FILE_PKCS12])
		return r;
	in->pkcs12 = files->path[FILE_PKCS12];
	r = key_file_make_passphrase(in->passphrase);
	if (!r)
		r = certificate_issue(ctl, in->client, in->expires, &key);
	return r ? r
		 : key_file_write_pkcs12(key, files->fd[FILE_PKCS12], in->pkcs12, in->client,
					 in->passphrase, false);
}

static int make(struct ctl *ctl, const struct args *args, struct invitation *in,
		const struct files *files)
{
	int r = add_client(ctl, in);

	if (r)
		return r;
	for (size_t i = 0; !r && i < in->n_cameras; i++)
		r = grant(ctl, in->client, in->cameras[i]);
	if (!r)
		r = write_files(ctl, in, files);
	if (r)
		take_back(ctl, in->client);
	return r;
}

static int read_port(struct ctl *ctl, const struct args *args, const char *option, unsigned *ret)
{
	const char *text = verb_option(ctl->verb, args, option);
	uint64_t port;

	if (!text)
		return 0;
	if (parse_u64(text, UINT16_MAX, &port) < 0 || !port)
		return ctl_misused(ctl->verb, "%s: '%s' is no port.", option, text);
	*ret = (unsigned)port;
	return 0;
}

static int read_arguments(struct ctl *ctl, const struct args *args, struct invitation *in)
{
	int r = check_name(ctl, "client", args->operand[0]);

	in->client = args->operand[0];
	in->cameras = args->operand + 1;
	while (!r && in->cameras[in->n_cameras])
		r = check_name(ctl, "camera", in->cameras[in->n_cameras++]);
	in->integration = verb_option(ctl->verb, args, "--integration");
	if (!r && in->integration)
		r = check_name(ctl, "integration", in->integration);
	if (!r)
		r = check_end(ctl, args, "--expires", &in->expires);
	if (!r)
		r = read_port(ctl, args, "--rtsps-port", &in->rtsps_port);
	if (!r)
		r = read_port(ctl, args, "--https-port", &in->https_port);
	if (!r && !qr_available() &&
	    (verb_option(ctl->verb, args, "--png") || verb_option(ctl->verb, args, "--svg")))
		r = qr_print("");
	return r;
}

int invite_run(struct ctl *ctl, const struct args *args)
{
	struct invitation in = {};
	struct files files;
	int r = read_arguments(ctl, args, &in);

	if (!r)
		r = invitation_read_device(ctl, verb_option(ctl->verb, args, "--host"), &in);
	if (!r) {
		r = open_files(ctl, args, &files);
		if (!r)
			r = make(ctl, args, &in, &files);
		close_files(&files, r != 0);
	}
	if (!r)
		r = ctl->json ? invitation_report(&in) : invitation_print(&in);
	invitation_release(&in);
	return r;
}
