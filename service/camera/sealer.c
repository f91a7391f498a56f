// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/sealer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "camera/fault.h"
#include "seal/jpeg-seal.h"
#include "seal/parameter-sets.h"

static_assert(SEAL_CERTIFICATE_SIZE_MAX <= PROTO_SEAL_CERTIFICATE_SIZE, "a certificate fits");
static_assert(SEAL_STATEMENT_SIZE <= PROTO_STATEMENT_SIZE, "a statement fits");
static_assert(SEAL_KEY_SIZE == PROTO_KEY_SIZE, "the same key");

static const uint8_t start_code[] = {0, 0, 0, 1};

struct sealer {
	uint8_t camera_uuid[UUID_SIZE];
	uint64_t epoch;
	struct seal_key *key;
	struct seal_digest *digest;
	uint8_t certificate[SEAL_CERTIFICATE_SIZE_MAX];
	size_t certificate_size; /* 0: not there yet */
	/* Those of a stream's last unit, and their hash; see hash_sets() */
	struct {
		struct parameter_sets sets;
		uint8_t hash[SEAL_HASH_SIZE];
	} streams[RING_N_STREAMS];
	struct seal_sets sets; /* scratch */
	/* A parameter set, and the seal, each after its start code. */
	uint8_t piece[2 * sizeof(start_code) + SEAL_SETS_SIZE_MAX + NAL_SEAL_SIZE_MAX];
};

