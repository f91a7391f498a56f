// SPDX-License-Identifier: LGPL-2.1-or-later
/* Looking, cameras, clients. */
#include "ctl/verb-options.h"

const struct verb verbs_looking[] = {
	{
		.name = "status",
		.summary = "how things stand, at a glance",
		.help = "Shows the service's version, the fingerprint and the seal root that "
			"viewers pin, each camera\nwith its condition and viewers, and what is "
			"suspended.",
		.example = "    camwardctl status",
		.run = status_run,
	},
	{
		.name = "doctor",
		.summary = "what is wrong on this system, and what to do about it",
		.help = "Looks over what an owner can get wrong: the clock, keys that were copied, "
			"the\n"
			"certificate, cameras that are kept out or lost, encoders, grants that ask "
			"nobody, groups,\npolkit, the disk and the ledger's ends. Exit status 1: "
			"there is a problem.",
		.example = "    camwardctl doctor",
		.run = doctor_run,
	},
	{
		.name = "seal-root",
		.summary = "what viewers pin to check that frames are sealed",
		.help = "Prints the public key that certifies the seals of frames (PEM). Give it "
			"to "
			"those who watch, by\na way that nobody can tamper with.",
		.example = "    camwardctl seal-root",
		.run = status_seal_root,
	},
	{
		.name = "cameras",
		.summary = "the cameras, and how they work",
		.example = "    camwardctl cameras",
		.run = cameras_run,
	},
	{
		.name = "camera set",
		.operand = {"NAME", "KEY=VALUE"},
		.n_required = 2,
		.repeats = true,
		.summary = "choose bitrate, size and the like, or a control's value",
		.help = "Chooses what stands in place of the camera's file in camera.d: bitrate "
			"(bit/s), gop (frames),\nfps and size (WIDTHxHEIGHT), and of the small "
			"stream "
			"sub_bitrate, sub_fps and sub_size;\n'default' takes that back. Any other "
			"KEY is a control of the device\n('camera controls'), set "
			"now if somebody watches, and whenever the camera is opened.",
		.example = "    camwardctl camera set front bitrate=2000000 size=1280x720\n"
			   "    camwardctl camera set front brightness=120",
		.run = camera_set,
	},
	{
		.name = "camera controls",
		.operand = {"NAME"},
		.n_required = 1,
		.summary = "the controls of a camera's device: brightness and the like",
		.help = "Lists the controls of the camera's V4L2 device with their ranges and "
			"values, as they are, or were\nwhen somebody watched last.",
		.example = "    camwardctl camera controls front",
		.run = camera_controls,
	},
	{
		.name = "camera adopt",
		.operand = {"NAME"},
		.n_required = 1,
		.summary = "let in other hardware that stands in a camera's place",
		.help = "Takes the hardware that asks to be this camera, and was refused, for the "
			"camera from now on:\nwho may watch the camera will watch that. 'cameras' "
			"says what is refused and why.",
		.example = "    camwardctl camera adopt front",
		.run = camera_adopt,
	},
	{
		.name = "camera rename",
		.operand = {"NAME", "NEW-NAME"},
		.n_required = 2,
		.summary = "give a camera another name; ends its viewers",
		.help = "Gives a camera another name, for good. Grants, settings and suspension "
			"stay with it; its viewers\nare cut off and have to ask for the new name. "
			"A name that a file in camera.d gives is changed\nthere first: rename the "
			"file, plug the camera in again, then do this.",
		.example = "    camwardctl camera rename platform-vivid.0-0 front",
		.run = camera_rename,
	},
	{
		.name = "camera forget",
		.operand = {"NAME"},
		.n_required = 1,
		.summary = "forget a camera that is not plugged in, with its grants",
		.help = "Forgets a camera that is not plugged in, with its grants. What the ledger "
			"says of it stays. If it\ncomes back, it is a new camera that nobody may "
			"watch.",
		.example = "    camwardctl camera forget front",
		.run = camera_forget,
	},
	{
		.name = "clients",
		.summary = "who has an identity, and its tokens",
		.example = "    camwardctl clients",
		.run = clients_run,
	},
	{
		.name = "client add",
		.operand = {"NAME"},
		.n_required = 1,
		.option = {OPTION("--integration", "NAME",
				  "the group it is granted and suspended with"),
			   OPTION_EXPIRES, OPTION_QUIET},
		.summary = "make a client; prints its token, once",
		.help = "Makes a client. Its token is printed once and cannot be shown again. The "
			"client may watch\nnothing until it is granted a camera.",
		.example = "    camwardctl client add phone --expires +365d",
		.run = clients_add,
	},
	{
		.name = "client rename",
		.operand = {"NAME", "NEW-NAME"},
		.n_required = 2,
		.summary = "give a client another name; ends its viewers",
		.help = "Gives a client another name. Tokens, certificates, grants and a "
			"suspension stay with it; its\nviewers are cut off and have to say the "
			"new name. What the ledger says stays as it was written.",
		.example = "    camwardctl client rename phone kims-phone",
		.run = clients_rename,
	},
	{
		.name = "client move",
		.operand = {"NAME", "INTEGRATION"},
		.n_required = 1,
		.synopsis = "NAME {INTEGRATION | --out}",
		.option = {OPTION("--out", NULL, "into none")},
		.summary = "move a client into another integration, or out of its own",
		.help = "Moves a client into another integration. What only the old one's grants "
			"gave it ends before the\ncommand returns. It cannot leave one that is "
			"suspended.",
		.example = "    camwardctl client move hub nest\n"
			   "    camwardctl client move hub --out",
		.run = clients_move,
	},
	{
		.name = "client forget",
		.operand = {"NAME"},
		.n_required = 1,
		.summary = "remove a client with all that names it; ends its viewers",
		.help = "Removes a client as 'client remove' does, and a suspension of its name. "
			"Tells "
			"what stays: the\nledger's rows, for as long as camward.conf says.",
		.example = "    camwardctl client forget phone",
		.run = clients_forget,
	},
	{
		.name = "client remove",
		.operand = {"NAME"},
		.n_required = 1,
		.summary = "remove a client, its tokens and grants; ends its viewers",
		.example = "    camwardctl client remove phone",
		.run = clients_remove,
	},
	{
		.name = "client token",
		.operand = {"NAME"},
		.n_required = 1,
		.option = {OPTION_EXPIRES, OPTION_QUIET,
			   OPTION("--rotate", NULL, "the client's other tokens end soon"),
			   OPTION("--overlap", "TIME", "when they end (default: in a day)"),
			   OPTION("--remove", "ID",
				  "remove this token instead; 'clients' lists them")},
		.summary = "make another token for a client, or remove one",
		.help = "Makes another token, which is printed once; or, with --remove, takes one "
			"away and ends\nwhoever watches with it. With --rotate the others end once "
			"there was time to hand the new one on.",
		.example = "    camwardctl client token phone --expires +30d\n"
			   "    camwardctl client token phone --rotate --overlap +2h\n"
			   "    camwardctl client token phone --remove ID",
		.run = clients_token,
	},
	{
		.name = "client certificate",
		.operand = {"NAME"},
		.n_required = 1,
		.option = {OPTION("--pkcs12", "FILE", "for browsers; prints its passphrase"),
			   OPTION("--pem", "FILE", "for programs; not encrypted"),
			   OPTION("--legacy", NULL, "PKCS #12 as old systems understand it"),
			   OPTION("--expires", "TIME", "when the certificate ends"),
			   OPTION("--quiet", NULL, "print nothing but the passphrase")},
		.summary = "make a key and certificate for a client",
		.help = "Makes a key here and has the device issue a certificate for it, which a "
			"viewer shows instead of\na token. Certificate, CA and key go into a new "
			"file that nobody else can read.",
		.example = "    camwardctl client certificate phone --pkcs12 phone.p12\n"
			   "    camwardctl client certificate hub --pem hub.pem --expires +365d",
		.run = certificate_make,
	},
	{
		.name = "client pin",
		.operand = {"NAME", "CERTIFICATE"},
		.n_required = 2,
		.option = {OPTION("--expires", "TIME", "when it is not accepted any more")},
		.summary = "accept a certificate that another CA issued",
		.help = "Whoever proves to have the key of this certificate is the client. "
			"CERTIFICATE is a file (PEM or\nDER), or the key's fingerprint: "
			"sha256/BASE64.",
		.example = "    camwardctl client pin hub hub-certificate.pem",
		.run = certificate_pin,
	},
	{
		.name = "client unpin",
		.operand = {"NAME", "CERTIFICATE"},
		.n_required = 2,
		.summary = "take a certificate back, whoever issued it; ends its viewers",
		.example = "    camwardctl client unpin hub hub-certificate.pem",
		.run = certificate_unpin,
	},
	{
		.name = "client user",
		.operand = {"NAME", "USER"},
		.synopsis = "NAME {USER | --remove}",
		.n_required = 1,
		.option = {OPTION("--remove", NULL, "no user is the client any more")},
		.summary = "say which user of this machine is a client",
		.help = "From now on this user, by name or number, is the client when it asks the "
			"service on the bus for\nframes (Camera.Subscribe), and needs no token. "
			"What "
			"it may have, grants say. --remove takes that\nback and ends what it "
			"takes.",
		.example = "    camwardctl client user recorder _recorder\n"
			   "    camwardctl client user recorder --remove",
		.run = client_user_run,
	},
	{
		.name = "invite",
		.operand = {"NAME", "CAMERA"},
		.n_required = 1,
		.repeats = true,
		.option = {OPTION("--integration", "NAME", "the group it is granted with"),
			   OPTION("--expires", "TIME", "when token and certificate end"),
			   OPTION("--pkcs12", "FILE", "a certificate for a browser, too"),
			   OPTION("--png", "FILE", "the QR code as a picture"),
			   OPTION("--svg", "FILE", "the QR code as a drawing"),
			   OPTION("--host", "HOST", "the device as the viewer knows it"),
			   OPTION("--rtsps-port", "PORT", "if not the gate's own"),
			   OPTION("--https-port", "PORT", "of the page, once there is one")},
		.summary = "make a client that may watch, and print all it has to know",
		.help = "Makes a client, lets it watch these cameras (live and still), and prints "
			"where, whom to trust and\nas who, with a QR code on a terminal. Files are "
			"readable to nobody else: who has them can watch.",
		.example = "    camwardctl invite kim front back\n"
			   "    camwardctl invite kim front --expires +30d --png kim.png",
		.run = invite_run,
	},
	{
		.name = "integrations",
		.summary = "the groups of clients, granted and suspended as one",
		.example = "    camwardctl integrations",
		.run = integrations_run,
	},
	{
		.name = "integration add",
		.operand = {"NAME"},
		.n_required = 1,
		.summary = "make a group of clients",
		.example = "    camwardctl integration add nest",
		.run = integrations_add,
	},
	{
		.name = "integration rename",
		.operand = {"NAME", "NEW-NAME"},
		.n_required = 2,
		.summary = "give a group another name; its viewers go on",
		.example = "    camwardctl integration rename nest hubs",
		.run = integrations_rename,
	},
	{
		.name = "integration remove",
		.operand = {"NAME"},
		.n_required = 1,
		.summary = "remove a group that has no clients, and its grants",
		.example = "    camwardctl integration remove nest",
		.run = integrations_remove,
	},
};

const size_t verbs_looking_count = ARRAY_SIZE(verbs_looking);
