// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One access unit, judged. Nothing of the verifier changes before the last check has passed, save
 * that a refusal breaks the chain.
 */
#include "base/cleanup.h"
#include "seal/jpeg-seal.h"
#include "seal/verifier-check.h"
#include "wire/h264.h"

/* What an access unit is found to be before its seal is looked into. */
struct unit {
	uint8_t seal[SEAL_SIZE_MAX];
	size_t seal_size;
	bool keyframe;
	bool has_sets;
	uint8_t hash[SEAL_HASH_SIZE];
};

/* How many of what the NAL units are. */
struct census {
	size_t seals, slices;
	bool keyframe, sets, bad, misplaced, split;
};

static void count_nal(struct census *c, enum nal_class class)
{
	bool late = c->slices > 0;

	/* A decoder would take what comes after it for another picture. */
	c->split |= class == NAL_FRAMING && late;
	c->bad |= class == NAL_BAD || (c->split && nal_class_is_slice(class));
	c->sets |= class == NAL_PARAMETER_SET;
	c->seals += class == NAL_SEAL;
	c->misplaced |= class == NAL_SEAL && late;
	c->slices += nal_class_is_slice(class);
	c->keyframe |= class == NAL_KEY_SLICE;
}

/* Hashes, counts and gets the seal. The digest is always ended, so that the next begins clean. */
static enum verdict read_nals(struct verifier *v, struct slice stream, struct unit *ret)
{
	enum seal_codec codec = v->config.codec;
	struct slice nal, seal = {0};
	struct census c = {0};
	struct h264_iter it;
	int n;

	h264_iter_init(&it, stream);
	while (h264_iter_next(&it, &nal)) {
		enum nal_class class = nal_seal_classify(codec, nal);

		count_nal(&c, class);
		if (class == NAL_SEAL)
			seal = nal;
		else if (nal_class_is_hashed(class))
			seal_digest_nal(v->digest, nal);
	}
	seal_digest_end(v->digest, ret->hash);
	if (c.bad || c.slices == 0)
		return VERDICT_MALFORMED;
	if (c.seals == 0)
		return VERDICT_UNSEALED;
	if (c.seals > 1 || c.misplaced)
		return VERDICT_SEAL_MALFORMED;
	n = nal_seal_unwrap(codec, seal, ret->seal);
	if (n < 0)
		return VERDICT_SEAL_MALFORMED;
	ret->seal_size = (size_t)n;
	ret->keyframe = c.keyframe;
	ret->has_sets = c.sets;
	return VERDICT_VALID;
}

static enum verdict read_jpeg(struct slice jpeg, struct unit *ret)
{
	struct slice seal, before, after;
	int r = jpeg_seal_find(jpeg, &seal, &before, &after);

	if (r == -ENODATA)
		return VERDICT_UNSEALED;
	if (r == -EPROTO || (r == 0 && seal.len > SEAL_SIZE_MAX))
		return VERDICT_SEAL_MALFORMED;
	if (r < 0)
		return VERDICT_MALFORMED;
	memcpy(ret->seal, seal.data, seal.len);
	ret->seal_size = seal.len;
	ret->keyframe = true;
	jpeg_seal_hash(before, after, ret->hash);
	return VERDICT_VALID;
}

/* The seal apart from what it seals: form, certificate, camera, signature. */
static enum verdict check_seal(const struct verifier *v, const struct unit *unit,
			       struct seal_parts *parts, struct seal_certificate *by)
{
	int r = seal_parse(unit->seal, unit->seal_size, parts);
	const struct seal *seal = &parts->seal;
	enum verdict verdict;