int sealer_new(const struct ring_description *description, struct sealer **ret)
{
	struct sealer *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	memcpy(s->camera_uuid, description->camera_uuid, UUID_SIZE);
	s->epoch = description->epoch;
	r = seal_digest_begin(&s->digest);
	if (r >= 0)
		r = seal_key_generate(&s->key);
	if (r < 0) {
		sealer_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

struct sealer *sealer_free(struct sealer *s)
{
	if (!s)
		return NULL;
	if (!fault_keeps_key(s->key))
		seal_key_free(s->key);
	seal_digest_free(s->digest);
	free(s);
	return NULL;
}

void sealer_public_key(const struct sealer *s, uint8_t ret[SEAL_KEY_SIZE])
{
	seal_key_public(s->key, ret);
}

int sealer_certify(struct sealer *s, const uint8_t *certificate, size_t size)
{
	if (s->certificate_size)
		return -EALREADY;
	if (!size || size > sizeof(s->certificate))
		return -EMSGSIZE;
	memcpy(s->certificate, certificate, size);
	s->certificate_size = size;
	return 0;
}

bool sealer_is_certified(const struct sealer *s)
{
	return s->certificate_size > 0;
}

/* The parameter sets are the same as long as a stream is made, so is their hash. There is one also
 * of none, a JPEG's. */
static int hash_sets(struct sealer *s, uint32_t stream, const struct parameter_sets *sets)
{
	struct parameter_sets *known = &s->streams[stream].sets;
	struct h264_iter it;
	struct slice nal;
	int r = 0;

	if (known->size && known->size == sets->size &&
	    memcmp(known->bytes, sets->bytes, sets->size) == 0)
		return 0;
	seal_sets_clear(&s->sets);
	known->size = 0;
	h264_iter_init(&it, slice_of(sets->bytes, sets->size));
	while (r >= 0 && h264_iter_next(&it, &nal))
		r = seal_sets_add(&s->sets, SEAL_CODEC_H264, nal);
	if (r < 0)
		return r;
	seal_sets_hash(&s->sets, s->streams[stream].hash);
	*known = *sets;
	return 0;
}

static void hash_unit(struct sealer *s, const struct access_unit *unit, uint32_t codec,
		      uint8_t ret[SEAL_HASH_SIZE])
{
	if (codec == RING_CODEC_JPEG) {
		jpeg_seal_hash(unit->hashed[0], unit->hashed[1], ret);
		return;
	}
	for (size_t i = 0; i < unit->n_hashed; i++)
		seal_digest_nal(s->digest, unit->hashed[i]);
	seal_digest_end(s->digest, ret);
}

static size_t put(uint8_t *at, const void *bytes, size_t n)
{
	memcpy(at, start_code, sizeof(start_code));
	memcpy(at + sizeof(start_code), bytes, n);
	return sizeof(start_code) + n;
}

/*
 * Some relays drop an SEI that begins an access unit (go2rtc does), but no parameter set: before
 * the seal of a picture that comes without any, one that is in force anyway is repeated. It
 * changes no picture.
 */
static size_t put_shield(struct sealer *s, const struct parameter_sets *sets)
{
	struct slice shortest = {}, nal;
	struct h264_iter it;

	h264_iter_init(&it, slice_of(sets->bytes, sets->size));
	while (h264_iter_next(&it, &nal))
		if (h264_nal_type(nal) == H264_NAL_PPS &&
		    (!shortest.data || nal.len < shortest.len))
			shortest = nal;
	return shortest.data ? put(s->piece, shortest.data, shortest.len) : 0;
}

/* The seal as it stands in the unit; returns the size of the piece. */
static int wrap(struct sealer *s, const struct parameter_sets *sets, const struct access_unit *unit,
		uint32_t codec, const uint8_t *seal, size_t n)
{
	uint8_t nal[NAL_SEAL_SIZE_MAX];
	size_t size = 0;
	int r;

	if (codec == RING_CODEC_JPEG)
		return jpeg_seal_wrap(seal, n, s->piece);
	r = nal_seal_wrap(SEAL_CODEC_H264, seal, n, nal);
	if (r < 0)
		return r;
	if (!unit->idr)
		size = put_shield(s, sets);
	return (int)(size + put(s->piece + size, nal, (size_t)r));
}

int sealer_seal(struct sealer *s, const struct sealer_frame *frame,
		const struct parameter_sets *sets, struct access_unit *unit)
{
	struct seal seal = {
		.epoch = s->epoch,
		.sequence = frame->sequence,
		.realtime = frame->realtime,
		.boottime = frame->boottime,
		.stream = (uint8_t)frame->stream,
		.codec = frame->codec == RING_CODEC_JPEG ? SEAL_CODEC_JPEG : SEAL_CODEC_H264,
		.keyframe = unit->idr,
	};
	const uint8_t *certificate = unit->idr ? s->certificate : NULL;
	uint8_t bytes[SEAL_SIZE_MAX];
	int r;

	if (!sealer_is_certified(s))
		return -ENOKEY;
	r = hash_sets(s, frame->stream, sets);
	if (r < 0)
		return r;
	memcpy(seal.camera_uuid, s->camera_uuid, UUID_SIZE);
	memcpy(seal.parameter_sets_hash, s->streams[frame->stream].hash, SEAL_HASH_SIZE);
	hash_unit(s, unit, frame->codec, seal.unit_hash);
	r = seal_make(&seal, certificate, certificate ? s->certificate_size : 0, fault_key(s->key),
		      bytes);
	if (r >= 0)
		r = wrap(s, sets, unit, frame->codec, bytes, (size_t)r);
	if (r < 0)
		return r;
	unit->pieces[unit->seal_at] = (struct iovec){.iov_base = s->piece, .iov_len = (size_t)r};
	return 0;
}

int sealer_state(struct sealer *s, const struct camera_lease *lease, uint64_t first_sequence,
		 uint8_t ret[SEAL_STATEMENT_SIZE])
{
	struct seal_statement statement = {
		.epoch = s->epoch,
		.lease = lease->lease,
		.first_sequence = first_sequence,
		.realtime = clock_realtime(),
		.boottime = clock_now(CLOCK_BOOTTIME),
		.stream = (uint8_t)lease->stream,
		.may_switch = lease->may_switch,
	};

	static_assert(SEAL_NONCE_SIZE == PROTO_NONCE_SIZE, "the viewer's nonce");
	static_assert(SEAL_EXPORTER_SIZE == PROTO_EXPORTER_SIZE, "the connection's exporter");
	if (!sealer_is_certified(s))
		return -ENOKEY;
	memcpy(statement.camera_uuid, s->camera_uuid, UUID_SIZE);
	memcpy(statement.nonce, lease->nonce, SEAL_NONCE_SIZE);
	memcpy(statement.exporter, lease->exporter, SEAL_EXPORTER_SIZE);
	seal_statement_make(&statement, fault_key(s->key), ret);
	return 0;
}
