// SPDX-License-Identifier: LGPL-2.1-or-later
#include "seal/verdict.h"

static const struct {
	const char *name, *text;
} verdicts[N_VERDICTS] = {
	[VERDICT_VALID] = {"valid", "valid"},
	[VERDICT_WAITING] = {"waiting", "sealed, but it builds on a picture that was not accepted"},
	[VERDICT_MALFORMED] = {"malformed", "not an access unit of this codec"},
	[VERDICT_UNSEALED] = {"unsealed", "it carries no seal"},
	[VERDICT_SEAL_MALFORMED] = {"seal-malformed", "its seal is damaged, doubled or misplaced"},
	[VERDICT_VERSION] = {"version", "sealed by a version that is not known here"},
	[VERDICT_CODEC] = {"codec", "sealed as another codec"},
	[VERDICT_NO_CERTIFICATE] = {"no-certificate", "no certificate has come for its key"},
	[VERDICT_CERTIFICATE] = {"certificate", "its certificate is damaged or doubtful"},
	[VERDICT_ROOT] = {"root", "it is from another device: not certified by the pinned root"},
	[VERDICT_CAMERA] = {"camera", "it is from another camera"},
	[VERDICT_EPOCH] = {"epoch", "it is from another run of the camera"},
	[VERDICT_STREAM] = {"stream", "it is from another stream of the camera"},
	[VERDICT_SIGNATURE] = {"signature", "the signature of its seal is wrong"},
	[VERDICT_KEYFRAME] = {"keyframe", "sealed as a keyframe and is none, or the reverse"},
	[VERDICT_PARAMETER_SETS] = {"parameter-sets", "its parameter sets are not those sealed"},
	[VERDICT_PICTURE] = {"picture", "the picture is not the one that was sealed"},
	[VERDICT_SEQUENCE] = {"sequence", "it was here before, or comes from before the lease"},
	[VERDICT_STALE] = {"stale", "it is too old"},
	[VERDICT_FUTURE] = {"future", "it is from the future"},
	[VERDICT_NONCE] = {"nonce", "the statement answers somebody else's request"},
	[VERDICT_EXPORTER] = {"exporter", "the statement was made for another connection"},
	[VERDICT_STATEMENT] = {"statement", "there is no good statement about the lease"},
};

const char *verdict_name(enum verdict verdict)
{
	return (unsigned)verdict < N_VERDICTS ? verdicts[verdict].name : "unknown";
}

const char *verdict_text(enum verdict verdict)
{
	return (unsigned)verdict < N_VERDICTS ? verdicts[verdict].text : "unknown";
}
