// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a verifier is told: whom to trust, the statement, parameter sets. Units: verifier-unit.c. */
#include "seal/verifier.h"

#include "base/cleanup.h"
#include "seal/verifier-check.h"

int verifier_init(struct verifier *v, const struct verifier_config *config)
{
	*v = (struct verifier){.config = *config};
	if (config->codec < SEAL_CODEC_H264 || config->codec > SEAL_CODEC_HEVC ||
	    (config->camera_name[0] && !name_valid(config->camera_name)))
		return -EINVAL;
	if (v->config.max_age == 0)
		v->config.max_age = VERIFIER_MAX_AGE_USEC;
	if (v->config.tolerance == 0)
		v->config.tolerance = VERIFIER_TOLERANCE_USEC;
	return seal_digest_begin(&v->digest);
}

void verifier_release(struct verifier *v)
{
	v->digest = seal_digest_free(v->digest);
}

void verifier_reconnect(struct verifier *v)
{
	v->has_statement = v->has_last = v->chained = v->has_anchor = false;
	seal_sets_clear(&v->sets);
}

int verifier_parameter_set(struct verifier *v, struct slice nal)
{
	if (v->config.codec == SEAL_CODEC_JPEG)
		return -EINVAL;
	return seal_sets_add(&v->sets, v->config.codec, nal);
}

static bool camera_wanted(const struct verifier *v, const struct seal_certificate *c)
{
	if (v->config.has_uuid && memcmp(v->config.camera_uuid, c->camera_uuid, UUID_SIZE) != 0)
		return false;
	if (v->config.camera_name[0] && strcmp(v->config.camera_name, c->camera_name) != 0)
		return false;
	return !v->has_certificate ||
	       memcmp(v->certificate.camera_uuid, c->camera_uuid, UUID_SIZE) == 0;
}

enum verdict verifier_check_certificate(const struct verifier *v, struct slice bytes,
					struct seal_certificate *ret)
{
	int r;

	/* The usual case by far: the one that was checked before. */
	if (v->has_certificate && bytes.len == v->certificate_size &&
	    memcmp(bytes.data, v->certificate_bytes, bytes.len) == 0) {
		*ret = v->certificate;
		return VERDICT_VALID;
	}
	r = seal_certificate_read(bytes.data, bytes.len, v->config.root, ret);
	if (r == -EPROTONOSUPPORT)
		return VERDICT_VERSION;
	if (r == -EKEYREJECTED)
		return VERDICT_ROOT;
	if (r != (int)bytes.len)
		return VERDICT_CERTIFICATE;
	if (!camera_wanted(v, ret))
		return VERDICT_CAMERA;
	if (v->has_certificate && ret->epoch < v->certificate.epoch)
		return VERDICT_EPOCH;
	/* The device never gives an epoch twice. */
	if (v->has_certificate && ret->epoch == v->certificate.epoch)
		return VERDICT_CERTIFICATE;
	return VERDICT_VALID;
}

void verifier_keep_certificate(struct verifier *v, struct slice bytes,
			       const struct seal_certificate *certificate)
{
	v->has_certificate = true;
	v->certificate = *certificate;
	memcpy(v->certificate_bytes, bytes.data, bytes.len);
	v->certificate_size = bytes.len;
}

/* What the statement says, against what this viewer knows. */
static enum verdict judge_statement(const struct verifier *v,
				    const struct seal_statement *statement,
				    const struct seal_certificate *certificate,
				    const uint8_t nonce[SEAL_NONCE_SIZE],
				    const uint8_t exporter[SEAL_EXPORTER_SIZE])
{
	if (memcmp(statement->camera_uuid, certificate->camera_uuid, UUID_SIZE) != 0)
		return VERDICT_CAMERA;
	if (statement->epoch != certificate->epoch)
		return VERDICT_EPOCH;
	if (memcmp(statement->nonce, nonce, SEAL_NONCE_SIZE) != 0)
		return VERDICT_NONCE;
	if (memcmp(statement->exporter, exporter, SEAL_EXPORTER_SIZE) != 0)
		return VERDICT_EXPORTER;
	if (statement->may_switch != v->config.may_switch)
		return VERDICT_STREAM;
	return VERDICT_VALID;
}

enum verdict verifier_statement(struct verifier *v, struct slice certificate,
				struct slice statement, const uint8_t nonce[SEAL_NONCE_SIZE],
				const uint8_t exporter[SEAL_EXPORTER_SIZE], uint64_t asked,
				uint64_t answered)
{
	struct seal_certificate by;
	struct seal_statement said;
	enum verdict verdict;
	int r;

	v->has_statement = v->has_last = v->chained = false;
	verdict = verifier_check_certificate(v, certificate, &by);
	if (verdict != VERDICT_VALID)
		return verdict;
	r = seal_statement_read(statement.data, statement.len, by.key, &said);
	if (r < 0)
		return r == -EPROTONOSUPPORT ? VERDICT_VERSION : VERDICT_STATEMENT;
	verdict = judge_statement(v, &said, &by, nonce, exporter);
	if (verdict != VERDICT_VALID)
		return verdict;
	verifier_keep_certificate(v, certificate, &by);
	v->has_statement = true;
	v->statement = said;
	v->asked = asked;
	v->answered = answered;
	return VERDICT_VALID;
}