	if (r < 0)
		return r == -EPROTONOSUPPORT ? VERDICT_VERSION : VERDICT_SEAL_MALFORMED;
	if (seal->codec != v->config.codec)
		return VERDICT_CODEC;
	if (!parts->certificate && (seal->keyframe || !v->has_certificate))
		return VERDICT_NO_CERTIFICATE;
	*by = v->certificate;
	if (parts->certificate) {
		verdict = verifier_check_certificate(
			v, slice_of(parts->certificate, parts->certificate_size), by);
		if (verdict != VERDICT_VALID)
			return verdict;
	}
	if (memcmp(seal->camera_uuid, by->camera_uuid, UUID_SIZE) != 0)
		return VERDICT_CAMERA;
	if (seal->epoch != by->epoch)
		return VERDICT_EPOCH;
	if (seal_public_verify(by->key, SEAL_CONTEXT_FRAME, parts->body, parts->body_size,
			       parts->signature) < 0)
		return VERDICT_SIGNATURE;
	return VERDICT_VALID;
}

/* Those of a keyframe make the new list; others may only repeat. */
static enum verdict collect_sets(const struct verifier *v, struct slice stream, bool keyframe,
				 struct seal_sets *ret)
{
	enum seal_codec codec = v->config.codec;
	bool late = false;
	struct h264_iter it;
	struct slice nal;

	seal_sets_clear(ret);
	h264_iter_init(&it, stream);
	while (h264_iter_next(&it, &nal)) {
		enum nal_class class = nal_seal_classify(codec, nal);

		late |= nal_class_is_slice(class);
		if (class != NAL_PARAMETER_SET)
			continue;
		if (late ||
		    (keyframe ? seal_sets_add(ret, codec, nal) < 0 : !seal_sets_has(&v->sets, nal)))
			return VERDICT_PARAMETER_SETS;
	}
	if (keyframe && !seal_sets_complete(ret, codec))
		return VERDICT_PARAMETER_SETS;
	return VERDICT_VALID;
}

/* That it seals this: keyframe or not, parameter sets, picture. new_sets: those that it brings. */
static enum verdict check_content(const struct verifier *v, struct slice stream,
				  const struct unit *unit, const struct seal *seal,
				  struct seal_sets *new_sets)
{
	const struct seal_sets *in_force = &v->sets;
	uint8_t hash[SEAL_HASH_SIZE];
	enum verdict verdict;

	if (seal->keyframe != unit->keyframe)
		return VERDICT_KEYFRAME;
	if (unit->has_sets) {
		verdict = collect_sets(v, stream, unit->keyframe, new_sets);
		if (verdict != VERDICT_VALID)
			return verdict;
		if (unit->keyframe)
			in_force = new_sets;
	}
	/* In the middle of a stream they may not have come yet: such a unit waits in any case. */
	if (in_force->n == 0 && !unit->keyframe && !v->chained)
		memcpy(hash, seal->parameter_sets_hash, sizeof(hash));
	else
		seal_sets_hash(in_force, hash);
	if (memcmp(seal->parameter_sets_hash, hash, sizeof(hash)) != 0)
		return VERDICT_PARAMETER_SETS;
	return memcmp(seal->unit_hash, unit->hash, sizeof(unit->hash)) != 0 ? VERDICT_PICTURE
									    : VERDICT_VALID;
}

/* Whether it is of another stream than the unit before it. */
static bool changes_stream(const struct verifier *v, const struct seal *seal)
{
	return v->has_last && seal->stream != v->last.stream;
}

static enum verdict check_stream(const struct verifier *v, const struct seal *seal)
{
	if (v->config.may_switch)
		return changes_stream(v, seal) && !seal->keyframe ? VERDICT_STREAM : VERDICT_VALID;
	if (v->has_statement && seal->stream != v->statement.stream)
		return VERDICT_STREAM;
	if (!v->has_statement && v->has_floor && seal->stream != v->floor.stream)
		return VERDICT_STREAM;
	return changes_stream(v, seal) ? VERDICT_STREAM : VERDICT_VALID;
}

/* Each stream has a sequence of its own; what both have is the time. */
static bool is_later(const struct seal *seal, const struct seal *last)
{
	return seal->stream == last->stream ? seal->sequence > last->sequence
					    : seal->boottime > last->boottime;
}

