// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a verifier says about an access unit or a statement (docs/SEAL.md, Verdicts). */
#pragma once

enum verdict {
	VERDICT_VALID = 0,
	VERDICT_WAITING, /* sealed and whole, but it builds on a picture that was not accepted */
	/* refused: */
	VERDICT_MALFORMED, /* not an access unit of this codec */
	VERDICT_UNSEALED,
	VERDICT_SEAL_MALFORMED, /* not its one encoding, twice, or out of its place */
	VERDICT_VERSION,
	VERDICT_CODEC,
	VERDICT_NO_CERTIFICATE, /* none has come yet, or a keyframe without one */
	VERDICT_CERTIFICATE,    /* malformed, or another one for the same epoch */
	VERDICT_ROOT,           /* signed by another root */
	VERDICT_CAMERA,         /* another camera's */
	VERDICT_EPOCH,          /* a lower one, or not the certificate's */
	VERDICT_STREAM,
	VERDICT_SIGNATURE,
	VERDICT_KEYFRAME, /* the flag and the picture disagree */
	VERDICT_PARAMETER_SETS,
	VERDICT_PICTURE, /* the access unit's hash */
	VERDICT_SEQUENCE,
	VERDICT_STALE,
	VERDICT_FUTURE,
	VERDICT_NONCE, /* of statements, as the next */
	VERDICT_EXPORTER,
	VERDICT_STATEMENT,
	N_VERDICTS,
};

/* A word for programs ("stale"), a sentence for people. */
const char *verdict_name(enum verdict verdict);
const char *verdict_text(enum verdict verdict);
