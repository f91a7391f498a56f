// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who may watch, who does and did, and the device as a whole. */
#include "ctl/verb-options.h"

const struct verb verbs_access[] = {
	{
		.name = "grants",
		.summary = "who may watch what",
		.example = "    camwardctl grants",
		.run = grants_run,
	},
	{
		.name = "grant",
		.operand = {"CLIENT", "CAMERA", "RIGHTS"},
		.n_required = 2,
		.synopsis = "{CLIENT | --integration NAME} CAMERA RIGHTS",
		.option = {OPTION("--integration", "NAME", "for every client of this integration"),
			   OPTION("--from", "TIME", "not before this time"),
			   OPTION("--until", "TIME", "not from this time on"),
			   OPTION("--hours", "HOURS", "only then, weekly, in local time"),
			   OPTION("--max-leases", "N", "so many viewers at once, no more"),
			   OPTION("--only-sub", NULL, "the small stream only"),
			   OPTION("--ask-first", NULL, "somebody must say yes each time")},
		.summary = "let a client watch a camera",
		.help = "Lets a client, or every client of an integration, watch a camera. RIGHTS "
			"are one or more of\nlive, still and raw, separated by commas. HOURS look "
			"like 'mon-fri 08:00-18:00, sat 22:00-02:00'.",
		.example = "    camwardctl grant guest front live,still --until +2h\n"
			   "    camwardctl grant --integration nest front live --hours "
			   "'mon-fri 08:00-18:00'",
		.run = grant_run,
	},
	{
		.name = "revoke",
		.operand = {"CLIENT", "CAMERA"},
		.n_required = 1,
		.synopsis = "{CLIENT CAMERA | ID}",
		.summary = "take grants back; ends who watches by them",
		.help = "Takes back all grants of a client for a camera, or the one grant with "
			"this ID. Who watched\nby them is cut off before the command returns.",
		.example = "    camwardctl revoke guest front",
		.run = grants_revoke,
	},
	{
		.name = "leases",
		.summary = "who is watching now",
		.example = "    camwardctl leases",
		.run = leases_run,
	},
	{
		.name = "lease end",
		.operand = {"ID"},
		.n_required = 1,
		.option = {OPTION("--reason", "TEXT", "why; it is kept with the lease")},
		.summary = "cut off one viewer",
		.help = "Cuts off one viewer. It may come back as long as a grant allows it: to "
			"prevent that, revoke\nthe grant or suspend the client.",
		.example = "    camwardctl lease end 12 --reason \"wrong room\"",
		.run = leases_end,
	},
	{
		.name = "exposure",
		.option = {OPTION("--camera", "NAME", "of this camera, under any name it has had"),
			   OPTION("--client", "NAME", "to this client"),
			   OPTION("--integration", "NAME", "to the clients of this integration"),
			   OPTION("--since", "TIME", "what went on at this time or later"),
			   OPTION("--until", "TIME", "what had begun before this time")},
		.synopsis = "{--camera | --client | --integration} NAME",
		.summary = "who has received how many frames of what",
		.help = "Answers from the ledger: who received frames, how many, from when to "
			"when, at which address and how\nit ended; who was denied; and what is "
			"uncertain. Of those who are watching, how many so far.",
		.example = "    camwardctl exposure --camera front --since -7d\n"
			   "    camwardctl exposure --integration nest --since 2026-01-02 --json",
		.run = exposure_run,
	},
	{
		.name = "ledger verify",
		.option = {OPTION("--file", "FILE", "an export, instead of the running service"),
			   OPTION("--head", "FILE",
				  "what 'ledger head' printed earlier: must be "
				  "in it"),
			   OPTION("--former-root", "FILE",
				  "who signed that, if the keys were renewed since"),
			   OPTION("--seal-root", "FILE",
				  "who must have signed it, instead of what it says itself")},
		.summary = "check that the ledger is whole and as it was written",
		.help = "Checks each event against the one before it and the signatures against "
			"the seal root. Exit status 1:\nsomething was changed, removed or added. "
			"That the whole database was put back to an earlier state\nshows only "
			"against a head that was kept elsewhere.",
		.example = "    camwardctl ledger verify --head kept.json",
		.run = ledger_verify,
	},
	{
		.name = "ledger export",
		.summary = "write the ledger as lines of JSON, for others to check",
		.help = "Writes to standard output all that another program needs to check it: "
			"docs/LEDGER.md says how.",
		.example = "    camwardctl ledger export",
		.run = ledger_export,
	},
	{
		.name = "ledger head",
		.summary = "print the ledger's end, signed, to be kept elsewhere",
		.help = "Prints one line of JSON. Kept on another machine it shows later, by "
			"'ledger verify --head', whether\nthe ledger was rolled back.",
		.example = "    camwardctl ledger head",
		.run = ledger_head,
	},
	{
		.name = "suspend",
		.operand = {"KIND", "NAME"},
		.n_required = 1,
		.synopsis = SCOPE,
		.option = {{.name = "--reason",
			    .value = "TEXT",
			    .help = "why; it is shown until things are resumed",
			    .required = true}},
		.summary = "shut off a camera, a client, an integration or everything",
		.help = "Shuts off everything, a camera, a client or an integration: viewers are "
			"cut off before the\ncommand returns, and nobody comes in until it is "
			"resumed. Survives restarts, beats every grant.",
		.example =
			"    camwardctl suspend integration nest --reason \"strangers' pictures\"",
		.run = suspend_run,
	},
	{
		.name = "resume",
		.operand = {"KIND", "NAME"},
		.n_required = 1,
		.synopsis = SCOPE,
		.summary = "end a suspension",
		.example = "    camwardctl resume camera front",
		.run = suspend_resume,
	},
	{
		.name = "metrics",
		.summary = "numbers about the service, for Prometheus",
		.help = "Prints numbers about the service in the text form of Prometheus: cameras "
			"by "
			"name, leases opened\nand ended by cause, denials by reason; no clients. "
			"The "
			"service also gives them over a socket,\n/run/camward/metrics/socket, to "
			"whoever speaks HTTP.",
		.example = "    camwardctl metrics",
		.run = status_metrics,
	},
	{
		.name = "agent",
		.summary = "be asked before somebody watches by an ask-first grant",
		.help = "Asks on the terminal, until interrupted, whether a client may watch a "
			"camera by a grant that was\nmade with --ask-first. A yes is for this "
			"once; "
			"when this ends, so does who watches by it. No answer\nwithin 30 seconds "
			"is "
			"a no. With --json, a question is a line of JSON, and an answer one that "
			"says\n'LEASE yes' or 'LEASE no'.",
		.example = "    camwardctl agent",
		.run = agent_run,
	},
	{
		.name = "backup",
		.operand = {"FILE"},
		.n_required = 1,
		.option = {OPTION("--with-keys", NULL, "with the device's keys"),
			   OPTION("--encrypt", NULL, "ask for a passphrase that opens it"),
			   OPTION("--passphrase-file", "FILE",
				  "encrypt; the passphrase is this file's first line")},
		.summary = "write all that is known into a file",
		.help = "Writes clients, grants, the cameras' names and settings, and the ledger, "
			"as "
			"they are at one\nmoment, into a new file (tar) that nobody else can read. "
			"With the keys, whoever has it can be\nthis device: encrypt it, or keep it "
			"locked up.",
		.example = "    camwardctl backup /mnt/stick/camward.tar\n"
			   "    camwardctl backup /mnt/stick/camward.sealed --with-keys --encrypt",
		.run = backup_run,
	},
	{
		.name = "restore",
		.operand = {"FILE"},
		.n_required = 1,
		.option = {OPTION("--passphrase-file", "FILE",
				  "its first line opens it, instead of asking"),
			   OPTION("--yes", NULL, "do not ask")},
		.summary = "put a backup in place of what is known",
		.help = "Ends every viewer, puts the backup in place of what is known, and has the "
			"service start again. What\nwas taken away since is granted again, what "
			"the "
			"ledger says since is lost.",
		.example = "    camwardctl restore /mnt/stick/camward.tar",
		.run = backup_restore_run,
	},
	{
		.name = "identity renew",
		.option = {OPTION("--yes", NULL, "do not ask")},
		.summary = "new keys for this device, as for one whose image was copied",
		.help = "Ends every viewer, erases the server's key, the CA's and the seal root, "
			"and "
			"has the service start\nagain, which makes new ones. Clients and grants "
			"stay; "
			"viewers have to be given what to pin. Keep\n"
			"the old seal root (camwardctl seal-root): heads and exports of the ledger "
			"of before are checked\nwith it.",
		.example = "    camwardctl identity renew",
		.run = erase_identity_renew,
	},
	{
		.name = "erase",
		.synopsis = "--factory",
		.option = {OPTION("--factory", NULL, "everything"),
			   OPTION("--yes", NULL, "do not ask")},
		.summary = "erase everything, as before the device is given away",
		.help = "Ends every viewer, then overwrites and removes clients, grants, the "
			"ledger, "
			"the cameras' names\nand settings, and all keys. Files in /etc/camward "
			"stay. The "
			"service starts again as new.",
		.example = "    camwardctl erase --factory",
		.run = erase_run,
	},
	{
		.name = "watch",
		.summary = "tell what happens, as it happens",
		.help = "Tells of leases, denials, grants, cameras and suspensions as they come "
			"and go, until\ninterrupted. With --json, one event a line.",
		.example = "    camwardctl watch --json",
		.run = watch_run,
	},
};

const size_t verbs_access_count = ARRAY_SIZE(verbs_access);