/* The same keyframe may come again, by another connection. */
static bool is_earlier(const struct seal *seal, const struct seal *floor)
{
	return seal->stream == floor->stream ? seal->sequence < floor->sequence
					     : seal->boottime < floor->boottime;
}

/* Its place among the others. */
static enum verdict check_order(const struct verifier *v, const struct seal *seal,
				struct verifier_time arrived)
{
	bool new_epoch = v->has_last && seal->epoch != v->last.epoch;
	bool follows = v->has_last && !new_epoch && !changes_stream(v, seal) &&
		       seal->sequence == v->last.sequence + 1;
	enum verdict verdict;

	if (seal->sequence == 0)
		return VERDICT_SEQUENCE;
	if (v->has_last && !new_epoch && !is_later(seal, &v->last))
		return VERDICT_SEQUENCE;
	if (v->has_statement && seal->epoch == v->statement.epoch &&
	    seal->stream == v->statement.stream && seal->sequence < v->statement.first_sequence)
		return VERDICT_SEQUENCE;
	if (!v->has_statement && v->has_floor && seal->epoch == v->floor.epoch &&
	    is_earlier(seal, &v->floor))
		return VERDICT_SEQUENCE;
	verdict = verifier_check_fresh(v, seal, new_epoch, arrived);
	if (verdict != VERDICT_VALID)
		return verdict;
	return seal->keyframe || (v->chained && follows) ? VERDICT_VALID : VERDICT_WAITING;
}

/* Of the stream that it leaves, and of the one that it comes to, nobody knows how many. */
static uint64_t missing_before(const struct verifier *v, const struct seal *seal)
{
	if (!v->has_last || changes_stream(v, seal))
		return 0;
	return seal->sequence - 1 - (seal->epoch == v->last.epoch ? v->last.sequence : 0);
}

static enum verdict judge(struct verifier *v, struct slice bytes, struct verifier_time arrived,
			  struct verifier_result *ret)
{
	struct seal_sets new_sets;
	struct seal_parts parts;
	struct seal_certificate by;
	struct unit unit = {0};
	enum verdict verdict;

	if (v->config.freshness == VERIFIER_LIVE && !v->has_statement)
		return VERDICT_STATEMENT;
	verdict = v->config.codec == SEAL_CODEC_JPEG ? read_jpeg(bytes, &unit)
						     : read_nals(v, bytes, &unit);
	if (verdict == VERDICT_VALID)
		verdict = check_seal(v, &unit, &parts, &by);
	if (verdict == VERDICT_VALID)
		verdict = check_stream(v, &parts.seal);
	if (verdict == VERDICT_VALID)
		verdict = check_content(v, bytes, &unit, &parts.seal, &new_sets);
	if (verdict == VERDICT_VALID)
		verdict = check_order(v, &parts.seal, arrived);
	if (verdict != VERDICT_VALID && verdict != VERDICT_WAITING)
		return verdict;

	*ret = (struct verifier_result){parts.seal, missing_before(v, &parts.seal)};
	if (parts.certificate)
		verifier_keep_certificate(v, slice_of(parts.certificate, parts.certificate_size),
					  &by);
	if (unit.keyframe && unit.has_sets)
		v->sets = new_sets;
	verifier_keep_fresh(v, &parts.seal, v->has_last && parts.seal.epoch != v->last.epoch,
			    arrived);
	v->last = parts.seal;
	v->has_last = true;
	if (parts.seal.keyframe) {
		v->floor = parts.seal;
		v->has_floor = true;
	}
	return verdict;
}

enum verdict verifier_unit(struct verifier *v, struct slice unit, struct verifier_time arrived,
			   struct verifier_result *ret)
{
	enum verdict verdict = judge(v, unit, arrived, ret);

	v->chained = verdict == VERDICT_VALID;
	return verdict;
}
